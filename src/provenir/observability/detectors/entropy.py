"""`entropy_collapse` and `entropy_explosion`: the actor stops exploring, or comes apart.

Collapse: an absolute bound; a sudden fall; a sustained fall by CUSUM; and, because entropy often
decays so slowly that every step looks normal, a comparison with the start of the run (G. Cui et
al., "The Entropy Mechanism of Reinforcement Learning for Reasoning Language Models",
arXiv:2505.22617). Explosion: a leap or a sustained rise, without an absolute bound, for some
trainers sum the entropy over the sequence. A clearly negative value is none of a distribution over
tokens but noise of an estimator or another sign convention: the absolute bound, which is certain,
leaves it alone, and a fall to it is judged like any fall. Entropy cannot tell why: a solved task
and a collapse look alike.

False alarms and power as measured: `measured` in `observability.kinds`.
"""

from __future__ import annotations

from typing import Final

from provenir.observability.detectors.baseline import FEWEST
from provenir.observability.detectors.hit import (
    Hit,
    Observation,
    against_baseline,
    grew,
    leapt_down,
    moved,
    shifted_down,
)

_SUDDEN: Final = 0.3
_OF_START, _ALMOST_GONE, _BACK = 0.2, 0.1, 0.3
_IN_A_ROW: Final = 5


def entropy_collapse(seen: Observation) -> Hit | None:
    """Judge an entropy for being too small."""
    value, baseline = seen.value, seen.baseline
    if abs(value) <= seen.config.entropy_min:
        return Hit("critical", f"entropy is {value:.4g}, bound {seen.config.entropy_min:g}")
    if baseline.score < -seen.config.slack:
        if leapt_down(seen, _SUDDEN):
            return Hit("critical", f"{against_baseline(seen)}: a sudden fall")
        if shifted_down(seen):
            return moved(seen, "a sustained fall")
    start = baseline.first
    share = _BACK if baseline.held else _OF_START
    if start is None or start <= 0.0 or value > share * start or baseline.seen < _IN_A_ROW + FEWEST:
        return None
    last = list(baseline.recent)[-_IN_A_ROW:]
    if max(last) > share * start:
        return None
    return Hit(
        "critical" if max(last) <= _ALMOST_GONE * start else "warning",
        f"entropy is {value:.4g}, at the start of the run it was {start:.4g}",
    )


def entropy_explosion(seen: Observation) -> Hit | None:
    """Judge an entropy for becoming too large."""
    return grew(seen, leap=2.5, huge=5.0)
