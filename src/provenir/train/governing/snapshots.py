"""What a snapshot holds besides the trainer's own files, and which ones the ledger knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from provenir.core.digest import digest_bytes, digest_file
from provenir.core.errors import InputError
from provenir.core.files import atomic_write, parse_json, read_bounded
from provenir.provenance.ledger.lines import line_bytes
from provenir.provenance.ledger.reader import read_records
from provenir.provenance.ledger.records import Snapshot
from provenir.train.governing.rng import rng_digest

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.train.governing.governor import Governor

__all__ = ["FILES", "STATE", "known_snapshots", "read_state", "take_snapshot"]

STATE: Final = "governance.json"
"""The governor's state: what was seen so far of memorization, spikes and starvation."""

FILES: Final = "snapshot.json"
"""The list of the snapshot's files; the ledger states its digest."""

_MAX_STATE_BYTES: Final = 1 << 30


def take_snapshot(governor: Governor, folder: Path) -> None:
    """Add the governor's state to a saved folder, list its files, and enter it into the ledger.

    Args:
        governor: Between two steps, the last of which ended a segment.
        folder: Where weights, optimizer, scheduler and generators were just saved.

    Raises:
        UsageError: The last step did not end a segment.
        OSError: The disk refuses it.
    """
    atomic_write(folder / STATE, orjson.dumps(governor.state()))
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != FILES
    )
    listed = [{"name": name, "sha256": digest_file(folder / name)} for name in names]
    line = line_bytes({"schema_version": "snapshot-files/1", "files": listed})
    atomic_write(folder / FILES, line)
    writer = governor.writer
    writer.snapshot(
        time=writer.stamp(governor.governance.clock.now()),
        param_root=governor.param_root(),
        opt_root=governor.optimizer_root(),
        rng_digest=rng_digest(),
        files=digest_bytes(line),
    )


def read_state(folder: Path) -> dict[str, Any]:
    """The governor's state of a snapshot.

    Raises:
        InputError: The folder holds none: it was not saved by a governed training.
    """
    data = read_bounded(folder / STATE, max_bytes=_MAX_STATE_BYTES)
    state = parse_json(data, where=str(folder / STATE), doubles=True)
    if not isinstance(state, dict) or type(state.get("step")) is not int:
        raise InputError("not a governor's state", where=str(folder / STATE))
    return state


def known_snapshots(governed: Path) -> dict[int, Snapshot]:
    """The snapshots that a ledger knows, by the step that each is after.

    Raises:
        InputError: A line of the ledger cannot be read.
    """
    records = (placed.record for placed in read_records(governed))
    return {record.step: record for record in records if isinstance(record, Snapshot)}
