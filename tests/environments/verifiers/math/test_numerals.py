"""Numerals and how near is near enough."""

from __future__ import annotations

from fractions import Fraction

import pytest

from provenir.environments.verifiers.math.limits import Undecided
from provenir.environments.verifiers.math.numerals import Numeral, read_numeral, same_number


@pytest.mark.parametrize(
    ("text", "value", "form"),
    [
        ("42", 42, "integer"),
        ("-1,000", -1000, "integer"),
        ("1 000 000", 1_000_000, "integer"),
        ("0.50", Fraction(1, 2), "decimal"),
        (".5", Fraction(1, 2), "decimal"),
        ("5.", 5, "integer"),
        (r"\frac{-1}{-2}", Fraction(1, 2), "fraction"),
        ("-3/4", Fraction(-3, 4), "fraction"),
        (r"\frac{0.5}{2}", Fraction(1, 4), "decimal"),
        (r"-1\frac{1}{2}", Fraction(-3, 2), "fraction"),
        ("2 3/4", Fraction(11, 4), "fraction"),
        ("1.2e3", 1200, "decimal"),
        (r"1.2\times 10^{-1}", Fraction(12, 100), "decimal"),
        (r"0.1\overline{6}", Fraction(1, 6), "fraction"),
        ("0.(3)", Fraction(1, 3), "fraction"),
        ("0.333...", Fraction(1, 3), "fraction"),
        ("twenty-one", 21, "integer"),
        ("1.5 million", 1_500_000, "integer"),
    ],
)
def test_what_is_read(text, value, form):
    numeral = read_numeral(text)
    assert numeral is not None
    assert (numeral.value, numeral.form) == (value, form)


@pytest.mark.parametrize(
    "text", ["", "x", "1,5", "1,00", "0,100", "1 00", "1-1/2", "2+2", "1.2.3", "--1", "5x"]
)
def test_what_is_no_numeral(text):
    assert read_numeral(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (r"\frac{1}{0}", "wrong_answer"),
        ("1/0", "wrong_answer"),
        (r"3\frac{5}{2}", "not_comparable"),
        ("1e999999", "too_large"),
        pytest.param("9" * 2001, "too_large", id="long"),
    ],
)
def test_what_is_refused(text, reason):
    with pytest.raises(Undecided) as caught:
        read_numeral(text)
    assert caught.value.reason == reason


def test_places_are_those_that_were_written():
    assert read_numeral("1.20").half_unit == Fraction(1, 200)
    assert read_numeral("6.02e23").half_unit == Fraction(10**21, 2)


def test_the_tolerance_never_reaches_half_a_unit_of_the_last_place():
    reference = read_numeral("12345678.5")
    assert not same_number(reference, read_numeral("12345678.6"), None)
    assert same_number(reference, read_numeral("12345678.51"), None)


def test_two_integers_are_never_near():
    near = Numeral(Fraction(10**9), "integer"), Numeral(Fraction(10**9 + 1), "integer")
    assert not same_number(*near, Fraction(1, 2))
