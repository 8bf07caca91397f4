"""Every detector in one table: what it is called, what it reads, and how its baseline is kept.

Adding a detector is a function in its module, its entry here, and its test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from provenir.observability.detectors.advantage import (
    advantage_collapse,
    advantage_range_collapse,
    reward_std_collapse,
    zero_groups_collapse,
)
from provenir.observability.detectors.entropy import entropy_collapse
from provenir.observability.detectors.gradient import grad_explosion
from provenir.observability.detectors.hit import Hit, Observation
from provenir.observability.detectors.kl import FLOOR, kl_blowup, kl_collapse
from provenir.observability.detectors.length import length_explosion
from provenir.observability.detectors.numbers import counted_nonfinite
from provenir.observability.detectors.reward import reward_spike

Judge = Callable[[Observation], Hit | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One channel under one detector.

    Attributes:
        kind: The anomaly that it reports.
        channel: What it reads.
        judge: The detector, a pure function.
        log: Whether the baseline is kept in logarithms.
        floor: Smallest value or scale of that baseline; None takes it from the configuration.
        side: Where its faults lie: 1 above the baseline, -1 below it, 0 on both sides.
        least: Level from which a baseline is remembered when the channel leaves it.
        episode: What one episode is about: several watches may report the same fault.
        needs_history: Whether it has no bound of its own, so that the first values of a run cannot
            show its fault.
    """

    kind: str
    channel: str
    judge: Judge
    log: bool = False
    floor: float | None = 1e-9
    side: int = 0
    least: float = 0.0
    episode: str = ""
    needs_history: bool = False


WATCHES: Final[tuple[Watch, ...]] = (
    Watch(
        kind="kl_blowup", channel="kl", judge=kl_blowup, side=1, log=True, floor=FLOOR, episode="kl"
    ),
    Watch(
        kind="kl_blowup",
        channel="kl_old",
        judge=kl_blowup,
        side=1,
        log=True,
        floor=FLOOR,
        episode="kl_old",
    ),
    Watch(
        kind="kl_blowup",
        channel="kl_mismatch",
        judge=kl_blowup,
        side=1,
        log=True,
        floor=FLOOR,
        episode="kl_mismatch",
    ),
    Watch(
        kind="kl_collapse",
        channel="kl",
        judge=kl_collapse,
        side=-1,
        least=FLOOR,
        needs_history=True,
    ),
    Watch(kind="entropy_collapse", channel="entropy", judge=entropy_collapse, side=-1),
    Watch(
        kind="length_explosion",
        channel="response_length_mean",
        judge=length_explosion,
        side=1,
        log=True,
        floor=1.0,
        needs_history=True,
    ),
    Watch(kind="advantage_collapse", channel="advantage_std", judge=advantage_collapse, side=-1),
    Watch(
        kind="advantage_collapse", channel="advantage_abs_mean", judge=advantage_collapse, side=-1
    ),
    Watch(
        kind="advantage_collapse", channel="advantage_max", judge=advantage_range_collapse, side=-1
    ),
    Watch(kind="advantage_collapse", channel="zero_advantage_fraction", judge=zero_groups_collapse),
    Watch(kind="reward_std_collapse", channel="reward_std", judge=reward_std_collapse, side=-1),
    Watch(
        kind="reward_spike",
        channel="reward_mean",
        judge=reward_spike,
        floor=None,
        needs_history=True,
    ),
    Watch(
        kind="grad_explosion",
        channel="grad_norm",
        judge=grad_explosion,
        side=1,
        log=True,
        floor=1e-4,
    ),
    Watch(kind="nonfinite", channel="nan_count", judge=counted_nonfinite, episode="nan_count"),
)

NONFINITE: Final = "nonfinite"
KINDS: Final[tuple[str, ...]] = tuple(dict.fromkeys(watch.kind for watch in WATCHES))
"""Every kind of anomaly that the recorder can report."""

NEEDS_HISTORY: Final = frozenset(watch.kind for watch in WATCHES if watch.needs_history)
"""Kinds that the first values of a run cannot show."""

CHANNELS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    kind: tuple(watch.channel for watch in WATCHES if watch.kind == kind) for kind in KINDS
}
