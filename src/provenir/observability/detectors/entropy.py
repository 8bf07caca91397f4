"""`entropy_collapse`: the actor stops exploring.

An absolute bound; a sudden fall; a sustained fall by CUSUM; and, because entropy often decays so
slowly that every step looks normal, a comparison with the start of the run. Entropy cannot tell
why: a solved task and a collapse look alike, and some collapses begin with a rise.
"""

from __future__ import annotations

from typing import Final

from provenir.observability.detectors.baseline import HOLD
from provenir.observability.detectors.hit import (
    Hit,
    Observation,
    against_baseline,
    leapt_down,
    shifted_down,
)

_LEAP, _SHIFT = 0.3, 0.6
_OF_START, _ALMOST_GONE, _BACK = 0.2, 0.1, 0.3
_IN_A_ROW: Final = 3


def entropy_collapse(seen: Observation) -> Hit | None:
    """Judge an entropy for being too small."""
    value, baseline = seen.value, seen.baseline
    if value <= seen.config.entropy_min:
        return Hit("critical", f"entropy is {value:.4g}, bound {seen.config.entropy_min:g}")
    if baseline.score < -HOLD:
        if leapt_down(seen, _LEAP):
            return Hit("critical", f"{against_baseline(seen)}: a sudden fall")
        if shifted_down(seen, _SHIFT):
            return Hit("warning", f"{against_baseline(seen)}: a sustained fall")
    start = baseline.first
    share = _BACK if baseline.held else _OF_START
    if start is None or value > share * start or baseline.seen < 2 * _IN_A_ROW:
        return None
    last = list(baseline.recent)[-_IN_A_ROW:]
    if max(last) > share * start:
        return None
    return Hit(
        "critical" if max(last) <= _ALMOST_GONE * start else "warning",
        f"entropy is {value:.4g}, at the start of the run it was {start:.4g}",
    )
