"""The records of several processes in one order, in memory that does not grow with the run.

The steps of one process are put into order as they are read. A row may be out of its place by a few
rows, as a logger in another thread leaves it, and is put back. A row that is further behind begins
a new lap when the next one is behind as well: the loop counts anew, as a second phase of training
does; else it is taken where it stands. A new part begins where rank 0
was resumed. Steps that carry one number within a lap are told apart by their turn. So nothing is
dropped, and what belongs together has the same `Place` in every process's file.

Clocks decide two things only: to which part a row belongs, and in which order rollouts are judged.
"""

from __future__ import annotations

import heapq
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from provenir.core.clock import parse_utc
from provenir.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from provenir.provenance.run_record import RunRecord

__all__ = ["Place", "joined_rollouts", "joined_steps", "placed"]

Row = dict[str, Any]
Resumption = tuple[str, int]
"""A time, and the number of the part that began then, from 1."""

AHEAD: Final = 8
"""Rows that are held back to put those behind them into order."""


class Place(NamedTuple):
    """Where a step stands in a run; the order of places is the order of the run.

    Attributes:
        part: How often the run had been resumed.
        lap: How often the loop had begun to count anew in this part.
        step: The step number.
        turn: How many rows with this number came before in this lap.
    """

    part: int
    lap: int
    step: int
    turn: int


def joined_steps(record: RunRecord, ranks: Iterable[int]) -> Iterator[tuple[Place, dict[int, Row]]]:
    """Yield every place at which some rank logged, with the rows of all ranks that did.

    Args:
        record: The run folder.
        ranks: Whose files are read. Each is open while this goes on.
    """
    streams = [
        _of_rank(placed(record.steps(rank), resumptions(record, rank)), rank) for rank in ranks
    ]
    for place, rows in groupby(heapq.merge(*streams, key=itemgetter(0, 1)), key=itemgetter(0)):
        yield place, {rank: row for _, rank, row in rows}


def joined_rollouts(record: RunRecord, ranks: Iterable[int]) -> Iterator[tuple[int, Row]]:
    """Yield the rollouts of all ranks with their rank, by the time at which each was logged."""
    streams = [_by_time(record.trajectories(rank), rank) for rank in ranks]
    for _, rank, row in heapq.merge(*streams, key=itemgetter(0, 1)):
        yield rank, row


def resumptions(record: RunRecord, rank: int) -> list[Resumption]:
    """When a rank went on with the run, and which part of the run began for it then.

    The parts are those of rank 0. A rank tells them by its own clock: each time at which it went
    on belongs to the nearest one of rank 0.
    """
    led = _resumed_at(record, 0)
    own = _resumed_at(record, rank) if led else []
    if rank == 0 or not own:
        return [(at, part) for part, at in enumerate(led, start=1)]
    begun = [_seconds(at) for at in led]
    found: list[Resumption] = []
    for at in own:
        nearest = min(range(len(begun)), key=lambda n: abs(begun[n] - _seconds(at)))
        found.append((at, nearest + 1))
    return found


def _resumed_at(record: RunRecord, rank: int) -> list[str]:
    rows = (row.get("time") for row in record.journal(rank) if row.get("type") == "resume")
    return sorted(time for time in rows if isinstance(time, str))


def _seconds(time: str) -> float:
    try:
        return parse_utc(time).timestamp()
    except InputError:
        return 0.0  # somebody changed the journal


def placed(rows: Iterable[Row], resumed: Sequence[Resumption] = ()) -> Iterator[tuple[Place, Row]]:
    """Put the rows of one file into order; places only ever grow.

    Args:
        rows: Step records as they lie in the file.
        resumed: When the run was resumed and which part began then, in order.
    """
    ahead: list[tuple[int, int, Row]] = []
    part = lap = 0
    last = Place(0, 0, -1, -1)
    for arrived, (step, row, following) in enumerate(_looked_ahead(rows)):
        now = max(part, _part_of(row, resumed))
        is_behind = last[:2] == (part, lap) and step < last.step
        if now > part or (is_behind and following < last.step):
            for place, held in _emptied(ahead, part, lap, last):
                last = place
                yield place, held
            part, lap = (now, 0) if now > part else (part, lap + 1)
        elif is_behind:
            step = last.step  # a straggler: the next row goes on as before
        heapq.heappush(ahead, (step, arrived, row))
        if len(ahead) > AHEAD:
            first, _, held = heapq.heappop(ahead)
            last = _next_place(last, part, lap, first)
            yield last, held
    yield from _emptied(ahead, part, lap, last)


def _emptied(
    ahead: list[tuple[int, int, Row]], part: int, lap: int, last: Place
) -> Iterator[tuple[Place, Row]]:
    while ahead:
        step, _, row = heapq.heappop(ahead)
        last = _next_place(last, part, lap, step)
        yield last, row


def _next_place(last: Place, part: int, lap: int, step: int) -> Place:
    turn = last.turn + 1 if last[:3] == (part, lap, step) else 0
    return Place(part, lap, step, turn)


def _looked_ahead(rows: Iterable[Row]) -> Iterator[tuple[int, Row, int]]:
    """Yield each row with its step and that of the row behind it, -1 where there is none."""
    waiting: tuple[int, Row] | None = None
    for row in rows:
        step = _step_of(row, 0 if waiting is None else waiting[0] + 1)
        if waiting is not None:
            yield *waiting, step
        waiting = (step, row)
    if waiting is not None:
        yield *waiting, -1


def _step_of(row: Mapping[str, Any], expected: int) -> int:
    step = row.get("step")
    return step if type(step) is int else expected


def _part_of(row: Mapping[str, Any], resumed: Sequence[Resumption]) -> int:
    time = row.get("time")
    if not resumed or not isinstance(time, str):
        return 0
    return max((part for begun, part in resumed if time >= begun), default=0)


def _of_rank(rows: Iterator[tuple[Place, Row]], rank: int) -> Iterator[tuple[Place, int, Row]]:
    return ((place, rank, row) for place, row in rows)


def _by_time(rows: Iterable[Row], rank: int) -> Iterator[tuple[str, int, Row]]:
    """Times never go back within a file, so that its own order is kept."""
    latest = ""
    for row in rows:
        time = row.get("time")
        if isinstance(time, str):
            latest = max(latest, time)
        yield latest, rank, row
