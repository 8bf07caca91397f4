"""Intervals for shares: Wilson, Clopper-Pearson, and a bootstrap over whole tasks."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Row = TypeVar("Row")

Z = 1.959963984540054
"""The normal quantile of 97.5%."""


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the 95% score interval of a share (Wilson 1927); 0 to 1 without observations."""
    if of == 0:
        return 0.0, 1.0
    share = hits / of
    scale = 1 + Z * Z / of
    middle = (share + Z * Z / (2 * of)) / scale
    reach = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of)) / scale
    return max(0.0, middle - reach), min(1.0, middle + reach)


def upper(hits: int, of: int, level: float = 0.95) -> float:
    """Return the one-sided exact upper bound of a share (Clopper and Pearson 1934)."""
    if hits >= of:
        return 1.0
    low, high = hits / of, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(hits, of, middle) > 1 - level else (low, middle)
    return high


def _at_most(hits: int, of: int, share: float) -> float:
    """Return the chance of at most so many hits, by the binomial distribution."""
    if share <= 0 or share >= 1:
        return float(share <= 0)
    log, rest = math.log(share), math.log1p(-share)
    return math.fsum(
        math.exp(
            math.lgamma(of + 1)
            - math.lgamma(k + 1)
            - math.lgamma(of - k + 1)
            + k * log
            + (of - k) * rest
        )
        for k in range(hits + 1)
    )


def clustered(
    clusters: Mapping[str, Sequence[Row]],
    measure: Callable[[Sequence[Row]], float],
    *,
    rounds: int = 1_000,
    seed: int = 1,
) -> tuple[float, float]:
    """Return the 95% percentile interval of a measure when whole clusters are drawn anew.

    Draws in which the measure is undefined (NaN) are left out.
    """
    rng = random.Random(seed)
    names = list(clusters)
    values = []
    for _ in range(rounds):
        drawn = [row for name in rng.choices(names, k=len(names)) for row in clusters[name]]
        value = measure(drawn)
        if not math.isnan(value):
            values.append(value)
    values.sort()
    if not values:
        return math.nan, math.nan
    return values[int(0.025 * len(values))], values[min(len(values) - 1, int(0.975 * len(values)))]
