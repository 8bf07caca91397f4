"""The processes of one distributed run: which one this is, and whether the others have ended.

Every rank writes its own files into the folder of the run; the end of the run merges them
(`provenir.tracking.merging`).
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, Final

from provenir.provenance.run_layout import lock_file
from provenir.provenance.run_record import is_held

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["process_place", "still_writing"]

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
_RANK_LOCK: Final = re.compile(r"run\.rank([1-9][0-9]{0,5})\.lock")


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
    ranks = _locked(folder)
    deadline = time.monotonic() + patience_s
    while ranks := {rank for rank in ranks if is_held(folder / lock_file(rank))}:
        if time.monotonic() >= deadline:
            break
        time.sleep(_POLL_S)
    return frozenset(ranks)


def _locked(folder: Path) -> set[int]:
    """Ranks above 0 that have been here; one that has just begun has nothing but its lock."""
    names = (_RANK_LOCK.fullmatch(path.name) for path in folder.glob("run.rank*.lock"))
    return {int(name[1]) for name in names if name}
