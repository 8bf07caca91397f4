"""One step of several processes as one step: what is said of each channel.

| channel | over the ranks that logged it |
|---|---|
| `…_max`, `step_time` | the largest: the slowest process sets the pace |
| `…_min` | the smallest |
| `num_tokens`, `nan_count` | the sum |
| every other | the mean, each rank with the same weight |

What a trainer has reduced already, such as `grad_norm`, is equal on every rank and so is its mean.
The mean of standard deviations is the spread within a rank, not over all of them. A value that is
not finite on one rank is not finite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from provenir.observability.metrics import Reading, RLStepMetrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["MergedStep", "merge_readings", "ranks_text"]

SUMMED: Final = frozenset({"num_tokens", "nan_count"})
SLOWEST: Final = "step_time"
_MOST_NAMED: Final = 8


class MergedStep(NamedTuple):
    """The metrics of all ranks, and which ranks had a value that is not finite, by channel."""

    metrics: RLStepMetrics
    faulty: Mapping[str, tuple[int, ...]]


def merge_readings(step: int, readings: Mapping[int, Reading]) -> MergedStep:
    """Merge what the ranks read at one step.

    Args:
        step: The step number.
        readings: The reading of every rank that logged this step.
    """
    values: dict[str, list[float]] = {}
    faulty: dict[str, dict[int, str]] = {}
    unreadable: dict[str, str] = {}
    for rank, reading in sorted(readings.items()):
        for channel, value in reading.values.items():
            values.setdefault(channel, []).append(value)
        for channel, spelled in reading.nonfinite.items():
            faulty.setdefault(channel, {})[rank] = spelled
        unreadable.update(reading.unreadable)
    told = {
        channel: f"{next(iter(found.values()))} on {ranks_text(found)}"
        for channel, found in faulty.items()
    }
    merged: dict[str, Any] = {
        channel: _merged(channel, given)
        for channel, given in values.items()
        if channel not in faulty
    }
    metrics = RLStepMetrics(step=step, nonfinite=told, unreadable=unreadable, **merged)
    return MergedStep(metrics, {channel: tuple(found) for channel, found in faulty.items()})


def ranks_text(ranks: Mapping[int, object] | set[int] | frozenset[int]) -> str:
    """Name ranks in a few words: `rank 2`, `ranks 0-3, 7`."""
    spans = list(_spans(sorted(ranks)))
    shown = ", ".join(spans[:_MOST_NAMED])
    more = ", …" if len(spans) > _MOST_NAMED else ""
    return f"rank{'s' if len(ranks) > 1 else ''} {shown}{more}"


def _merged(channel: str, given: list[float]) -> float:
    if channel in SUMMED:
        return sum(given)
    if channel.endswith("_max") or channel == SLOWEST:
        return max(given)
    if channel.endswith("_min"):
        return min(given)
    count = len(given)
    if min(given) == max(given):
        return given[0]  # reduced already: no rounding, and no overflow
    return sum(value / count for value in given)


def _spans(ranks: list[int]) -> Iterator[str]:
    first = 0
    for place, rank in enumerate(ranks):
        if place + 1 < len(ranks) and ranks[place + 1] == rank + 1:
            continue
        begun, first = ranks[first], place + 1
        yield str(rank) if begun == rank else f"{begun}-{rank}"
