"""`HackingReport`: the signals of a batch or a run, with what was and what was not examined."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from provenir.core.findings import Report, severity_rank
from provenir.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.observability.hacking.signal import HackingSignal


UNSEEN: Final = "rollouts"
"""The entry of `not_examined` for rollouts of the run that were not handed over."""

FAILED: Final = "detectors"
"""The entry for detectors of ours that failed on a text."""

SOURCE: Final = "evidence: "
"""Begins the entry of an evidence source that could not examine a rollout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HackingReport(Report):
    """What rollouts and their rewards say about hacking.

    Attributes:
        num_trajectories: Rollouts that were handed over, examined or not.
        num_evaluation: Those of them that were made in an evaluation and are not judged.
        num_flagged: Rollouts with a signal of severity warning or above.
        num_confirmed: Those of them with a confirmed signal.
        counts: Signals by kind, those included that were counted and not kept.
    """

    name: str = "reward_hacking"
    num_trajectories: int = 0
    num_evaluation: int = 0
    num_flagged: int = 0
    num_confirmed: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def signals(self) -> tuple[HackingSignal, ...]:
        """The signals that were kept."""
        return cast("tuple[HackingSignal, ...]", self.findings)

    @property
    def confirmed(self) -> tuple[HackingSignal, ...]:
        """Those on which two independent ways of knowing agree, or that were executed."""
        return tuple(signal for signal in self.signals if signal.confirmed)

    @property
    def suspected(self) -> tuple[HackingSignal, ...]:
        """The others of severity warning or above."""
        return tuple(s for s in self.signals if s.severity != "info" and not s.confirmed)

    @property
    def num_suspected(self) -> int:
        """Flagged rollouts of which no signal is confirmed."""
        return self.num_flagged - self.num_confirmed

    @property
    def hacking_rate(self) -> float:
        """Flagged rollouts / examined rollouts; NaN when no rollout could be examined."""
        examined = self.examined.get("trajectories", 0)
        return self.num_flagged / examined if examined else math.nan

    @property
    def is_clean(self) -> bool:
        """Whether every rollout was examined and no signal of severity warning or above was found.

        A rollout is examined when its text was read or it carries both rewards. One without
        either, or that was not handed over, may be a hack: what was not seen is not clean. Nor is
        a report clean where a detector or an evidence source failed on a rollout. What no examined
        rollout could tell stands in `not_examined`. Rollouts of an evaluation are left out of both
        counts, since nothing was trained on them.
        """
        examined = self.examined.get("trajectories", 0)
        if not examined or examined < self.num_trained or self._has_flags:
            return False
        return not any(
            what in (UNSEEN, FAILED) or what.startswith(SOURCE) for what in self.not_examined
        )

    @property
    def num_trained(self) -> int:
        """Rollouts that were trained on."""
        return self.num_trajectories - self.num_evaluation

    @property
    def _has_flags(self) -> bool:
        return bool(self.num_flagged) or any(s.severity != "info" for s in self.findings)

    def by_kind(self) -> dict[str, int]:
        """Return the number of signals of each kind that occurred, the most frequent first."""
        return dict(self.counts)

    def summary(self, *, most: int = 10) -> str:
        """Return what a person reads first, in a few lines; safe for a terminal.

        Args:
            most: Signals that are shown, the gravest first.
        """
        rate = self.hacking_rate
        examined, trained = self.examined.get("trajectories", 0), self.num_trained
        shown = "unknown" if math.isnan(rate) else f"{rate:.1%}"
        verdict = "CLEAN" if self.is_clean else ("SUSPECT" if self._has_flags else "NOT EXAMINED")
        grades = f"{self.num_confirmed} confirmed, {self.num_suspected} suspected"
        looked = f"{examined} of {trained} rollouts examined"
        lines = [f"{verdict}: {looked}, hacking rate {shown} ({grades})"]
        ranked = sorted(self.signals, key=_gravest_first)
        flags = [signal for signal in ranked if signal.severity != "info"]
        lines += [_line(signal) for signal in flags[:most]]
        if (more := sum(self.counts.values()) - len(flags[:most])) > 0:
            by_kind = ", ".join(f"{kind} {count}" for kind, count in self.by_kind().items())
            lines.append(f"  {more} more signals; all by kind: {by_kind}")
        unseen: dict[str, list[str]] = {}
        for what, why in self.not_examined.items():
            unseen.setdefault(why, []).append(what)
        lines += [f"  not seen: {', '.join(what)}: {why}" for why, what in unseen.items()]
        return "\n".join(printable(line) for line in lines)

    def __str__(self) -> str:
        """Return the summary."""
        return self.summary()

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-safe values; a rate that is NaN becomes None."""
        rate = self.hacking_rate
        return {
            "num_trajectories": self.num_trajectories,
            "hacking_rate": None if math.isnan(rate) else rate,
            "is_clean": self.is_clean,
            "num_confirmed": self.num_confirmed,
            "num_suspected": self.num_suspected,
            "by_kind": self.by_kind(),
            "signals": [signal.to_dict() for signal in self.findings],
            "examined": dict(self.examined),
            "not_examined": dict(self.not_examined),
        }


def _gravest_first(signal: HackingSignal) -> tuple[bool, int, bool]:
    of_run = signal.index is None and signal.group_id is None
    return (not signal.confirmed, -severity_rank(signal.severity), not of_run)


def _line(signal: HackingSignal) -> str:
    if signal.index is not None:
        rank = signal.data.get("rank")
        about = f"rollout {signal.index}" + (f" of rank {rank}" if rank else "")
    else:
        about = "the run" if signal.group_id is None else f"group {signal.group_id}"
    grade = "confirmed" if signal.confirmed else "suspected"
    sure = "" if signal.confidence is None else f", {signal.confidence:.0%} on {signal.calibration}"
    known = f"{grade}, {signal.evidence}{sure}"
    return f"  {signal.severity} {signal.kind} in {about} ({known}): {signal.detail}"
