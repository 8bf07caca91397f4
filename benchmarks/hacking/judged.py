"""Runs the detector, and the keyword baseline, over labelled rollouts."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keywords import keyword_kinds

from provenir.observability import RewardHackingDetector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rollouts import Rollout

    from provenir.observability import HackingSignal

REWARDS = ("reward", "proxy_reward", "true_reward")
NUMBERS_ALONE = 35
"""The class of the rollouts whose text holds no hack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A rollout with the signals about it."""

    rollout: Rollout
    signals: tuple[HackingSignal, ...]
    keywords: frozenset[str]

    @property
    def grave(self) -> tuple[HackingSignal, ...]:
        return tuple(s for s in self.signals if s.severity != "info")

    @property
    def suspected(self) -> bool:
        return bool(self.grave)

    @property
    def confirmed(self) -> bool:
        return any(s.confirmed for s in self.grave)

    @property
    def kinds(self) -> set[str]:
        return {s.kind for s in self.grave}

    @property
    def named(self) -> bool:
        """Whether a signal is of a kind that names the hack rightly."""
        return bool(self.kinds & set(self.rollout.kinds))


def judge(rollouts: Sequence[Rollout], *, rewards: bool = True) -> list[Judged]:
    """Judge the rollouts of each task as one batch.

    Args:
        rollouts: The rollouts, those of a task together.
        rewards: Whether the detector is shown the rewards.
    """
    judged = []
    for _, members in itertools.groupby(rollouts, key=lambda r: r.task):
        batch = list(members)
        shown = [_shown(r, i, rewards) for i, r in enumerate(batch)]
        report = RewardHackingDetector().detect_batch(shown)
        for i, rollout in enumerate(batch):
            own = tuple(s for s in report.signals if s.index == i)
            words = frozenset(keyword_kinds(str(rollout.trajectory["response"])))
            judged.append(Judged(rollout=rollout, signals=own, keywords=words))
    return judged


def _shown(rollout: Rollout, index: int, rewards: bool) -> dict[str, Any]:
    kept = {k: v for k, v in rollout.trajectory.items() if rewards or k not in REWARDS}
    return {**kept, "index": index}


def rule_of(signal: HackingSignal) -> str:
    """Return the rule that made a signal, as far as it says so."""
    rule = signal.data.get("rule") if signal.data else None
    if rule is None and signal.spans:
        rule = signal.spans[0].rule
    return str(rule or "-")
