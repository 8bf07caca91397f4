"""Location, scatter and correlation of a window that a few outliers do not move.

Location is a midmean (the mean of the middle half), scatter a winsorised standard deviation made
consistent at the normal distribution: both lose little against mean and standard deviation on
normal noise, where median and quartiles lose a third and two thirds (F. Mosteller, J. W. Tukey,
"Data Analysis and Regression", 1977, chapter 10; W. J. Dixon, J. W. Tukey, Technometrics 10, 1968).
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import islice
from operator import mul
from statistics import NormalDist
from typing import Final

_NORMAL: Final = NormalDist()
_FAR: Final = 3.0


def midmean(values: list[float]) -> float:
    """Mean of the values between the quartiles."""
    ordered = sorted(values)
    quarter = len(ordered) // 4
    middle = ordered[quarter : len(ordered) - quarter]
    return sum(middle) / len(middle)


def scatter(ordered: list[float]) -> float:
    """Standard deviation with the outermost twelfths drawn in to their neighbours.

    Args:
        ordered: The values in order, at least two. A few values say little: the result is larger
            by a factor that falls towards 1 with their number.
    """
    count = len(ordered)
    cut = max(1, count // 12) if count >= 8 else 0
    low, high = ordered[cut], ordered[count - 1 - cut]
    middle = ordered[cut : count - cut]
    mean = (sum(middle) + cut * (low + high)) / count
    away = [value - mean for value in middle]
    total = sum(map(mul, away, away))
    total += cut * ((low - mean) * (low - mean) + (high - mean) * (high - mean))
    return math.sqrt(total / (count - 1)) * _consistency(count, cut)


def correlation(values: list[float], center: float, scale: float) -> float:
    """Lag-one autocorrelation of values in order, those far out drawn in to three scales."""
    low, high = center - _FAR * scale, center + _FAR * scale
    near = [low if value < low else high if value > high else value for value in values]
    mean = sum(near) / len(near)
    near = [value - mean for value in near]
    square: float = sum(map(mul, near, near))
    if square <= 0.0:
        return 0.0
    product: float = sum(map(mul, near, islice(near, 1, None)))
    return product / square


def run_factor(correlated: float, count: int) -> float:
    """How much farther sums of correlated values wander than sums of independent ones.

    The variance of such a sum is larger by ``(1 + r) / (1 - r)`` for an autoregressive course; the
    excess counts twice, for the level of such a course is less certain too. The estimate of `r` is
    taken lower by 0.3 of its standard error, so that chance costs little power.
    """
    sure = min(max(0.0, correlated - 0.3 / math.sqrt(count)), 0.8)
    return 1.0 + 4.0 * sure / (1.0 - sure)


@lru_cache(maxsize=256)
def _consistency(count: int, cut: int) -> float:
    few = 1.0 + 1.5 / count + 24.0 / (count * count)
    if cut == 0:
        return few
    share = cut / count
    edge = _NORMAL.inv_cdf(1.0 - share)
    variance = 1.0 - 2.0 * share - 2.0 * edge * _NORMAL.pdf(edge) + 2.0 * share * edge * edge
    return few / math.sqrt(variance)
