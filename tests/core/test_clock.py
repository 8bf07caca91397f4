"""Clocks and the written form of time."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import BrokenClock
from provenir.core.clock import Clock, FixedClock, SystemClock, parse_utc, utc_text
from provenir.core.errors import InputError, UsageError

moments = st.datetimes(timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-7))]))


@given(moments.filter(lambda moment: 2 <= moment.year <= 9998))
def test_text_round_trips_to_the_millisecond(moment: dt.datetime) -> None:
    text = utc_text(moment)
    assert len(text) == 24
    assert text.endswith("Z")
    back = parse_utc(text)
    assert dt.timedelta(0) <= moment - back < dt.timedelta(milliseconds=1)
    assert utc_text(back) == text


@given(st.lists(moments.filter(lambda moment: 2 <= moment.year <= 9998), max_size=5))
def test_text_sorts_like_time(times: list[dt.datetime]) -> None:
    assert sorted(map(utc_text, times)) == [utc_text(moment) for moment in sorted(times)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
        ("2026-01-02T03:04:05.6+05:30", "2026-01-01T21:34:05.600Z"),
        ("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123Z"),
        ("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00.000Z"),
    ],
)
def test_parse(text: str, expected: str) -> None:
    assert utc_text(parse_utc(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-02",
        "2026-01-02T03:04:05",
        "2026-01-02 03:04:05Z",
        "20260102T030405Z",
        "2026-02-30T00:00:00Z",
        "2026-01-02T25:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "2026-01-02T03:04:05+99:00",
        "２026-01-02T03:04:05Z",
        "2026-01-02T03:04:05Z\n",
    ],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="RFC 3339"):
        parse_utc(text)


def test_fixed_clock() -> None:
    clock = FixedClock("2026-01-02T03:04:05Z", step_s=0.5)
    assert utc_text(clock.now()) == "2026-01-02T03:04:05.000Z"
    assert utc_text(clock.now()) == "2026-01-02T03:04:05.500Z"
    still = FixedClock(dt.datetime(2026, 1, 2, tzinfo=dt.UTC))
    assert still.now() == still.now()


def test_system_clock_is_in_utc() -> None:
    before = dt.datetime.now(dt.UTC)
    now = SystemClock().now()
    assert now.utcoffset() == dt.timedelta(0)
    assert before <= now <= dt.datetime.now(dt.UTC)


def test_all_are_clocks() -> None:
    for clock in (SystemClock(), FixedClock(), BrokenClock()):
        assert isinstance(clock, Clock)


def test_a_time_without_zone_is_misuse() -> None:
    naive = dt.datetime(2026, 1, 2)  # noqa: DTZ001
    with pytest.raises(UsageError, match="time zone"):
        utc_text(naive)
    with pytest.raises(UsageError, match="time zone"):
        FixedClock(naive)
