"""`reward_spike`: the mean reward jumps within one or two steps, up or down.

A jump is measured against the median of the five values before it, in units of the channel's
robust scatter, so that quick but steady learning is no spike. A jump up is how a discovered exploit
often looks, a jump down how a broken verifier does; which of them, the number cannot tell. A slow
climb of an exploited reward is not seen here. A jump back to a level that the baseline knows ends
the event and is no second one.
"""

from __future__ import annotations

from statistics import median
from typing import Final

from provenir.observability.detectors.baseline import FEWEST, HOLD
from provenir.observability.detectors.hit import Hit, Observation

TWO_STEPS: Final = 5.0
_BEFORE: Final = 5


def reward_spike(seen: Observation) -> Hit | None:
    """Judge a mean reward for an abrupt change."""
    baseline = seen.baseline
    if -HOLD < baseline.score < HOLD:  # as it was: an ordinary value, or back from a jump
        return None
    recent = baseline.recent
    if baseline.away or baseline.seen < FEWEST or len(recent) <= FEWEST:
        return None
    scale = baseline.scale
    near = TWO_STEPS * scale / 2
    if abs(seen.value - recent[-2]) < near and abs(seen.value - recent[-3]) < near:
        return None
    values = list(recent)
    jump = (seen.value - median(values[-1 - _BEFORE : -1])) / scale
    if abs(jump) < seen.config.leap:
        before = median(values[-2 - _BEFORE : -2])
        earlier, later = (values[-2] - before) / scale, (seen.value - before) / scale
        least = min(earlier, later) if later > 0 else -max(earlier, later)
        if least < TWO_STEPS:
            return None
        jump = later
    if jump * baseline.score < 0 and abs(baseline.score) < TWO_STEPS:
        return None  # towards the baseline, and as good as there
    before = seen.value - jump * scale
    return Hit("warning", f"{seen.channel} went from {before:.4g} to {seen.value:.4g} at once")
