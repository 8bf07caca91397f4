"""The changing sample against sorting the whole of it each time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.eval.memorization.robust import CONSISTENCY, ChangingSample

FLOATS = st.floats(min_value=-1e6, max_value=1e6) | st.integers(-3, 3).map(float)


def lower_median(values: list[float]) -> float:
    return sorted(values)[(len(values) - 1) // 2]


@given(st.lists(FLOATS, min_size=1, max_size=60), st.data())
def test_it_says_what_sorting_says(values: list[float], data: st.DataObject) -> None:
    sample = ChangingSample()
    for value in values:
        sample.add(value)
    kept = list(values)
    for _ in range(data.draw(st.integers(0, len(values) - 1))):
        gone = kept.pop(data.draw(st.integers(0, len(kept) - 1)))
        sample.remove(gone)
    middle = lower_median(kept)
    assert len(sample) == len(kept)
    assert sample.median() == middle
    assert sample.deviation() == lower_median([abs(value - middle) for value in kept])


def test_z_is_in_standard_deviations() -> None:
    sample = ChangingSample()
    for value in (1.0, 2.0, 3.0, 4.0, 5.0):
        sample.add(value)
    assert sample.z(3.0 + 2 * CONSISTENCY, floor=0.01) == pytest.approx(2.0)


def test_a_sample_that_agrees_is_held_by_the_floor() -> None:
    sample = ChangingSample()
    for _ in range(9):
        sample.add(1.0)
    assert sample.z(1.5, floor=0.25) == 2.0


def test_what_is_not_there_cannot_be_removed() -> None:
    sample = ChangingSample()
    sample.add(1.0)
    with pytest.raises(ValueError, match="not in the sample"):
        sample.remove(2.0)
    sample.remove(1.0)
    with pytest.raises(ValueError, match="no median"):
        sample.median()
