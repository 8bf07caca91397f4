"""`zero_advantage_groups`, `truncation`, `clip_saturation`: shares that should stay small.

Groups whose rewards are all equal give no gradient (DAPO, arXiv:2503.14476, section 3.2); responses
cut off at the length limit are scored without their answer (ibid., section 3.4); clipped tokens
take no part in the update (PPO, arXiv:1707.06347, equation 7). Each is judged for lying near 1
three steps in a row, for a leap, and for a sustained rise by CUSUM; a rise by less than a
hundredth is information. A share that is high from the start, but below the bound, is its own
baseline.

False alarms and power as measured: `measured` in `observability.kinds`.
"""

from __future__ import annotations

import math
from typing import Final

from provenir.observability.detectors.advantage import ALL_GROUPS, solved
from provenir.observability.detectors.hit import Hit, Observation, grew

_IN_A_ROW: Final = 3
_MATTERS_FROM: Final = 0.01
_LEAP: Final = 3.0


def zero_advantage_groups(seen: Observation) -> Hit | None:
    """Judge the share of groups without any gradient."""
    if _saturated(seen, ALL_GROUPS):
        if solved(seen):
            return Hit("info", f"{seen.value:.0%} of the groups have equal rewards: solved")
        detail = f"{seen.value:.0%} of the groups have equal rewards, {_IN_A_ROW} steps in a row"
        return Hit("warning", detail, ((20, "critical"),))
    return _rose(seen)


def truncation(seen: Observation) -> Hit | None:
    """Judge the share of responses that were cut off."""
    if _saturated(seen, 0.95):
        detail = f"{seen.value:.0%} of the responses are cut off, {_IN_A_ROW} steps in a row"
        return Hit("warning", detail, ((20, "critical"),))
    return _rose(seen)


def clip_saturation(seen: Observation) -> Hit | None:
    """Judge the share of clipped tokens or ratios."""
    if _saturated(seen, 0.9):
        detail = f"{seen.value:.0%} is clipped, {_IN_A_ROW} steps in a row"
        return Hit("warning", detail, ((20, "critical"),))
    return _rose(seen)


def _rose(seen: Observation) -> Hit | None:
    # A share of a tenth is no disaster, however small it was before: no leap is critical.
    return grew(seen, leap=_LEAP, huge=math.inf, least=_MATTERS_FROM)


def _saturated(seen: Observation, bound: float) -> bool:
    recent = seen.baseline.recent
    if seen.value < bound or len(recent) < _IN_A_ROW:
        return False
    return min(list(recent)[-_IN_A_ROW:]) >= bound
