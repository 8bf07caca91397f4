"""A channel's expected level, made from a window of its past values.

Where the two halves of the window differ by more than chance, the level moves: it is then a range
that ends at the newer half (the trend stops) and at twice the way of the trend (its pace doubles).
Within that range no value is an event.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from provenir.observability.detectors.robust import correlation, midmean, run_factor, scatter

_HALVES_FROM = 16
_SURE = 3.0
_PERSISTENT_FROM = 24


class Level(NamedTuple):
    """What is expected next.

    Attributes:
        location: Level at the middle of the newer half, or of the whole window without a trend.
        slope: Change per value; 0 where none is sure.
        ahead: Values from there to the next one.
        scale: Robust standard deviation around the trend, not yet held above a floor.
        tied: The middle half of the window is one and the same value.
        wander: How much farther sums wander than those of independent values, at least 1.
    """

    location: float
    slope: float
    ahead: float
    scale: float
    tied: bool
    wander: float


def level_of(values: list[float], waiting: int) -> Level:
    """Fit a window of at least two values, oldest first, after which `waiting` others came."""
    count = len(values)
    if count < _HALVES_FROM:
        ordered = sorted(values)
        return Level(midmean(values), 0.0, 0.0, _scale(ordered), _tied(ordered), 1.0)
    half = count // 2
    older, newer = midmean(values[:half]), midmean(values[half:])
    slope = (newer - older) / half
    rest = [value - slope * place for place, value in enumerate(values)]
    ordered = sorted(rest)
    scale = scatter(ordered)
    wander = 1.0
    if count >= _PERSISTENT_FROM and scale > 0.0:
        wander = run_factor(correlation(rest, ordered[half], scale), count)
    if abs(newer - older) <= _SURE / math.sqrt(count) * scale:
        plain = sorted(values)
        return Level(midmean(values), 0.0, 0.0, _scale(plain), _tied(plain), wander)
    return Level(newer, slope, half / 2 + waiting + 0.5, scale, False, wander)


def _scale(ordered: list[float]) -> float:
    if not _tied(ordered):
        return scatter(ordered)
    mean = sum(ordered) / len(ordered)  # of a count that is mostly 0 the outliers are the scatter
    return math.sqrt(sum((value - mean) ** 2 for value in ordered) / len(ordered))


def _tied(ordered: list[float]) -> bool:
    quarter = len(ordered) // 4
    return ordered[quarter] == ordered[len(ordered) - 1 - quarter]
