"""Units behind a number."""

from __future__ import annotations

import pytest

from provenir.environments.verifiers.math.units import LABEL, same_unit, split_unit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", ("5", "")),
        ("5 cm", ("5", "cm")),
        ("5cm", ("5", "cm")),
        (r"5\text{ centimeters}", ("5", "cm")),
        (r"5\text{ cm}^2", ("5", "cm^2")),
        (r"5\text{ square feet}", ("5", "ft^2")),
        (r"9.8\text{m/s^2}", ("9.8", "m/s^2")),
        (r"60\text{ miles per hour}", ("60", "mph")),
        (r"\$18", ("18", "$")),
        ("$18", ("18", "$")),
        ("US$18", ("18", "$")),
        ("-$18", ("-18", "$")),
        ("18 dollars per day", ("18", "$/day")),
        ("50%", ("50", "%")),
        (r"90^\circ", ("90", "deg")),
        (r"5\text{ apples}", ("5", LABEL)),
        (r"5\text{ square units}", ("5", "")),
        (r"30^\circ\text{C}", ("30", "deg")),
        (r"200\Omega", ("200", "ohm")),
        ("about 5", ("5", "")),
        (r"3\sqrt{2}\text{ m}", (r"3\sqrt{2}", "m")),
    ],
)
def test_what_is_split_off(text, expected):
    assert split_unit(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "5x",
        "5m",
        "3t",
        "5 or 6",
        r"5\text{ or more}",
        r"5\text{ squared}",
        r"\sin 30^\circ",
        "10 mod 3",
        r"5\text{\pi cm}",
    ],
)
def test_what_is_no_unit(text):
    assert split_unit(text) == (text, "")


def test_only_two_different_measures_differ():
    assert same_unit("cm", "")
    assert same_unit("", "cm")
    assert same_unit("$", "$/day")
    assert not same_unit("cm", "m")
    assert not same_unit("cm", "cm^2")
    assert same_unit(LABEL, "")
    assert same_unit(LABEL, LABEL)
    assert not same_unit("cm", LABEL)
