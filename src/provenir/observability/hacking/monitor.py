"""`HackingMonitor`: the rollouts of a whole run, judged as they come, in bounded memory.

That single groups earn equal rewards is information, since it happens in every healthy run; when
almost all groups of a run do, the report carries a warning.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from provenir.observability.hacking.account import Account
from provenir.observability.hacking.examination import Examination, checked_sources, examine
from provenir.observability.hacking.groups import OpenGroups
from provenir.observability.hacking.judge import DEFAULT_GAP, checked_gap, judge_group, spread
from provenir.observability.hacking.kept import KeptSignals
from provenir.observability.hacking.reading import stored_reading
from provenir.observability.hacking.report import HackingReport
from provenir.observability.hacking.rollout import finite, plain_id
from provenir.observability.hacking.run_watch import RunWatch, StepWatch
from provenir.observability.hacking.signal import HackingSignal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from provenir.core.protocols import EvidenceSource

_MOST_GROUPS: Final = 0.9
_FEWEST_GROUPS: Final = 20


class HackingMonitor:
    """Gathers what the rollouts of a run say about reward hacking.

    Attributes:
        steps: What is gathered from the metrics of steps.

    Args:
        gap: Proxy minus true reward from which on a rollout is flagged, in units of reward.
        max_signals: Signals about rollouts, and as many about groups, that are kept beside the
            first of each kind and grade, those that weigh most; the others are only counted.
        max_groups: Groups that are open at the same time; beyond it the oldest is judged as it is.
        evidence_sources: Who else is asked about every rollout, in the thread that adds it.

    Raises:
        UsageError: if `gap` is not a number greater than 0, or a source is none.
    """

    def __init__(
        self,
        *,
        gap: float = DEFAULT_GAP,
        max_signals: int = 200,
        max_groups: int = 4_096,
        evidence_sources: Iterable[EvidenceSource] = (),
    ) -> None:
        self.gap = checked_gap(gap)
        self._sources = checked_sources(evidence_sources)
        self._lock = threading.RLock()  # a signal handler may report in the middle of `add`
        self._account = Account()
        self._unseen: list[str] = []
        self._kept = KeptSignals(max_signals)
        self._open = OpenGroups(max_groups=max_groups)
        self._run = RunWatch()
        self.steps = StepWatch()
        self._groups = 0
        self._contrasted = 0
        self._told: list[HackingSignal] = []

    def add(
        self, trajectory: Mapping[str, Any], *, reading: object = None, rank: int = 0
    ) -> list[HackingSignal]:
        """Take one rollout; return the signals about it. Never raises.

        Args:
            trajectory: Keys ``prompt``, ``prediction|response``, ``reward|proxy_reward``,
                ``true_reward|held_out_reward``, ``group_id``, ``index``, all optional. One with
                the ``phase`` ``eval`` is counted and not judged.
            reading: What `hidden_reading` returned for it, where its text must not be quoted; its
                text is not read again then, nor contrasted with its group.
            rank: The process that logged it; where it is not the first, the signals' `data` holds
                it, since two processes may give one ``index``.
        """
        with self._lock:
            index = self._account.num
            self._account.num += 1
        seen = examine(
            trajectory,
            index=index,
            gap=self.gap,
            sources=self._sources,
            reading=stored_reading(reading),
            rank=rank,
        )
        with self._lock:
            if seen.rollout.evaluation:
                self._account.evaluated += 1
                return []
            self._tally(seen)
            self._join(seen)
        return list(seen.signals)

    def add_step(self, metrics: Mapping[str, Any]) -> None:
        """Take the metrics of one step; never raises.

        Where rollouts do not carry both rewards, the means of steps that do tell whether the two
        part over the run.

        Args:
            metrics: Under any framework's names (`provenir.observability.metric_names`).
        """
        self.steps.take(metrics)

    def add_group(
        self,
        rewards: Iterable[object],
        group_id: str | int | None = None,
        max_reward: float | None = None,
    ) -> list[HackingSignal]:
        """Take the rewards of one complete group; return the signal about it. Never raises.

        Use either this or `add` with a ``group_id`` for a group, else it counts twice.
        """
        count, low, high = spread(rewards)
        if count < 2:
            return []
        signal = judge_group(
            count,
            low,
            high,
            most=finite(max_reward),
            group_id=plain_id(group_id),
            severity="info",
        )
        with self._lock:
            self._groups += 1
            if signal is None:
                return []
            self._kept.keep_all([signal])
            return [signal]

    def news(self) -> list[HackingSignal]:
        """Return the signals about the whole run that this was not asked for before.

        `add` tells of its rollout alone; that rewards part, or texts grow, shows over many.
        """
        with self._lock:
            found = [signal for signal in self._about_run() if signal not in self._told]
            self._told += found
            return found

    def miss(self, detail: str) -> None:
        """Say that rollouts of the run were not handed over; the report is not clean then.

        Args:
            detail: How many, for people: `3 of 30 rollouts were kept`. Several are joined.
        """
        self._unseen.append(detail)

    @property
    def has_seen_all(self) -> bool:
        """Whether no rollout was missed, as far as was said."""
        return not self._unseen

    @property
    def num_trajectories(self) -> int:
        """How many rollouts were handed over."""
        return self._account.num

    def report(self) -> HackingReport:
        """Return the report on everything taken so far; more may be taken afterwards."""
        with self._lock:
            kept = self._kept.copy()
            groups, contrasted = self._groups, self._contrasted
            flagged = self._account.flagged
            for outcome in self._open.outcomes():
                kept.keep_all(outcome.signals)
                groups += outcome.groups
                contrasted += outcome.contrasted
                flagged += outcome.newly_flagged
            dropped = kept.dropped
            about_run = [*_run_collapse(groups, kept.counts), *self._about_run()]
            for signal in about_run:
                kept.counts[signal.kind] = kept.counts.get(signal.kind, 0) + 1
            account = self._account
            return HackingReport(
                findings=(*about_run, *kept.signals),
                num_trajectories=account.num,
                num_evaluation=account.evaluated,
                num_flagged=flagged,
                num_confirmed=account.confirmed,
                counts=dict(sorted(kept.counts.items(), key=lambda kind: (-kind[1], kind[0]))),
                examined=account.counts(groups),
                not_examined=account.gaps(
                    groups=groups,
                    contrasted=contrasted,
                    steps=self.steps.taken,
                    dropped=dropped,
                    unseen=self._unseen,
                ),
            )

    def _about_run(self) -> list[HackingSignal]:
        """What was seen over the rollouts, or over the steps where no rollout has both rewards."""
        return [*self._run.signals, *([] if self._run.knows_both else self.steps.signals)]

    def _tally(self, seen: Examination) -> None:
        self._account.take(seen)
        self._run.take(seen)
        self._kept.keep_all(seen.signals)

    def _join(self, seen: Examination) -> None:
        for outcome in self._open.join(seen):
            self._kept.keep_all(outcome.signals)
            self._groups += outcome.groups
            self._contrasted += outcome.contrasted
            self._account.flagged += outcome.newly_flagged


def _run_collapse(groups: int, counts: Mapping[str, int]) -> list[HackingSignal]:
    """Judge the share of a run's groups that carry no gradient though they are not solved."""
    collapsed = counts.get("advantage_collapse", 0)
    if groups < _FEWEST_GROUPS or collapsed < _MOST_GROUPS * groups:
        return []
    signal = HackingSignal(
        kind="advantage_collapse",
        severity="warning",
        detail=f"{collapsed} of {groups} groups earn equal rewards below the maximum",
        data={"collapsed": collapsed, "groups": groups},
    )
    return [signal]
