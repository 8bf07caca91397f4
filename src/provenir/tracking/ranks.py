"""The processes of one distributed run: which one this is, and what rank 0 says of the others.

Every rank writes its own files into the folder of the run. Only those of rank 0 are watched and
judged, so the end of the run says what the others left there, or that they left nothing.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from provenir.core.findings import Finding
from provenir.provenance.run_layout import STEPS, TRAJECTORIES, lock_file, rank_files
from provenir.provenance.run_record import is_held
from provenir.tracking.open_run import note

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from provenir.tracking.open_run import OpenRun

__all__ = ["note_other_ranks", "process_place", "still_writing"]

LAUNCHERS: Final = (
    ("RANK", "WORLD_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
)
RENDEZVOUS: Final = "MASTER_ADDR"
"""What processes that train together need; tasks of one Slurm job may have nothing in common."""
PATIENCE_S: Final = 5.0
_POLL_S: Final = 0.05
_MOST_NAMED: Final = 8


def process_place() -> tuple[int, int | None]:
    """This process's rank and the number of processes, None where only the rank is known.

    Under torchrun and accelerate; under Slurm and MPI where the processes are to find each other;
    (0, 1) elsewhere.
    """
    for rank_variable, size_variable in LAUNCHERS:
        rank, size = os.environ.get(rank_variable, ""), os.environ.get(size_variable, "")
        if not rank.isdecimal() or (rank_variable != "RANK" and not os.environ.get(RENDEZVOUS)):
            continue
        number = int(size) if size.isdecimal() else None
        return (0, 1) if number == 1 else (int(rank), number)
    return 0, 1


def still_writing(folder: Path, *, patience_s: float) -> frozenset[int]:
    """Ranks above 0 that hold their lock, after giving them a while to end."""
    ranks = {rank for kind in (STEPS, TRAJECTORIES) for rank in rank_files(folder, kind) if rank}
    deadline = time.monotonic() + patience_s
    while ranks := {rank for rank in ranks if is_held(folder / lock_file(rank))}:
        if time.monotonic() >= deadline:
            break
        time.sleep(_POLL_S)
    return frozenset(ranks)


def note_other_ranks(run: OpenRun) -> None:
    """Have the reports say which processes' records they do not cover.

    Raises:
        OSError: The disk refuses the journal's line.
    """
    folder, evidence = run.folder.path, run.evidence
    steps = {rank for rank in rank_files(folder, STEPS) if rank}
    rollouts = {rank for rank in rank_files(folder, TRAJECTORIES) if rank}
    size = evidence.start.get("world_size")
    world = set(range(1, size)) if type(size) is int and 0 < size < 2**20 else set()
    if steps:
        evidence.recorder.miss(f"those of {_named(steps)} are in the folder and were not watched")
    if rollouts:
        evidence.hacking.miss(f"those of {_named(rollouts)} are in the folder and were not judged")
    silent = world - rollouts
    if silent and (rollouts or evidence.trajectories):
        evidence.hacking.miss(f"{_named(silent)} of {size} logged none here")
    if steps or rollouts or (silent and evidence.trajectories):
        note(run, _OTHERS)


def _named(ranks: Collection[int]) -> str:
    shown = ", ".join(str(rank) for rank in sorted(ranks)[:_MOST_NAMED])
    more = f" and {len(ranks) - _MOST_NAMED} more" if len(ranks) > _MOST_NAMED else ""
    return f"rank {shown}{more}" if len(ranks) == 1 else f"ranks {shown}{more}"


_OTHERS: Final = Finding(
    kind="other_ranks",
    severity="warning",
    detail="the reports cover the records of rank 0 alone",
)
