"""`grad_explosion`: the gradient norm leaps, or stays at a multiple of what it was.

Judged on the logarithm, because gradient norms scatter by factors. A norm ten times the baseline is
critical on its first step. The norm is the one that the framework logs: before or after clipping,
and after clipping an explosion cannot be seen.
"""

from __future__ import annotations

from typing import Final

from provenir.observability.detectors.hit import Hit, Observation, grew

BOUND: Final = 1e6


def grad_explosion(seen: Observation) -> Hit | None:
    """Judge a gradient norm for being too large."""
    if seen.value >= BOUND:
        return Hit("critical", f"grad_norm is {seen.value:.4g}, bound {BOUND:g}")
    return grew(seen, leap=5.0, huge=9.0, shift=2.0)
