"""Numbers in words, digits and units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.data.paraphrase.quantities import Quantity, agree, quantities_of
from provenir.data.paraphrase.terms import fold
from strategies import any_text


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("1,200 apples", [1200]),
        ("1.2 thousand apples", [1200]),
        ("twenty-five", [25]),
        ("two hundred and fifty people", [250]),
        ("two dozen eggs", [24]),
        ("a dozen", [12]),
        ("one third of it", [1 / 3]),
        ("three quarters", [0.75]),
        ("1/2 cup", [0.5]),
        ("20%", [0.2]),
        ("20 percent", [0.2]),
        ("half", [0.5]),
        ("$3.50", [3.5]),
        ("350 cents", [3.5]),
        ("an hour and a half", [5400]),
        ("two and a half hours", [9000]),
        ("two hours and a half", [9000]),
        ("half an hour", [1800]),
        ("2 km", [2000]),
        ("the 3rd day", []),
        ("one of a kind", []),
        ("5/0", [5, 0]),
        ("9" * 400, []),
    ],
)
def test_amounts(text, base):
    assert [round(quantity.base, 9) for quantity in quantities_of(fold(text))] == [
        round(value, 9) for value in base
    ]


def test_amounts_agree_in_the_base_unit_or_without_one():
    assert agree(Quantity(90, "time", 60), Quantity(1.5, "time", 3600))
    assert agree(Quantity(90, "time", 60), Quantity(90))
    assert not agree(Quantity(3, "length", 1000), Quantity(3, "length", 1609.344))


@given(any_text)
def test_any_text_is_read(text):
    quantities_of(fold(text))


@given(st.integers(0, 10**12))
def test_digits_are_their_value_with_and_without_commas(value):
    assert quantities_of(str(value)) == quantities_of(f"{value:,}") == [Quantity(float(value))]
