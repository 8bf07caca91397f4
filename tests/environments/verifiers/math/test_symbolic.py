"""Values of expressions, inside this process."""

from __future__ import annotations

from fractions import Fraction

import pytest

from provenir.core.extras import available
from provenir.environments.verifiers.math.limits import Undecided

if not available("math_verify", "latex2sympy2_extended"):
    pytest.skip("needs the extra math", allow_module_level=True)

from provenir.environments.verifiers.math.symbolic import proportional, same_value


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        (r"\sqrt{8}", r"2\sqrt{2}"),
        (r"x^2-1", r"(x-1)(x+1)"),
        (r"\sum_{k=1}^{10} k", "55"),
        (r"\prod_{k=1}^{5} k", "5!"),
        (r"\lfloor 3.7 \rfloor", "3"),
        (r"\lceil \sqrt{2} \rceil", "2"),
        (r"e^{i\pi}", "-1"),
        (r"\sqrt[3]{-8}", "-2"),
        (r"\binom{n}{2}", r"\frac{n(n-1)}{2}"),
        (r"\sin 30^\circ", r"\frac{1}{2}"),
        (r"\max(1,2)", "2"),
    ],
)
def test_what_is_equal(reference, answer):
    assert same_value(reference, answer)


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        (r"10^{60}+\sqrt{2}", r"10^{60}+\sqrt{3}"),
        (r"\sqrt{2}", r"\sqrt{2}+10^{-80}"),
        ("x", r"\sqrt{x^2}"),
        ("x", "x+10^{-300}"),
        ("1", r"\frac{0}{0}"),
        ("2", r"\log_1 2"),
        (r"\sin x", r"\sin x^\circ"),
    ],
)
def test_what_is_not(reference, answer):
    assert not same_value(reference, answer)


@pytest.mark.parametrize(
    "text",
    [
        "__x",
        "x.y()",
        r"\input{a}",
        r"\operatorname{a}(1)",
        "1 2",
        "x@y",
        "'a'",
        r"\int_0^1 x dx",
        "x''",
        r"\sin_2 x",
        "1010_2",
        "3!!",
    ],
)
def test_what_never_reaches_the_grammar_or_is_not_computed(text):
    with pytest.raises(Undecided):
        same_value(text, text)


def test_slack_is_relative_or_absolute():
    assert same_value(r"\pi", "3.1415927", relative=Fraction(1, 10**6))
    assert not same_value(r"\pi", "3.1415", relative=Fraction(1, 10**6))
    assert same_value("3.142", r"\pi", absolute=Fraction(1, 2000))


def test_relations_are_multiples_of_each_other():
    assert proportional(["y", "2x+1"], ["4x-2y+2", "0"], ordered=False)
    assert not proportional(["y", "2x+1"], ["2y", "4x+3"], ordered=False)
    assert proportional(["x", "3"], ["2x", "6"], ordered=True)
    assert not proportional(["x", "3"], ["-x", "-3"], ordered=True)
    assert not proportional(["x", "3"], ["0", "0"], ordered=False)
    assert not proportional(["x", "y"], ["x^2", "y^2"], ordered=False)
