"""`grad_explosion`: the gradient norm leaps, or stays at a multiple of what it was.

Judged on the logarithm, because gradient norms scatter by factors. A norm ten times the baseline is
critical on its first step. The norm is the one that the framework logs: before or after clipping,
and after clipping an explosion cannot be seen.
"""

from __future__ import annotations

from typing import Final

from provenir.observability.detectors.hit import (
    HOLD,
    Hit,
    Observation,
    against_baseline,
    leapt_up,
    shifted_up,
)

BOUND: Final = 1e6
_LEAP, _HUGE, _SHIFT = 5.0, 9.0, 2.0


def grad_explosion(seen: Observation) -> Hit | None:
    """Judge a gradient norm for being too large."""
    if seen.value >= BOUND:
        return Hit("critical", f"grad_norm is {seen.value:.4g}, bound {BOUND:g}")
    if seen.baseline.score < HOLD:
        return None
    if leapt_up(seen, _LEAP):
        return Hit(
            "critical" if leapt_up(seen, _HUGE) else "warning", f"{against_baseline(seen)}: a leap"
        )
    if shifted_up(seen, _SHIFT):
        return Hit("warning", f"{against_baseline(seen)}: a sustained rise")
    return None
