"""Values that are too large are recognised without being computed."""

from __future__ import annotations

import pytest

from provenir.core.extras import available
from provenir.environments.verifiers.math.limits import MAX_MAGNITUDE, Undecided

pytestmark = pytest.mark.skipif(
    not available("math_verify", "latex2sympy2_extended"), reason="needs the extra math"
)


def bound(latex: str) -> float:
    from provenir.environments.verifiers.math.magnitude import magnitude
    from provenir.environments.verifiers.math.symbolic import _tree

    return magnitude(_tree(latex))


@pytest.mark.parametrize(
    ("latex", "digits"),
    [("10^{50}", 50), ("2^{100}", 30), ("50!", 64), (r"10^{-30}", 30), ("e^{100}", 43), ("7", 0)],
)
def test_the_bound_holds_and_is_no_more_than_a_few_times_too_large(latex, digits):
    assert digits <= bound(latex) <= 3 * digits + 3


@pytest.mark.parametrize(
    "latex",
    [
        "9^{9^{9^{9}}}",
        "10^{10^{10}}",
        "2^{-10^{10}}",
        "100000!",
        "(9!)!",
        "e^{10^{10}}",
        "2^{9999}",
    ],
)
def test_what_is_too_large(latex):
    with pytest.raises(Undecided) as caught:
        bound(latex)
    assert caught.value.reason == "too_large"
    assert MAX_MAGNITUDE < 4_300


def test_a_tighter_bound_for_the_symbols_bounds_a_power_of_several():
    from provenir.environments.verifiers.math.magnitude import magnitude
    from provenir.environments.verifiers.math.symbolic import _tree

    tree = _tree(r"e^{-\frac{mgh}{kT}}")
    with pytest.raises(Undecided):
        magnitude(tree)
    assert magnitude(tree, 0.3) < MAX_MAGNITUDE
