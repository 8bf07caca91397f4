"""Finish the folder of a run whose process died.

The records on disk are applied in the order in which the live run applied them, then the run is
closed as `interrupted`. Nothing is signed: the key was the dead process's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.core.clock import Clock, SystemClock
from provenir.core.digest import digest_bytes
from provenir.core.errors import InputError
from provenir.core.findings import Finding
from provenir.provenance.run_folder import RunFolder
from provenir.provenance.run_layout import PASSPORT, PASSPORT_PAGE, PASSPORT_PROOF, SUPERSEDED
from provenir.provenance.run_record import RunRecord, read_run
from provenir.tracking.closing import close_run
from provenir.tracking.evidence import Evidence
from provenir.tracking.journal import Journal
from provenir.tracking.log_entries import remembered_log
from provenir.tracking.open_run import OpenRun, note

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from provenir.core.manifest import RunManifest


def recover_run(
    path: Path | str,
    *,
    clock: Clock | None = None,
    progress: Callable[[int], None] | None = None,
) -> RunManifest:
    """Build all documents of a dead run from what it had written; status `interrupted`.

    Args:
        path: The run folder.
        clock: Where the time of the recovery comes from.
        progress: Called with the bytes of artifacts that were read since the last call.

    Returns:
        The final manifest; of a run that has ended already, its manifest as it is; files
        that a killed process had begun to move aside are put back.

    Raises:
        LockedError: if the run is alive.
        InputError: if the folder holds no run, or one without a readable manifest, or if a
            document could not be written.
    """
    folder = RunFolder.reopen(path)
    try:
        record = read_run(folder.path)
        manifest = folder.manifests.load(folder.run_id)
        if manifest.status != "running":
            folder.put_back()
            return manifest
        clock = clock or SystemClock()
        set_aside_passport(folder)
        evidence = read_evidence(record)
        run = OpenRun(
            folder,
            manifest,
            evidence,
            Journal(folder, evidence, clock),
            log=remembered_log(folder.path, evidence.start.get("workspace"), folder.run_id),
            live=False,
            progress=progress,
        )
        for finding in torn_findings(record):
            note(run, finding)
        manifest = close_run(run, clock=clock, status="interrupted").manifest
    finally:
        folder.close()
    if run.unwritten:
        raise InputError(
            f"the recovery is not complete: {', '.join(run.unwritten)} could not be written",
            where=str(path),
            mend="make room or give write access, then recover again",
        )
    return manifest


def read_evidence(record: RunRecord, rank: int = 0) -> Evidence:
    """The evidence that one process of a run had gathered, from the files."""
    evidence = Evidence()
    for entry in record.journal():
        evidence.journal(entry)
    for step in record.steps(rank):
        evidence.stored_step(step)
    evidence.stored_trajectories(record, rank)
    return evidence


def set_aside_passport(folder: RunFolder) -> None:
    """Keep the passport of an earlier part of a run where the new manifest binds it.

    A run that is not over has none of its own: it is from before the run was resumed.
    """
    old = folder.path / PASSPORT
    if old.is_file():
        data = old.read_bytes()
        kept = f"{SUPERSEDED}{digest_bytes(data).rpartition(':')[2][:8]}.json"
        folder.write_document(kept, data)
    for name in (PASSPORT, PASSPORT_PAGE, PASSPORT_PROOF):
        (folder.path / name).unlink(missing_ok=True)


def torn_findings(record: RunRecord) -> list[Finding]:
    """One finding per file whose last line the end of the process cut short."""
    return [
        Finding(
            kind="torn_line",
            severity="info",
            detail=f"{count} line of {name} was cut short and is left out",
            subject=name,
        )
        for name, count in record.torn_lines().items()
        if count
    ]
