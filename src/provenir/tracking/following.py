"""`Follower`: a run as an onlooker sees it, from its files alone, while it goes on or afterwards.

What comes is judged by the same `Evidence` as in the run and in recovery, so an onlooker says what
the run's own report will say. The records of rank 0 are judged; of other ranks it is told how far
they are. A folder whose files were replaced holds another run: everything begins anew.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.core.clock import parse_utc
from provenir.core.errors import InputError, ProvenirError
from provenir.core.files import FileLock
from provenir.provenance.run_layout import (
    JOURNAL,
    STEPS,
    TRAJECTORIES,
    append_file,
    lock_file,
    rank_files,
)
from provenir.provenance.run_record import read_run, row_of
from provenir.provenance.tail import Tail
from provenir.tracking.evidence import Evidence

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from provenir.observability.anomaly import Anomaly

__all__ = ["Follower", "Standing"]

_PACE_OVER: Final = 64
"""Steps over which the pace is measured."""

_MOST_RANKS: Final = 64
_KEPT: Final = (STEPS, JOURNAL, TRAJECTORIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a run stands, as its folder says.

    Attributes:
        state: `running`, `died`, `completed`, `failed`, `interrupted`; `absent` where the folder
            holds no run yet, `unknown` where no manifest can be read and nobody holds the lock.
        alive: Whether some process holds the run's lock.
        pid: The process that holds the lock, or held it when it died; None where nobody says.
        run_id: The run's id, None without a readable manifest.
        name: Its name, None likewise.
    """

    state: str = "absent"
    alive: bool = False
    pid: str | None = None
    run_id: str | None = None
    name: str | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will come unless the run is resumed."""
        return self.state not in ("absent", "running")


class Follower:
    """Reads a run folder again and again.

    Args:
        folder: The run folder; it need not be there.

    Attributes:
        evidence: What the run has gathered so far.
        standing: Where it stood when it was last looked at.
        behind: Whether more lies on disk than was read.
        onsets: The anomalies that began since the last look.
        torn: Lines that were no record.
        begun_anew: How often the files were replaced by those of another run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.standing = Standing()
        self.behind = False
        self.onsets: list[Anomaly] = []
        self.torn = 0
        self.begun_anew = -1
        self._begin()

    def _begin(self) -> None:
        self.evidence = Evidence()
        self.begun_anew += 1
        self.torn = 0
        self._times: deque[float] = deque(maxlen=_PACE_OVER)
        self._ranks: dict[int, _Rank] = {}
        self._tails = {kind: Tail(self.folder / append_file(kind, 0)) for kind in _KEPT}

    def look(self) -> bool:
        """Read what is new; return whether anything is."""
        before, self.onsets, self.behind = self.standing, [], False
        # The standing first: what a run writes before its end is then read with its end.
        self.standing = _standing(self.folder)
        # Steps are fetched before the journal and taken after it: the configuration of the
        # recorder stands in a record that was written before every step.
        news = {kind: self._tails[kind].read() for kind in _KEPT}
        if any(found.replaced for found in news.values()):
            self._begin()
            news = {kind: self._tails[kind].read() for kind in _KEPT}
        for line in news[JOURNAL].lines:
            if (row := self._row(line)) is not None:
                self.evidence.journal(row)
        for line in news[STEPS].lines:
            if (row := self._row(line)) is not None:
                self._step(row)
        for line in news[TRAJECTORIES].lines:
            if (row := self._row(line)) is not None:
                self.evidence.trajectory(row)
        self.behind = any(found.more for found in news.values())
        moved = self._look_at_ranks()
        return moved or before != self.standing or any(found.lines for found in news.values())

    def _row(self, line: bytes) -> dict[str, Any] | None:
        row = row_of(line)
        self.torn += row is None
        return row

    def _step(self, row: dict[str, Any]) -> None:
        self.onsets += self.evidence.stored_step(row)
        time = row.get("time")
        if isinstance(time, str):
            try:
                self._times.append(parse_utc(time).timestamp())
            except ProvenirError:
                self.torn += 1

    def _look_at_ranks(self) -> bool:
        moved = False
        for number, path in list(rank_files(self.folder, STEPS).items())[:_MOST_RANKS]:
            if number:
                rank = self._ranks.setdefault(number, _Rank(path))
                moved |= rank.look()
                self.behind |= rank.behind
        return moved

    @property
    def other_ranks(self) -> dict[int, int]:
        """The last step of every other rank that logged one."""
        return {number: rank.step for number, rank in self._ranks.items() if rank.step is not None}

    @property
    def reported_verdict(self) -> str | None:
        """The verdict of the run's own report, which covers all ranks; None before its end."""
        if not self.standing.over:
            return None
        try:
            told = read_run(self.folder).document("flight_recorder.json")
        except InputError:
            return None
        summary = told.get("summary") if isinstance(told, dict) else None
        verdict = summary.get("verdict") if isinstance(summary, dict) else None
        return verdict if isinstance(verdict, str) else None

    @property
    def torn_now(self) -> bool:
        """Whether a file ends in half a line, as a process that was killed leaves it."""
        return any(tail.has_torn_end for tail in self._tails.values())

    @property
    def last_at(self) -> float | None:
        """When the last step was logged, in seconds since 1970; None before the first."""
        return self._times[-1] if self._times else None

    @property
    def pace(self) -> float | None:
        """Steps per second over the last steps; None where two times do not say it."""
        if len(self._times) < 2 or self._times[-1] <= self._times[0]:
            return None
        return (len(self._times) - 1) / (self._times[-1] - self._times[0])


class _Rank:
    """How far another process of the run is."""

    __slots__ = ("behind", "step", "tail")

    def __init__(self, path: Path) -> None:
        self.tail = Tail(path)
        self.step: int | None = None
        self.behind = False

    def look(self) -> bool:
        news = self.tail.read()
        self.behind = news.more
        row = row_of(news.lines[-1]) if news.lines else None
        step = None if row is None else row.get("step")
        if type(step) is int:
            self.step = step
        return bool(news.lines)


def _standing(folder: Path) -> Standing:
    try:
        record = read_run(folder)
    except InputError:
        return Standing()
    state = record.state or ("running" if record.alive else "unknown")
    name = record.manifest.get("name")
    return Standing(
        state=state,
        alive=record.alive,
        pid=FileLock(folder / lock_file(0)).holder(),
        run_id=record.run_id,
        name=name if isinstance(name, str) else None,
    )
