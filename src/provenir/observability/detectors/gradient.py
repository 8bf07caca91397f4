"""`grad_explosion`: the gradient norm leaps, or stays above what it was; or a positive loss leaps.

A norm ten times its baseline is critical on its first step. The norm is the one that the framework
logs: before or after clipping, and after clipping an explosion cannot be seen. A loss is judged
only where it has a level, as that of supervised or preference training: the loss of policy
gradients swings around zero and says nothing.

False alarms and power as measured: `measured` in `observability.kinds`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.observability.detectors.hit import Hit, Observation, against_baseline, grew, leapt_up

if TYPE_CHECKING:
    from provenir.core.findings import Severity

BOUND: Final = 1e6
_LEAP, _HUGE = 4.0, 8.0
_FAR: Final = 9.0
_LOSS_LEAP: Final = 3.0
_LOSS_LEVEL: Final = 4.0


def grad_explosion(seen: Observation) -> Hit | None:
    """Judge a gradient norm for being too large."""
    if seen.value >= BOUND:
        return Hit("critical", f"grad_norm is {seen.value:.4g}, bound {BOUND:g}")
    score, value, typical = seen.baseline.score, seen.value, seen.baseline.location
    if score >= _FAR and value >= _LEAP * typical:
        severity: Severity = "critical" if value >= _HUGE * typical else "warning"
        return Hit(severity, f"{against_baseline(seen)}: a leap")
    return grew(seen, leap=_LEAP, huge=_HUGE)


def loss_explosion(seen: Observation) -> Hit | None:
    """Judge the loss of a run whose loss has a level for leaping to a multiple of it."""
    baseline = seen.baseline
    if baseline.score < seen.config.leap or baseline.location < _LOSS_LEVEL * baseline.scale:
        return None
    if not leapt_up(seen, _LOSS_LEAP):
        return None
    return Hit("warning", f"{against_baseline(seen)}: a leap", ((3, "critical"),))
