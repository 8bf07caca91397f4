"""What an onlooker is shown of a run: plain values, taken from a follower at one moment."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from provenir.core.clock import utc_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from provenir.observability.anomaly import Anomaly
    from provenir.observability.series import Bucket
    from provenir.tracking.following import Follower, Standing

__all__ = ["Facts", "gather"]

_MOST_SHOWN: Final = 200
_RANK: Final = {"critical": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One moment of a run.

    Attributes:
        standing: State, process and name.
        verdict: The flight recorder's, over what was read.
        pace: Steps per second over the last steps.
        idle_s: Seconds since the last step.
        values: Newest value by channel.
        courses: The course of each channel, as buckets.
        episodes: Open ones first, the worst of them first, then those that are over, latest first.
        num_open: How many episodes go on.
        began: Episodes that began since the last look.
        rollouts: Rollouts that the run logged, as far as their numbers say it.
        read_rollouts: Rollouts that were read here.
        confirmed: Rollouts with a confirmed sign of reward hacking.
        suspected: Rollouts with other signs that are more than information.
        signals: Signs of reward hacking by kind.
        hacking_rate: Flagged / examined rollouts; None when none was examined.
        other_ranks: The last step of every other rank.
        notes: What a reader must know about the files.
        behind: Whether more lies on disk than was read.
    """

    standing: Standing
    verdict: str = "UNKNOWN"
    steps: int = 0
    last_step: int | None = None
    pace: float | None = None
    idle_s: float | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    courses: Mapping[str, Sequence[Bucket]] = field(default_factory=dict)
    episodes: Sequence[Anomaly] = ()
    num_episodes: int = 0
    num_open: int = 0
    began: Sequence[Anomaly] = ()
    rollouts: int = 0
    read_rollouts: int = 0
    confirmed: int = 0
    suspected: int = 0
    signals: Mapping[str, int] = field(default_factory=dict)
    hacking_rate: float | None = None
    other_ranks: Mapping[int, int] = field(default_factory=dict)
    notes: Sequence[str] = ()
    behind: bool = False
    at: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return one JSON-safe object; the courses are left out."""
        standing = self.standing
        return {
            "time": self.at,
            "run_id": standing.run_id,
            "name": standing.name,
            "state": standing.state,
            "alive": standing.alive,
            "pid": standing.pid,
            "verdict": self.verdict,
            "steps": self.steps,
            "last_step": self.last_step,
            "steps_per_second": self.pace,
            "seconds_since_step": self.idle_s,
            "metrics": dict(self.values),
            "open": [found.to_dict() for found in self.episodes if found.ongoing],
            "began": [found.to_dict() for found in self.began],
            "episodes": self.num_episodes,
            "rollouts": self.rollouts,
            "rollouts_read": self.read_rollouts,
            "rollouts_confirmed": self.confirmed,
            "rollouts_suspected": self.suspected,
            "signals": dict(self.signals),
            "hacking_rate": self.hacking_rate,
            "other_ranks": {str(rank): step for rank, step in self.other_ranks.items()},
            "notes": list(self.notes),
        }


def gather(follower: Follower, now: datetime) -> Facts:
    """Take from a follower what is shown at this moment."""
    evidence = follower.evidence
    recorder = evidence.recorder
    summary = recorder.summary()
    report = evidence.hacking.report()
    rate = report.hacking_rate
    last_at = follower.last_at
    return Facts(
        standing=follower.standing,
        verdict=summary["verdict"],
        steps=summary["num_steps"],
        last_step=summary["last_step"],
        pace=follower.pace,
        idle_s=None if last_at is None else max(0.0, round(now.timestamp() - last_at, 3)),
        values=summary["final_metrics"],
        courses=recorder.series,
        episodes=_ordered(recorder.anomalies),
        num_episodes=sum(summary["by_severity"].values()),
        num_open=sum(1 for found in recorder.anomalies if found.ongoing),
        began=tuple(follower.onsets),
        rollouts=max(evidence.trajectories, report.num_trajectories),
        read_rollouts=report.num_trajectories,
        confirmed=report.num_confirmed,
        suspected=report.num_suspected,
        signals=report.by_kind(),
        hacking_rate=None if math.isnan(rate) else rate,
        other_ranks=follower.other_ranks,
        notes=tuple(_notes(follower)),
        behind=follower.behind,
        at=utc_text(now),
    )


def _ordered(anomalies: Sequence[Anomaly]) -> list[Anomaly]:
    still = [found for found in anomalies if found.ongoing]
    still.sort(key=lambda found: (_RANK[found.severity], -found.step))
    over = [found for found in anomalies if not found.ongoing]
    over.sort(key=lambda found: -found.step)
    return [*still, *over][:_MOST_SHOWN]


def _notes(follower: Follower) -> list[str]:
    notes = []
    standing = follower.standing
    if standing.state == "died":
        who = f"process {standing.pid}" if standing.pid else "its process"
        notes.append(f"{who} is gone and did not end the run: provenir run recover")
    if follower.other_ranks and (verdict := follower.reported_verdict) is not None:
        notes.append(f"the run's own report, over all of it, says {verdict}")
    if follower.torn:
        lines = "1 line was" if follower.torn == 1 else f"{follower.torn:,} lines were"
        notes.append(f"{lines} no record and left out")
    if standing.over and follower.torn_now:
        notes.append("the last line of a file is cut short")
    if follower.begun_anew:
        notes.append("the files were replaced by those of another run; read anew")
    return notes
