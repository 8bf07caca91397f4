"""`kl_blowup` and `kl_collapse`: the actor runs away, or does not move any more.

Blow-up: an absolute bound; a leap to several times the baseline; a sustained rise by CUSUM on the
logarithm. Collapse: the KL falls to a small part of what it was, as after a reset of the weights or
when updates stop arriving. The slow growth of the KL in a healthy run is part of its baseline, so a
run that drifts away at a constant pace is caught by the absolute bound only. What the one sees is
kept out of the other's baseline, so that the end of a blow-up is no collapse, and the other way.
"""

from __future__ import annotations

from typing import Final

from provenir.observability.detectors.baseline import HOLD
from provenir.observability.detectors.hit import (
    Hit,
    Observation,
    against_baseline,
    leapt_down,
    leapt_up,
    shifted_down,
    shifted_up,
)

FLOOR: Final = 1e-3
"""KL below this is not told apart: it grows by orders of magnitude when a run begins."""

_LEAP_FROM: Final = 0.05
_SHIFT_FROM: Final = 0.02
_LEAP, _SHIFT = 5.0, 1.5
_COLLAPSE_LEAP, _COLLAPSE_SHIFT = 0.05, 0.4


def kl_blowup(seen: Observation) -> Hit | None:
    """Judge a KL for being too large."""
    value = seen.value
    if abs(value) >= seen.config.kl_max:
        return Hit("critical", f"{seen.channel} is {value:.4g}, bound {seen.config.kl_max:g}")
    if seen.baseline.score < HOLD:
        return None
    if value >= _LEAP_FROM and leapt_up(seen, _LEAP):
        return Hit("critical", f"{against_baseline(seen)}: a leap")
    if value >= _SHIFT_FROM and shifted_up(seen, _SHIFT):
        return Hit("warning", f"{against_baseline(seen)}: a sustained rise")
    return None


def kl_collapse(seen: Observation) -> Hit | None:
    """Judge the KL to the reference for falling to almost nothing."""
    baseline = seen.baseline
    if baseline.score > -HOLD and baseline.fall < seen.config.threshold:
        return None
    if baseline.location < FLOOR:
        return None
    if leapt_down(seen, _COLLAPSE_LEAP):
        return Hit("warning", f"{against_baseline(seen)}: it vanished")
    if shifted_down(seen, _COLLAPSE_SHIFT):
        return Hit("warning", f"{against_baseline(seen)}: a sustained fall")
    return None
