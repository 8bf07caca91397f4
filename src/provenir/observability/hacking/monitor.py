"""`HackingMonitor`: the rollouts of a whole run, judged as they come, in bounded memory.

A group is complete when its last rollout has come, which nobody says; so groups stay open until the
report or until many newer ones have come, and only their count, smallest and largest reward are
kept. That single groups earn equal rewards is information, since it happens in every healthy run;
when almost all groups of a run do, the report carries a warning.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.observability.hacking.judge import (
    DEFAULT_GAP,
    checked_gap,
    judge_group,
    judge_rollout,
    spread,
)
from provenir.observability.hacking.report import UNSEEN, HackingReport
from provenir.observability.hacking.rollout import (
    Rollout,
    finite,
    group_key,
    plain_id,
    read_rollout,
)
from provenir.observability.hacking.signal import HACKING_KINDS, HackingSignal

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

DECIDED: Final = ("proxy_divergence", "advantage_collapse", "solved_group")
"""Kinds that numbers alone decide."""

_TEXT_KINDS: Final = {
    "length_inflation": "needs the lengths of the run's texts, which are not analysed",
    "group_outlier": "needs the texts of the group, which are not contrasted",
}
_MOST_GROUPS: Final = 0.9
_FEWEST_GROUPS: Final = 20


@dataclass(slots=True)
class _Group:
    group_id: str | int
    count: int
    low: float
    high: float


class HackingMonitor:
    """Gathers what the rollouts of a run say about reward hacking.

    Args:
        gap: Proxy minus true reward from which on a rollout is flagged, in units of reward.
        max_signals: Signals about rollouts, and as many about groups, that are kept; later ones
            are only counted.
        max_groups: Groups that are open at the same time; beyond it the oldest is judged as it is.

    Raises:
        UsageError: if `gap` is not a number greater than 0.
    """

    def __init__(
        self,
        *,
        gap: float = DEFAULT_GAP,
        max_signals: int = 200,
        max_groups: int = 4_096,
    ) -> None:
        self.gap = checked_gap(gap)
        self._max_signals = max_signals
        self._max_groups = max_groups
        self._lock = threading.Lock()
        self._num = 0
        self._examined = 0
        self._flagged = 0
        self._unreadable = 0
        self._evaluated = 0
        self._unseen: str | None = None
        self._signals: list[HackingSignal] = []
        self._group_signals: list[HackingSignal] = []
        self._counts: dict[str, int] = {}
        self._open: OrderedDict[Hashable, _Group] = OrderedDict()
        self._groups = 0

    def add(self, trajectory: Mapping[str, Any]) -> list[HackingSignal]:
        """Take one rollout; return the signals about it. Never raises.

        Args:
            trajectory: Keys ``prompt``, ``prediction|response``, ``reward|proxy_reward``,
                ``true_reward|held_out_reward``, ``group_id``, ``index``, all optional. One with
                the ``phase`` ``eval`` is counted and not judged.
        """
        with self._lock:
            self._num += 1
            rollout = read_rollout(trajectory, index=self._num - 1)
            if rollout.evaluation:
                self._evaluated += 1
                return []
            signals = judge_rollout(rollout, self.gap)
            self._tally(rollout, signals)
            try:
                if rollout.group_id is not None and rollout.proxy is not None:
                    key = group_key(trajectory, rollout.group_id)
                    self._join(key, rollout.group_id, rollout.proxy)
            except Exception:  # noqa: BLE001 - a user's mapping may fail when read again
                self._unreadable += 1
            return signals

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
            self._count(signal, self._group_signals)
            return [signal]

    def miss(self, detail: str) -> None:
        """Say that rollouts of the run were not handed over; the report is not clean then.

        Args:
            detail: How many, for people: `3 of 30 rollouts were kept`. Several are joined.
        """
        self._unseen = detail if self._unseen is None else f"{self._unseen}; {detail}"

    @property
    def has_seen_all(self) -> bool:
        """Whether no rollout was missed, as far as was said."""
        return self._unseen is None

    @property
    def num_trajectories(self) -> int:
        """How many rollouts were handed over."""
        return self._num

    def report(self) -> HackingReport:
        """Return the report on everything taken so far; more may be taken afterwards."""
        with self._lock:
            counts = dict(self._counts)
            groups = self._groups
            about_groups = list(self._group_signals)
            for group in self._open.values():
                if group.count < 2:
                    continue
                groups += 1
                if (signal := _judged(group)) is not None:
                    counts[signal.kind] = counts.get(signal.kind, 0) + 1
                    if len(about_groups) < self._max_signals:
                        about_groups.append(signal)
            findings = [*self._signals, *about_groups]
            counted = sum(counts.values())
            dropped = counted - len(findings)
            if (collapse := _run_collapse(groups, counts)) is not None:
                findings.insert(0, collapse)
                counts[collapse.kind] += 1
            return HackingReport(
                findings=tuple(findings),
                num_trajectories=self._num,
                num_evaluation=self._evaluated,
                num_flagged=self._flagged,
                counts=dict(sorted(counts.items())),
                examined={"trajectories": self._examined, "groups": groups},
                not_examined=self._not_examined(groups, dropped),
            )

    def _tally(self, rollout: Rollout, signals: list[HackingSignal]) -> None:
        self._unreadable += bool(rollout.unreadable)
        self._examined += rollout.proxy is not None and rollout.true is not None
        self._flagged += any(signal.severity != "info" for signal in signals)
        for signal in signals:
            self._count(signal, self._signals)

    def _join(self, key: Hashable, group_id: str | int, reward: float) -> None:
        group = self._open.get(key)
        if group is None:
            if len(self._open) >= self._max_groups:
                self._finish(self._open.popitem(last=False)[1])
            self._open[key] = _Group(group_id, 1, reward, reward)
            return
        group.count += 1
        group.low = min(group.low, reward)
        group.high = max(group.high, reward)

    def _finish(self, group: _Group) -> None:
        if group.count < 2:
            return
        self._groups += 1
        if (signal := _judged(group)) is not None:
            self._count(signal, self._group_signals)

    def _count(self, signal: HackingSignal, kept: list[HackingSignal]) -> None:
        self._counts[signal.kind] = self._counts.get(signal.kind, 0) + 1
        if len(kept) < self._max_signals:
            kept.append(signal)

    def _not_examined(self, groups: int, dropped: int) -> dict[str, str]:
        missing = {
            kind: _TEXT_KINDS.get(kind, "needs the text of the rollouts, which is not analysed")
            for kind in HACKING_KINDS
            if kind not in DECIDED
        }
        trained = self._num - self._evaluated
        if not self._examined:
            missing["proxy_divergence"] = "no rollout carried both a reward and a true reward"
        elif self._examined < trained:
            rest = trained - self._examined
            missing["proxy_divergence"] = f"{rest} of {trained} rollouts carried no true reward"
        if not groups:
            for kind in ("advantage_collapse", "solved_group"):
                missing[kind] = "no group of two or more rewards was given"
        if self._unreadable:
            missing["rewards"] = (
                f"{self._unreadable} rollouts could not be read, or had a reward not finite"
            )
        if self._evaluated:
            missing["evaluation"] = (
                f"{self._evaluated} of {self._num} rollouts were made in an evaluation, "
                "nothing was trained on them"
            )
        if self._unseen is not None:
            missing[UNSEEN] = self._unseen
        if dropped:
            missing["signals"] = f"{dropped} more signals were counted and not kept"
        return missing


def _judged(group: _Group) -> HackingSignal | None:
    return judge_group(group.count, group.low, group.high, group_id=group.group_id, severity="info")


def _run_collapse(groups: int, counts: Mapping[str, int]) -> HackingSignal | None:
    """Judge the share of a run's groups that carry no gradient though they are not solved."""
    collapsed = counts.get("advantage_collapse", 0)
    if groups < _FEWEST_GROUPS or collapsed < _MOST_GROUPS * groups:
        return None
    return HackingSignal(
        kind="advantage_collapse",
        severity="warning",
        detail=f"{collapsed} of {groups} groups earn equal rewards below the maximum",
        data={"collapsed": collapsed, "groups": groups},
    )
