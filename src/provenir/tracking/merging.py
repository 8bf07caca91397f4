"""At the end of a run, the records of all its processes as those of one run.

Rank 0 sees its own values while the run goes on. At the end, live and in a recovery alike, the
steps of all ranks are read again from the disk, joined and judged once, so that a channel that is
logged by a hundred ranks raises no more false alarms than one. What only single ranks show is said
in findings that name them.

What the merge may not do is forget. Where the disk holds less of rank 0 than was watched or judged
while it lived, that stays as it is, and the report names the ranks that it does not cover. Ranks
that have not ended are left out: their files are not recorded either.

A `group_id` is one process's own: groups of one name on two ranks are two groups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.core.clock import parse_utc
from provenir.core.errors import InputError
from provenir.core.findings import Finding
from provenir.observability.detectors.registry import NONFINITE
from provenir.observability.hacking import HackingMonitor
from provenir.observability.metrics import read_step
from provenir.observability.recorder import FlightRecorder
from provenir.provenance.run_layout import STEPS, TRAJECTORIES, rank_files
from provenir.provenance.run_record import read_run
from provenir.tracking.open_run import note
from provenir.tracking.rank_streams import joined_rollouts, joined_steps
from provenir.tracking.rank_values import merge_readings, ranks_text
from provenir.tracking.rank_watch import RankWatch
from provenir.tracking.records import judged_trajectory, seen_by_recorder

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from provenir.provenance.run_record import RunRecord
    from provenir.tracking.evidence import Evidence
    from provenir.tracking.open_run import OpenRun

__all__ = ["merge_ranks", "merge_steps"]

MOST_RANKS: Final = 128
"""Files that are read at the same time, of each kind; each takes a buffer and a descriptor."""


def merge_ranks(run: OpenRun, writing: Collection[int]) -> None:
    """Have the reports of a run cover all its processes.

    Args:
        run: The run, all of whose records are on disk.
        writing: Ranks that have not ended.

    Raises:
        OSError: The disk refuses the journal's line.
    """
    folder, evidence = run.folder.path, run.evidence
    steps, more_steps = _to_merge(folder, STEPS, writing)
    rollouts, more_rollouts = _to_merge(folder, TRAJECTORIES, writing)
    record = read_run(folder)
    watch = RankWatch()
    if steps - {0}:
        merge_steps(record, evidence, steps, watch)
    if rollouts - {0}:
        _merge_rollouts(record, evidence, rollouts)
    if more_steps:
        evidence.recorder.miss(f"those of {ranks_text(more_steps)} were not watched")
    if more_rollouts:
        evidence.hacking.miss(f"those of {ranks_text(more_rollouts)} were not judged")
    _miss_silent(evidence, rollouts | more_rollouts)
    merged = steps | rollouts
    if merged - {0}:
        note(run, _merged(merged | {0}, watch, evidence))
    for finding in watch.findings():
        note(run, finding)


def _to_merge(folder: Path, kind: str, writing: Collection[int]) -> tuple[set[int], set[int]]:
    """The ranks whose records of a kind are merged, and those whose are not."""
    ranks = list(rank_files(folder, kind))
    ended = {rank for rank in ranks if rank not in writing}
    merged = set(sorted(ended)[:MOST_RANKS])
    return merged, set(ranks) - merged


def merge_steps(record: RunRecord, evidence: Evidence, ranks: set[int], watch: RankWatch) -> None:
    """Judge the joined steps of ranks once, in place of what rank 0 saw of its own.

    Args:
        record: The run folder.
        evidence: What rank 0 gathered.
        ranks: Whose steps are joined.
        watch: Follows the single ranks meanwhile.
    """
    recorder = FlightRecorder(evidence.recorder.config)
    for place, rows in joined_steps(record, sorted(ranks)):
        readings = {rank: read_step(seen_by_recorder(row)) for rank, row in rows.items()}
        merged = merge_readings(place.step, readings)
        recorder.log_step(merged.metrics)
        for channel, faulty in merged.faulty.items():
            recorder.explain(NONFINITE, channel, _who(faulty))
        watch.see(place, readings, _times(rows))
    if empty := {rank for rank in ranks - {0} if not watch.rows(rank)}:
        for one in (evidence.recorder, recorder):
            one.miss(f"of {ranks_text(empty)} no step could be read")
    if watch.rows(0) >= evidence.recorder.num_steps:
        evidence.recorder = recorder
        return
    others = ranks_text(ranks - {0})
    evidence.recorder.miss(f"those of {others} were not watched: the disk has fewer of rank 0")


def _merge_rollouts(record: RunRecord, evidence: Evidence, ranks: set[int]) -> None:
    """Judge the rollouts of all ranks in the order in which they came.

    A report made anew sees texts that reached the disk; where it may have been told more while the
    run lived, rank 0's stays and the others are added to it.
    """
    anew = HackingMonitor(gap=evidence.hacking.gap)
    is_whole = evidence.modes <= {"all"} and 0 in ranks
    held = 0
    if is_whole:
        held = sum(1 for _ in record.trajectories(0))
    again = is_whole and held >= evidence.hacking.num_trajectories
    monitor = anew if again else evidence.hacking
    kept, numbers = dict.fromkeys(ranks, 0), dict.fromkeys(ranks, 0)
    for rank, row in joined_rollouts(record, sorted(ranks if again else ranks - {0})):
        kept[rank] += 1
        number = row.get("number")
        numbers[rank] = max(numbers[rank] + 1, number + 1 if type(number) is int else 0)
        if (rollout := judged_trajectory(row)) is not None:
            told = _of_rank(rollout, rank)
            monitor.add(told, reading=row.get("reading"), rank=rank)
    for rank in sorted(ranks - {0}):
        if not kept[rank]:
            monitor.miss(f"of rank {rank} no rollout could be read")
        elif kept[rank] < numbers[rank]:
            monitor.miss(f"{kept[rank]} of {numbers[rank]} rollouts of rank {rank} were kept")
    if again and held < evidence.trajectories:
        monitor.miss(f"{held} of {evidence.trajectories} rollouts of rank 0 were kept")
    evidence.hacking = monitor


def _of_rank(rollout: Mapping[str, Any], rank: int) -> Mapping[str, Any]:
    """A rollout whose group is told from those of other ranks."""
    group = rollout.get("group_id")
    if rank == 0 or group is None:
        return rollout
    return {**rollout, "group_id": f"rank {rank}: {group}"}


def _miss_silent(evidence: Evidence, heard: set[int]) -> None:
    """Say which processes logged no rollout here though this run has some."""
    size = evidence.start.get("world_size")
    world = set(range(1, size)) if type(size) is int and 0 < size < 2**20 else set()
    silent = world - heard
    if silent and (heard - {0} or evidence.trajectories):
        evidence.hacking.miss(f"{ranks_text(silent)} of {size} logged none here")


def _merged(ranks: set[int], watch: RankWatch, evidence: Evidence) -> Finding:
    """What was merged, in one line for the journal."""
    until = "".join(f", rank {rank} until step {step}" for rank, step in watch.stopped().items())
    rollouts = evidence.hacking.num_trajectories
    detail = f"{ranks_text(ranks)}: {watch.steps} steps{until}; {rollouts} rollouts"
    return Finding(
        kind="ranks_merged",
        severity="info",
        detail=detail,
        subject=f"{watch.steps} steps, {rollouts} rollouts",
        data={"ranks": sorted(ranks), "steps": watch.steps, "rollouts": rollouts},
    )


def _who(ranks: tuple[int, ...]) -> dict[str, Any]:
    return {"rank": ranks[0], **({"ranks": list(ranks)} if len(ranks) > 1 else {})}


def _times(rows: Mapping[int, Mapping[str, Any]]) -> dict[int, float]:
    """When each rank logged, in seconds; of a lone rank nothing follows from it."""
    times: dict[int, float] = {}
    for rank, row in rows.items() if len(rows) > 1 else ():
        try:
            times[rank] = parse_utc(str(row.get("time"))).timestamp()
        except InputError:
            continue  # somebody changed the file: nothing is said of this row's time
    return times
