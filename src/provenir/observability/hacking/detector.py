"""`RewardHackingDetector`: one rollout, one group or one batch, judged without a run around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from provenir.observability.hacking.examination import checked_sources, examine
from provenir.observability.hacking.groups import contrasted
from provenir.observability.hacking.judge import DEFAULT_GAP, checked_gap, judge_group, spread
from provenir.observability.hacking.monitor import HackingMonitor
from provenir.observability.hacking.rollout import finite, plain_id

if TYPE_CHECKING:
    from provenir.core.protocols import EvidenceSource
    from provenir.observability.hacking.report import HackingReport
    from provenir.observability.hacking.signal import HackingSignal


class RewardHackingDetector:
    """Judges rollouts by their rewards, by their text and code, and against their group.

    Args:
        gap: Proxy minus true reward from which on a rollout is flagged, in units of reward.
        evidence_sources: Who else is asked about every rollout: held-out tests, a judge.

    Raises:
        UsageError: if `gap` is not a number greater than 0, or a source is none.
    """

    def __init__(
        self,
        *,
        gap: float = DEFAULT_GAP,
        evidence_sources: Iterable[EvidenceSource] = (),
    ) -> None:
        self.gap = checked_gap(gap)
        self._given = tuple(evidence_sources)
        self._sources = checked_sources(self._given)

    def detect(self, trajectory: Mapping[str, Any]) -> list[HackingSignal]:
        """Judge one rollout; never raises.

        Args:
            trajectory: A dict with ``prediction`` or ``response``, ``reward`` or
                ``proxy_reward``, and ``true_reward`` or ``held_out_reward``. What is missing
                cannot be judged; an empty list says that nothing was found in what was there.

        Returns:
            At most one signal per kind: those of the text first, `proxy_divergence` last.
        """
        seen = examine(trajectory, index=0, gap=self.gap, sources=self._sources)
        return list(seen.signals)

    def detect_group(
        self,
        rollouts: Iterable[object],
        max_reward: float | None = None,
        *,
        group_id: str | int | None = None,
    ) -> list[HackingSignal]:
        """Judge rollouts that share a prompt against each other; never raises.

        Args:
            rollouts: At least two finite rewards, or rollouts as for `detect`, whose texts are
                contrasted then; None and what is no finite number are left out.
            max_reward: The largest reward that can be had. Without it, equal rewards of 1 or more
                are taken for solved.
            group_id: What the signal about the group shall name.

        Returns:
            `solved_group` when all earn the maximum, `advantage_collapse` when all earn the same
            less; and what the texts show against each other.
        """
        try:
            members = list(rollouts)
        except Exception:  # noqa: BLE001 - whatever a user's sequence does, it is no group then
            return []
        seen = [
            examine(cast("Mapping[str, Any]", member), index=place, gap=self.gap)
            for place, member in enumerate(members)
            if issubclass(type(member), Mapping)
        ]
        rewards = [s.rollout.proxy for s in seen] if seen else members
        count, low, high = spread(rewards)
        if count < 2:
            return []
        signal = judge_group(count, low, high, most=finite(max_reward), group_id=plain_id(group_id))
        return [*contrasted(seen), *([] if signal is None else [signal])]

    def detect_batch(self, rollouts: Iterable[Mapping[str, Any]]) -> HackingReport:
        """Judge a batch: every rollout, and every group named by ``group_id``.

        Args:
            rollouts: Dicts as for `detect`; the position stands in for a missing ``index``.
        """
        monitor = HackingMonitor(gap=self.gap, evidence_sources=self._given)
        for rollout in rollouts:
            monitor.add(rollout)
        return monitor.report()
