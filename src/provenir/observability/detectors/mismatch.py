"""`kl_mismatch`: the trainer and the inference engine no longer agree on probabilities.

Both compute the probability of the same tokens; numerics, stale weights or a wrong sampling setting
drive them apart, and the importance weights with them (F. Yao et al., "Your Efficient RL Framework
Secretly Brings You Off-Policy RL Training", 2025). Judged on their KL and on the mean difference of
log-probabilities: the bound of the KL, a leap to five times the baseline, a sustained rise. A
mismatch that is there from the first step on is its own baseline and is not seen.

False alarms and power as measured: `measured` in `observability.kinds`.
"""

from __future__ import annotations

from typing import Final

from provenir.observability.detectors.hit import Hit, Observation, grew

_LEAP, _HUGE = 5.0, 20.0
_MATTERS_FROM: Final = 1e-3


def kl_mismatch(seen: Observation) -> Hit | None:
    """Judge the distance between trainer and inference engine for growing."""
    if abs(seen.value) >= seen.config.kl_max:
        return Hit("critical", f"{seen.channel} is {seen.value:.4g}, bound {seen.config.kl_max:g}")
    return grew(seen, leap=_LEAP, huge=_HUGE, least=_MATTERS_FROM)
