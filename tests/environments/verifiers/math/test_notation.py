"""One spelling for each notation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.environments.verifiers.math.notation import normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\frac12", r"\frac{1}{2}"),
        (r"\dfrac1{2}", r"\frac{1}{2}"),
        (r"\frac{1}2", r"\frac{1}{2}"),
        (r"\frac\pi2", r"\frac{\pi}{2}"),
        (r"\frac{\sqrt3}2", r"\frac{\sqrt{3}}{2}"),
        (r"\sqrt2", r"\sqrt{2}"),
        (r"\sqrt[3]2", r"\sqrt[3]{2}"),
        ("√2", r"\sqrt{2}"),
        ("x²", "x^2"),
        ("x¹⁰", "x^{10}"),
        ("½", r"\frac{1}{2}"),
        ("−５", "-5"),
        (r"1{,}000", "1000"),
        (r"1\,000", "1000"),
        (r"\left(1,2\right)", "(1,2)"),
        (r"\mathrm{e}^x", "e^x"),
        (r"\mathbf{5}", "5"),
        (r"\operatorname{lcm}(2,3)", r"\lcm(2,3)"),
        (r"1 \text{ or } 2", "1 or 2"),
        (r"x \leq 2", r"x \le 2"),
        (r"\{\}", r"\emptyset"),
        ("2**3", "2^3"),
        ("sqrt(2)/2", r"\sqrt{2}/2"),
        ("50 percent", "50%"),
        (r"1\\2", r"1\\2"),
    ],
)
def test_spellings(text, expected):
    assert normalise(text) == expected


@given(st.text(alphabet="()[],. 12xyz+-=<>", max_size=60))
def test_what_is_plain_already_stays_as_it_is(text):
    once = normalise(text)
    assert normalise(once) == once
