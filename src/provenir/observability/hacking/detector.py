"""Signs of reward hacking that the numbers of rollouts carry.

Two things are decided here. `proxy_divergence`: the reward that trained exceeds the reward that was
meant by a gap or more; it needs both rewards. `advantage_collapse` and `solved_group`: all rewards
of a group are equal, below the maximum or at it; either way the group's gradient is zero. The text
of a rollout is not read: the kinds that live in it are listed as not examined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.observability.hacking.judge import (
    DEFAULT_GAP,
    checked_gap,
    judge_group,
    judge_rollout,
    spread,
)
from provenir.observability.hacking.monitor import HackingMonitor
from provenir.observability.hacking.rollout import finite, plain_id, read_rollout

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from provenir.observability.hacking.report import HackingReport
    from provenir.observability.hacking.signal import HackingSignal


class RewardHackingDetector:
    """Judges rollouts by their rewards.

    Args:
        gap: Proxy minus true reward from which on a rollout is flagged, in units of reward.

    Raises:
        UsageError: if `gap` is not a number greater than 0.
    """

    def __init__(self, *, gap: float = DEFAULT_GAP) -> None:
        self.gap = checked_gap(gap)

    def detect(self, trajectory: Mapping[str, Any]) -> list[HackingSignal]:
        """Judge one rollout; never raises.

        Args:
            trajectory: A dict with ``reward`` or ``proxy_reward``, and ``true_reward`` or
                ``held_out_reward``; without both nothing can be told and the list is empty.
        """
        return judge_rollout(read_rollout(trajectory, index=0), self.gap)

    def detect_group(
        self,
        rewards: Iterable[object],
        max_reward: float | None = None,
        *,
        group_id: str | int | None = None,
    ) -> list[HackingSignal]:
        """Judge the rewards of rollouts that share a prompt; never raises.

        Args:
            rewards: At least two finite rewards; None and what is no finite number are left out.
            max_reward: The largest reward that can be had. Without it, equal rewards of 1 or more
                are taken for solved.
            group_id: What the signal shall name as its group.

        Returns:
            `solved_group` when all earn the maximum, `advantage_collapse` when all earn the same
            less, else nothing.
        """
        count, low, high = spread(rewards)
        if count < 2:
            return []
        signal = judge_group(count, low, high, most=finite(max_reward), group_id=plain_id(group_id))
        return [] if signal is None else [signal]

    def detect_batch(self, rollouts: Iterable[Mapping[str, Any]]) -> HackingReport:
        """Judge a batch: every rollout, and every group named by ``group_id``.

        Args:
            rollouts: Dicts as for `detect`; the position stands in for a missing ``index``.
        """
        monitor = HackingMonitor(gap=self.gap)
        for rollout in rollouts:
            monitor.add(rollout)
        return monitor.report()
