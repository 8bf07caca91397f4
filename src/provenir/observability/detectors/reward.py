"""`reward_spike`: the mean reward moves to another level at once, up or down.

A leap is measured against the baseline and against the median of the values before it, in units of
the channel's robust scatter: `leap` scatters (12) in one step, or five held for two. A smaller move
is found by CUSUM; upwards it is reported if a step explains the newest values better than a ramp
does, so that steady learning is no spike. Quick learning sometimes is, and so a small step up is
information. A jump up is how a discovered exploit often looks, a jump down how a broken verifier
does; which of them, the number cannot tell. A slow climb of an exploited reward is not seen here. A
jump back to a level that the baseline knows ends the event and is no second one. The margin of a
preference loss is judged in the same way.

False alarms and power as measured: `measured` in `observability.kinds`.
"""

from __future__ import annotations

from statistics import median
from typing import Final

from provenir.observability.detectors.baseline import FEWEST
from provenir.observability.detectors.hit import (
    Hit,
    Observation,
    moved,
    shifted_down,
    shifted_up,
    stepped,
)

_TWO_STEPS: Final = 5.0
_BEFORE: Final = 5
_DOUBT: Final = 0.5


def reward_spike(seen: Observation) -> Hit | None:
    """Judge a mean reward for an abrupt change."""
    baseline = seen.baseline
    slack = seen.config.slack
    if -slack < baseline.score < slack or baseline.leaving or baseline.seen < FEWEST:
        return None
    if len(baseline.recent) <= _BEFORE + 1:
        return None
    before = _leapt_from(seen)
    if before is not None:
        text = f"{seen.channel} went from {before:.4g} to {seen.value:.4g} at once"
        return Hit("warning", text)
    least = seen.config.reward_resolution
    if shifted_down(seen):
        return moved(seen, "a sustained fall", least=least)
    if shifted_up(seen) and stepped(seen, doubt=_DOUBT):
        # Learning may be as quick as that, so a small step up is information.
        return moved(seen, "a step up", least=least)._replace(severity="info")
    return None


def _leapt_from(seen: Observation) -> float | None:
    """The level before a leap in one step or two, None where there is none."""
    baseline = seen.baseline
    values = list(baseline.recent)
    score, side = baseline.score, 1.0 if baseline.score > 0 else -1.0
    least = seen.config.leap
    if abs(score) >= least:
        before = float(median(values[-1 - _BEFORE : -1]))
        if side * (seen.value - before) >= least * baseline.scale:
            return before
    if side * score >= _TWO_STEPS and side * baseline.before >= _TWO_STEPS:
        before = float(median(values[-2 - _BEFORE : -2]))
        nearest = min(side * value for value in values[-2:])
        if nearest - side * before >= _TWO_STEPS * baseline.scale:
            return before
    return None
