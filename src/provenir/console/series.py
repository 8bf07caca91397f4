"""The recorded course of one channel, ready to be drawn.

A series arrives as buckets ``(first_step, last_step, min, max, last)``. A picture is a few hundred
pixels wide, so that longer series are joined into at most ``DRAWN`` buckets: minimum and maximum
are kept, so that a spike of one step is still seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from provenir.console.shapes import mapping, number, sequence, whole

DRAWN: Final = 240
"""Most buckets that one picture shows."""

_FIELDS: Final = ("first_step", "last_step", "min", "max", "last")


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a channel did from one step to another; None where nothing finite was recorded."""

    first_step: int
    last_step: int
    low: float | None
    high: float | None
    last: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One channel with its buckets in step order.

    Attributes:
        channel: The channel's name as recorded.
        buckets: The course, oldest first.
        watched: Whether the recorder knows the channel; other keys are only kept.
    """

    channel: str
    buckets: tuple[Bucket, ...]
    watched: bool = True

    @property
    def last(self) -> float | None:
        """The last recorded value, None when the last one was not finite."""
        return self.buckets[-1].last if self.buckets else None

    @property
    def low(self) -> float | None:
        """The smallest finite value."""
        return min((b.low for b in self.buckets if b.low is not None), default=None)

    @property
    def high(self) -> float | None:
        """The largest finite value."""
        return max((b.high for b in self.buckets if b.high is not None), default=None)

    @property
    def gaps(self) -> int:
        """How many buckets hold no finite value at all."""
        return sum(1 for b in self.buckets if b.low is None)

    @property
    def first_step(self) -> int:
        """Where the series begins."""
        return self.buckets[0].first_step if self.buckets else 0

    @property
    def last_step(self) -> int:
        """Where the series ends."""
        return self.buckets[-1].last_step if self.buckets else 0


def read_series(channel: str, raw: object) -> Series | None:
    """Read one channel of the ``series`` part of ``flight_recorder.json``.

    Buckets are five-element lists or mappings with the same names. Unreadable ones are left out;
    a channel without a readable bucket gives None.
    """
    rows = raw if not isinstance(raw, Mapping) else raw.get("buckets", raw.get("points"))
    buckets = [bucket for row in sequence(rows) if (bucket := _bucket(row)) is not None]
    buckets.sort(key=lambda b: (b.first_step, b.last_step))
    return Series(channel=channel, buckets=tuple(buckets)) if buckets else None


def _bucket(row: object) -> Bucket | None:
    values: Sequence[Any]
    values = [row.get(name) for name in _FIELDS] if isinstance(row, Mapping) else sequence(row)
    if len(values) != len(_FIELDS):
        return None
    first, last = whole(values[0]), whole(values[1])
    if first is None or last is None or last < first:
        return None
    low, high, final = (number(v) for v in values[2:])
    finite = [v for v in (low, high, final) if v is not None]
    if not finite:
        return Bucket(first, last, None, None, None)
    return Bucket(first, last, min(finite), max(finite), final)


def read_all(raw: object) -> list[Series]:
    """Read every channel of a ``series`` mapping, in its own order."""
    found = (read_series(str(name), rows) for name, rows in mapping(raw).items())
    return [series for series in found if series is not None]


def joined(buckets: Sequence[Bucket], limit: int = DRAWN) -> list[Bucket]:
    """Join neighbouring buckets until at most ``limit`` are left."""
    if len(buckets) <= limit:
        return list(buckets)
    per = -(-len(buckets) // limit)
    return [_join(buckets[i : i + per]) for i in range(0, len(buckets), per)]


def broken(series: Series, spans: Iterable[tuple[int, int]]) -> Series:
    """Break a series where nothing finite was recorded from one step to another.

    A recorder leaves out what is not finite; without the break the line would run on over it. A
    span in which something finite was recorded stays as it is.
    """
    gaps = [
        Bucket(first, last, None, None, None)
        for first, last in spans
        if not any(b.first_step <= last and b.last_step >= first for b in series.buckets)
    ]
    if not gaps:
        return series
    merged = sorted((*series.buckets, *gaps), key=lambda b: (b.first_step, b.last_step))
    return replace(series, buckets=tuple(merged))


def _join(part: Sequence[Bucket]) -> Bucket:
    return Bucket(
        part[0].first_step,
        part[-1].last_step,
        min((b.low for b in part if b.low is not None), default=None),
        max((b.high for b in part if b.high is not None), default=None),
        part[-1].last,
    )
