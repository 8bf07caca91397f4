from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.console.scales import log_axis


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.07, 1.2, (0.1, 0.2, 0.5, 1.0)),
        (0.002, 1.2, (0.01, 0.1, 1.0)),
        (1.0, 1.0, (1.0,)),
        (3e-9, 4e3, (1e-8, 1e-6, 1e-4, 1e-2, 1.0, 100.0)),
        (0.004, 0.02, (0.005, 0.01, 0.02)),
    ],
)
def test_decades_are_written_and_what_lies_between_over_a_few(
    low: float, high: float, ticks: tuple[float, ...]
) -> None:
    assert log_axis(low, high).ticks == pytest.approx(ticks)


def test_the_axis_ends_where_the_values_do() -> None:
    axis = log_axis(0.07, 1.2)
    assert 0.05 < axis.domain[0] <= 0.07
    assert 1.2 <= axis.domain[1] < 1.5


positive = st.floats(min_value=1e-300, max_value=1e300)


@given(positive, positive)
def test_any_range_has_few_ticks_inside_its_ends(one: float, other: float) -> None:
    low, high = sorted((one, other))
    axis = log_axis(low, high)
    assert axis.domain[0] <= low <= high <= axis.domain[1]
    assert len(axis.ticks) <= 9
    assert list(axis.ticks) == sorted(axis.ticks)
    assert all(axis.domain[0] <= tick <= axis.domain[1] for tick in axis.ticks)
