"""`advantage_collapse` and `reward_std_collapse`: rewards no longer differ, so nothing is learnt.

Where all rewards of a group are equal its advantages are zero and so is its gradient (DAPO,
arXiv:2503.14476, section 3.2). One such step is noted as information, since with sparse rewards it
happens to healthy runs; it weighs more where the channel had never been near zero, and the longer
it lasts. A spread also shrinks because the task is learnt: a fall is information if the mean reward
has risen and the spread has fallen no faster than what is left to earn (`learning`). A batch in
which every rollout earns the maximum is solved, which is information only; the maximum is taken to
be 1 unless the step carries a larger `reward_max`.

False alarms and power as measured: `measured` in `observability.kinds`.
"""

from __future__ import annotations

from statistics import fmean
from typing import Final

from provenir.observability.detectors.hit import (
    Hit,
    Observation,
    against_baseline,
    leapt_down,
    moved,
    shifted_down,
)
from provenir.observability.detectors.learning import explains

ALL_GROUPS: Final = 0.95
"""Share of groups from which all of them count."""

_LEAP: Final = 0.1
_NEWEST: Final = 3
_CHANCE: Final = 2.0


def advantage_collapse(seen: Observation) -> Hit | None:
    """Judge the spread or the mean size of the advantages for vanishing."""
    return _collapse(seen)


def reward_std_collapse(seen: Observation) -> Hit | None:
    """Judge the standard deviation of the rewards for vanishing."""
    return _collapse(seen)


def advantage_range_collapse(seen: Observation) -> Hit | None:
    """Judge largest and smallest advantage of a step, for frameworks that log no spread."""
    low = seen.step.get("advantage_min")
    if low is None or max(abs(seen.value), abs(low)) > seen.config.zero_std:
        return None
    return _no_signal(seen, "all advantages are zero")


def _collapse(seen: Observation) -> Hit | None:
    if (
        abs(seen.value) <= seen.config.zero_std
    ):  # a spread below zero is an error, no lack of signal
        return _no_signal(seen, f"{seen.channel} is {seen.value:.4g}")
    if seen.baseline.score > -seen.config.slack:
        return None
    if leapt_down(seen, _LEAP):
        hit = Hit("warning", f"{against_baseline(seen)}: a sudden fall")
    elif shifted_down(seen):
        hit = moved(seen, "a sustained fall")
    else:
        return None
    if hit.severity != "info" and _learnt(seen):
        return Hit("info", f"{hit.detail}, with a mean reward that has risen")
    return hit


def _no_signal(seen: Observation, what: str) -> Hit:
    if solved(seen):
        return Hit("info", f"{what}: every rollout earns the maximum, solved")
    if seen.baseline.score <= -seen.config.leap:
        return Hit("warning", f"{what}: no gradient signal", ((3, "critical"),))
    return Hit("info", f"{what}: no gradient signal", ((3, "warning"), (20, "critical")))


def _learnt(seen: Observation) -> bool:
    baseline = seen.baseline
    return explains(
        seen.rewards,
        most=seen.step.get("reward_max"),
        spread=fmean(list(baseline.recent)[-_NEWEST:]) + _CHANCE * baseline.scale,
        before=baseline.location,
    )


def solved(seen: Observation) -> bool:
    """Tell whether every rollout of the step earns the maximum."""
    if seen.step.get("solved_fraction", 0.0) >= ALL_GROUPS:
        return True
    most = max(1.0, seen.step.get("reward_max", 1.0))
    return seen.step.get("reward_mean", 0.0) >= most * (1 - 1e-9)
