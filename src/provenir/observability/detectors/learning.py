"""Whether a shrinking spread of the rewards goes with learning.

Rewards of at most M with mean m have a spread of at most ``sqrt((M - m)(m - least))`` (R. Bhatia,
C. Davis, "A Better Bound on the Variance", American Mathematical Monthly 107, 2000), and where
groups are solved one after the other the mean spread falls in proportion to what is left to earn,
``M - m``. So a fall is explained by a mean reward that has risen, if it is not larger than this
proportion. Rewards without a known maximum are asked for a larger rise instead.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING, Final

from provenir.observability.detectors.robust import midmean

if TYPE_CHECKING:
    from collections.abc import Sequence

REWARDS: Final = 128
"""Mean rewards that are looked at."""

_LARGEST: Final = 1e150
_FEWEST: Final = 16
_NEWEST: Final = 4
_RISE: Final = 1.5
_RISE_ALONE: Final = 4.0
_DIFFERENCE: Final = 0.954  # median size of the difference of two standard normal values


def explains(rewards: Sequence[float], *, most: float | None, spread: float, before: float) -> bool:
    """Tell whether learning explains that a spread has fallen.

    Args:
        rewards: Mean rewards, oldest first.
        most: Largest reward of one rollout; None takes 1 if no mean reward is larger.
        spread: What the spread is now, or a little more, to allow for chance.
        before: What it was.
    """
    course = [min(max(reward, -_LARGEST), _LARGEST) for reward in rewards]  # sums stay finite
    if len(course) < _FEWEST:
        return False
    old, new = midmean(course[: len(course) // 2]), fmean(course[-_NEWEST:])
    scatter = median(abs(b - a) for a, b in pairwise(course)) / _DIFFERENCE
    if most is None and max(old, new) > 1.0:
        return new - old > _RISE_ALONE * scatter
    most = 1.0 if most is None else most
    if new - old <= _RISE * scatter or old >= most:
        return False
    left = max(0.0, most - new - scatter)
    return spread * (most - old) >= before * left
