from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.console.series import Bucket, Series, broken, joined, read_all, read_series
from strategies import json_values

VALUES = st.floats(-1e9, 1e9) | st.none()


@st.composite
def buckets(draw: st.DrawFn) -> list[Bucket]:
    values = draw(st.lists(VALUES, max_size=60))
    return [Bucket(i, i, v, v, v) for i, v in enumerate(values)]


@given(buckets(), st.integers(1, 20))
def test_joining_keeps_extremes_ends_and_the_limit(course: list[Bucket], limit: int) -> None:
    short = joined(course, limit)
    whole, part = (
        Series(channel="c", buckets=tuple(course)),
        Series(channel="c", buckets=tuple(short)),
    )
    assert len(short) <= limit
    assert (part.low, part.high, part.last) == (whole.low, whole.high, whole.last)
    assert (part.first_step, part.last_step) == (whole.first_step, whole.last_step)


@given(json_values)
@settings(max_examples=40)
def test_any_json_can_be_given_as_series(value: object) -> None:
    for series in read_all({"kl": value}):
        assert series.buckets


def test_lists_and_mappings_are_read_alike() -> None:
    names = ("first_step", "last_step", "min", "max", "last")
    rows = [[0, 3, 1.0, 2.0, 1.5], [4, 7, -1.0, 2.0, 0.5]]
    as_lists = read_series("kl", rows)
    as_mappings = read_series("kl", [dict(zip(names, row, strict=True)) for row in rows])
    assert as_lists is not None
    assert as_lists == as_mappings
    assert (as_lists.low, as_lists.high, as_lists.last) == (-1.0, 2.0, 0.5)


def test_unreadable_buckets_are_left_out_and_null_ones_are_gaps() -> None:
    rows = [[0, 0, 1.0, 1.0, 1.0], "x", [1], [3, 2, 1, 1, 1], [5, 5, None, None, None], None]
    series = read_series("kl", rows)
    assert series is not None
    assert [b.first_step for b in series.buckets] == [0, 5]
    assert series.gaps == 1
    assert series.last is None


def test_a_span_without_a_number_breaks_the_line() -> None:
    series = Series(channel="kl", buckets=tuple(Bucket(i, i, 1.0, 1.0, 1.0) for i in (0, 1, 5, 6)))
    assert [b.last for b in broken(series, [(2, 4)]).buckets] == [1.0, 1.0, None, 1.0, 1.0]
    assert broken(series, [(1, 1)]) == series


def test_a_channel_without_a_bucket_is_no_series() -> None:
    assert read_series("kl", []) is None
    assert read_series("kl", {"buckets": 3}) is None
