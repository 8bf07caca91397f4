"""`kl_blowup` and `kl_collapse`: the actor runs away, or does not move any more.

Blow-up: an absolute bound; a leap to several times the baseline; a sustained rise by CUSUM.
Collapse: the KL falls to a small part of what it was, as after a reset of the weights or when
updates stop arriving, or falls for several steps. The growth of the KL in a healthy run is part of
its baseline, so a run that drifts away at a constant pace is caught by the absolute bound only. An
episode of either kind holds the one baseline of the channel, so that the end of a blow-up is no
collapse. A KL that lasts above its baseline hides a second, smaller rise in the same episode.

False alarms and power as measured: `measured` in `observability.kinds`.
"""

from __future__ import annotations

from typing import Final

from provenir.observability.detectors.hit import (
    Hit,
    Observation,
    against_baseline,
    leapt_down,
    leapt_up,
    moved,
    shifted_down,
    shifted_up,
)

FLOOR: Final = 1e-3
"""KL below this is not told apart: it grows by orders of magnitude when a run begins."""

_LEAP_FROM: Final = 0.05
_MATTERS_FROM: Final = 0.02
_LEAP: Final = 5.0
_VANISHED: Final = 0.05


def kl_blowup(seen: Observation) -> Hit | None:
    """Judge a KL for being too large."""
    value = seen.value
    if abs(value) >= seen.config.kl_max:
        return Hit("critical", f"{seen.channel} is {value:.4g}, bound {seen.config.kl_max:g}")
    if value < FLOOR or seen.baseline.score < seen.config.slack:
        return None
    if value >= _LEAP_FROM and leapt_up(seen, _LEAP):
        return Hit("critical", f"{against_baseline(seen)}: a leap")
    if not shifted_up(seen):
        return None
    hit = moved(seen, "a sustained rise")
    return hit if value >= _MATTERS_FROM else hit._replace(severity="info")


def kl_collapse(seen: Observation) -> Hit | None:
    """Judge the KL to the reference for falling, or for falling to almost nothing."""
    baseline = seen.baseline
    if baseline.score > -seen.config.slack or baseline.location < FLOOR:
        return None
    if leapt_down(seen, _VANISHED):
        return Hit("warning", f"{against_baseline(seen)}: it vanished")
    return moved(seen, "a sustained fall") if shifted_down(seen) else None
