"""`stall`: the run goes on and nothing moves.

Three signs. A gradient norm of exactly zero, three steps in a row (information where every rollout
earns the maximum: nothing is left to learn). At least three channels that used to change, all of
them bit-identical to the step before, five steps in a row: the trainer repeats itself or logs what
it logged before. A step that takes ten times its usual time; one such step is information, for
saving and evaluating take time too. The first two raise no alarm by chance. A run without noise
from its first step on is not called stalled, and slow learning is not seen.

False alarms and power as measured: `measured` in `observability.kinds`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.observability.detectors.advantage import ALL_GROUPS
from provenir.observability.detectors.hit import Hit, Observation, against_baseline, leapt_up

if TYPE_CHECKING:
    from collections.abc import Mapping

MOVING: Final = (
    "grad_norm",
    "loss",
    "entropy",
    "kl",
    "kl_old",
    "response_length_mean",
    "reward_mean",
    "reward_std",
    "advantage_std",
)
"""Channels that noise moves at every step of a live run."""

_ZERO_STEPS: Final = 3
_FROZEN_STEPS: Final = 5
_FEWEST_FROZEN: Final = 3
_SLOW: Final = 10.0


class Standstill:
    """What the last step showed, and for how many steps nothing has moved."""

    __slots__ = ("_first", "_frozen", "_last", "_zero")

    def __init__(self) -> None:
        self._first: Mapping[str, float] = {}
        self._last: Mapping[str, float] = {}
        self._zero = 0
        self._frozen = 0

    def take(self, values: Mapping[str, float]) -> Hit | None:
        """Judge one step as a whole."""
        return self._without_gradient(values) or self._repeated(values)

    def _without_gradient(self, values: Mapping[str, float]) -> Hit | None:
        norm = values.get("grad_norm")
        if norm is None:
            return None
        self._zero = self._zero + 1 if norm == 0.0 else 0
        if self._zero < _ZERO_STEPS or values.get("learning_rate") == 0.0:
            return None
        solved = values.get("solved_fraction", values.get("reward_mean", 0.0)) >= ALL_GROUPS
        text = f"grad_norm is 0, {_ZERO_STEPS} steps in a row or more"
        if solved:
            return Hit("info", f"{text}: every rollout earns the maximum")
        return Hit("warning", text, ((20, "critical"),))

    def _repeated(self, values: Mapping[str, float]) -> Hit | None:
        last, self._last = self._last, values
        if not self._first:
            self._first = values
        same = 0
        for channel in MOVING:
            value = values.get(channel)
            if value is not None:
                if last.get(channel) != value:
                    self._frozen = 0
                    return None
                same += self._first.get(channel, value) != value
        self._frozen += same >= _FEWEST_FROZEN
        if self._frozen < _FROZEN_STEPS:
            return None
        text = f"{same} channels repeat the step before, {_FROZEN_STEPS} steps in a row or more"
        return Hit("warning", text, ((50, "critical"),))


def slow_step(seen: Observation) -> Hit | None:
    """Judge the time of a step."""
    if seen.baseline.score < seen.config.leap or not leapt_up(seen, _SLOW):
        return None
    return Hit("info", f"{against_baseline(seen)} s", ((3, "warning"), (20, "critical")))
