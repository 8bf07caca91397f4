"""Every detector in one table: what it is called, what it reads, and how it is grounded.

Adding a detector is a function in its module, its entry here, its kind in `observability.kinds`,
and its test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from provenir.observability.detectors.advantage import (
    advantage_collapse,
    advantage_range_collapse,
    reward_std_collapse,
)
from provenir.observability.detectors.entropy import entropy_collapse, entropy_explosion
from provenir.observability.detectors.fractions import (
    clip_saturation,
    truncation,
    zero_advantage_groups,
)
from provenir.observability.detectors.gradient import grad_explosion, loss_explosion
from provenir.observability.detectors.hit import Hit, Observation
from provenir.observability.detectors.kl import kl_blowup, kl_collapse
from provenir.observability.detectors.length import length_explosion
from provenir.observability.detectors.mismatch import kl_mismatch
from provenir.observability.detectors.numbers import counted_nonfinite
from provenir.observability.detectors.reward import reward_spike
from provenir.observability.detectors.schedule import CHANNEL, Schedule
from provenir.observability.detectors.stall import Standstill, slow_step
from provenir.observability.kinds import KINDS

Judge = Callable[[Observation], Hit | None]


class Sensor(Protocol):
    """A detector that looks at whole steps and keeps a bounded state of its own."""

    def take(self, values: Mapping[str, float], /) -> Hit | None:
        """Judge one step; None where there is nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One channel under one detector.

    Attributes:
        kind: The anomaly that it reports.
        channel: What it reads.
        judge: The detector, a pure function.
        side: Where its faults lie: 1 above the baseline, -1 below it, 0 on both sides.
        episode: What one episode is about: several watches may report the same fault.
        needs_history: Whether it has no bound of its own, so that the first values of a run cannot
            show its fault.
        aside: It adds to its kind; its channel alone does not make the kind watched.
    """

    kind: str
    channel: str
    judge: Judge
    side: int
    episode: str = ""
    needs_history: bool = False
    aside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWatch:
    """Whole steps under one detector.

    Attributes:
        kind: The anomaly that it reports.
        channels: What it reads before all.
        sensor: Makes its state for one run.
        channel: Where its anomalies are shown.
    """

    kind: str
    channels: tuple[str, ...]
    sensor: Callable[[], Sensor]
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """How the baseline of a channel is kept.

    Attributes:
        floor: Smallest scale: less is rounding in any run.
        resolution: Smallest scale while the channel has not moved; None takes `reward_resolution`
            of the configuration.
        adopts: Its faults are moves: where it settles is the new baseline.
    """

    floor: float = 1e-9
    resolution: float | None = 0.0
    adopts: bool = False


WATCHES: Final[tuple[Watch, ...]] = (
    Watch(kind="kl_blowup", channel="kl", judge=kl_blowup, side=1, episode="kl"),
    Watch(kind="kl_blowup", channel="kl_old", judge=kl_blowup, side=1, episode="kl_old"),
    Watch(kind="kl_collapse", channel="kl", judge=kl_collapse, side=-1, needs_history=True),
    Watch(kind="kl_mismatch", channel="kl_mismatch", judge=kl_mismatch, side=1),
    Watch(kind="kl_mismatch", channel="logprob_mismatch", judge=kl_mismatch, side=1),
    Watch(kind="entropy_collapse", channel="entropy", judge=entropy_collapse, side=-1),
    Watch(
        kind="entropy_explosion",
        channel="entropy",
        judge=entropy_explosion,
        side=1,
        needs_history=True,
    ),
    Watch(
        kind="length_explosion",
        channel="response_length_mean",
        judge=length_explosion,
        side=1,
        needs_history=True,
    ),
    Watch(kind="truncation", channel="truncated_fraction", judge=truncation, side=1),
    Watch(kind="advantage_collapse", channel="advantage_std", judge=advantage_collapse, side=-1),
    Watch(
        kind="advantage_collapse", channel="advantage_abs_mean", judge=advantage_collapse, side=-1
    ),
    Watch(
        kind="advantage_collapse", channel="advantage_max", judge=advantage_range_collapse, side=0
    ),
    Watch(
        kind="zero_advantage_groups",
        channel="zero_advantage_fraction",
        judge=zero_advantage_groups,
        side=1,
    ),
    Watch(kind="reward_std_collapse", channel="reward_std", judge=reward_std_collapse, side=-1),
    Watch(
        kind="reward_spike", channel="reward_mean", judge=reward_spike, side=0, needs_history=True
    ),
    Watch(
        kind="reward_spike",
        channel="reward_margin",
        judge=reward_spike,
        side=0,
        episode="reward_margin",
        needs_history=True,
    ),
    Watch(kind="grad_explosion", channel="grad_norm", judge=grad_explosion, side=1),
    Watch(
        kind="grad_explosion",
        channel="loss",
        judge=loss_explosion,
        side=0,
        episode="loss",
        needs_history=True,
        aside=True,
    ),
    Watch(kind="clip_saturation", channel="clip_fraction", judge=clip_saturation, side=1),
    Watch(
        kind="stall",
        channel="step_time",
        judge=slow_step,
        side=1,
        episode="step_time",
        needs_history=True,
    ),
    Watch(
        kind="nonfinite",
        channel="nan_count",
        judge=counted_nonfinite,
        side=0,
        episode="nan_count",
    ),
)

STEP_WATCHES: Final[tuple[StepWatch, ...]] = (
    StepWatch(kind="lr_anomaly", channels=(CHANNEL,), sensor=Schedule, channel=CHANNEL),
    StepWatch(kind="stall", channels=("grad_norm",), sensor=Standstill, channel="grad_norm"),
)

_SHARE: Final = Ground(floor=1e-4, resolution=0.02)
_LEVEL: Final = Ground()

GROUNDS: Final[Mapping[str, Ground]] = {
    "kl": Ground(floor=1e-5, resolution=1e-3),
    "kl_old": Ground(floor=1e-6, resolution=1e-3),
    "kl_mismatch": Ground(floor=1e-7, resolution=1e-4),
    "logprob_mismatch": Ground(floor=1e-6, resolution=1e-3),
    "entropy": Ground(floor=1e-4),
    "response_length_mean": Ground(floor=0.1, resolution=1.0),
    "truncated_fraction": _SHARE,
    "zero_advantage_fraction": _SHARE,
    "clip_fraction": Ground(floor=1e-6, resolution=1e-3),
    "reward_mean": Ground(floor=1e-6, resolution=None, adopts=True),
    "reward_margin": Ground(floor=1e-6, resolution=None, adopts=True),
    "grad_norm": Ground(floor=1e-6, resolution=1e-4),
    "step_time": Ground(floor=1e-3, resolution=0.1),
}
"""Grounds of channels that differ from `Ground()`."""


def ground_of(channel: str) -> Ground:
    """How the baseline of a channel is kept."""
    return GROUNDS.get(channel, _LEVEL)


def side_of(channel: str) -> int:
    """Where the faults of a channel lie, those of all its watches together."""
    sides = {watch.side for watch in WATCHES if watch.channel == channel}
    return sides.pop() if len(sides) == 1 else 0


NONFINITE: Final = "nonfinite"
_AT_ONCE: Final = {watch.kind for watch in WATCHES if not watch.needs_history} | {
    watch.kind for watch in STEP_WATCHES
}
NEEDS_HISTORY: Final = frozenset(KINDS) - _AT_ONCE
"""Kinds that the first values of a run cannot show."""

CHANNELS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    kind: tuple(watch.channel for watch in WATCHES if watch.kind == kind and not watch.aside)
    + tuple(name for watch in STEP_WATCHES if watch.kind == kind for name in watch.channels)
    for kind in KINDS
}
