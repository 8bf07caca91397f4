"""`length_explosion`: responses grow much longer within a few steps.

A leap to several times the baseline, or a sustained rise by CUSUM, on the logarithm. Growth at a
steady pace, as when a model learns to reason, is part of the baseline and is not reported.
"""

from __future__ import annotations

from provenir.observability.detectors.hit import (
    HOLD,
    Hit,
    Observation,
    against_baseline,
    leapt_up,
    shifted_up,
)

_LEAP, _HUGE, _SHIFT = 2.5, 5.0, 1.3


def length_explosion(seen: Observation) -> Hit | None:
    """Judge the mean response length for being too large."""
    if seen.baseline.score < HOLD:
        return None
    if leapt_up(seen, _LEAP):
        return Hit(
            "critical" if leapt_up(seen, _HUGE) else "warning", f"{against_baseline(seen)}: a leap"
        )
    if shifted_up(seen, _SHIFT):
        return Hit("warning", f"{against_baseline(seen)}: a sustained rise")
    return None
