"""End a run: its documents, its manifest, its passport, its entry in the log.

Each part is written on its own: one that fails becomes a finding, and the others go on.
The order is fixed. Reports come first, since the manifest lists their digests; the passport names
the digest of the final manifest, and the log entry names the passport. The final manifest is
written last of all: before it is there, a killed process or a full disk leaves a run that can be
recovered, never one that is called complete and is not.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import orjson

from provenir.core.clock import Clock, utc_text
from provenir.core.digest import digest_file
from provenir.core.errors import InputError
from provenir.core.findings import Finding
from provenir.governance.evidence import flight_summary, hacking_summary
from provenir.observability.documents import FlightRecorderDocument, HackingReportDocument
from provenir.provenance.fingerprint import Fingerprint
from provenir.provenance.lineage_document import LineageDocument
from provenir.provenance.run_layout import (
    APPENDED,
    MADE_AT_THE_END,
    PASSPORT_PROOF,
    SUPERSEDED,
    rank_files,
)
from provenir.provenance.run_record import read_run
from provenir.tracking.assemble import assemble_bom, assemble_lineage
from provenir.tracking.hashing import hash_artifact
from provenir.tracking.log_entries import log_passport, log_run, prove_passport, sign_log
from provenir.tracking.merging import merge_ranks
from provenir.tracking.open_run import OpenRun, fault_text, note, record, say
from provenir.tracking.ranks import PATIENCE_S, still_writing
from provenir.tracking.training_ledger import closed_ledger, governed_files
from provenir.tracking.vouching import sign_run

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from provenir.attest.keys import Signer
    from provenir.attest.log import LogReceipt
    from provenir.core.document import Document
    from provenir.core.manifest import RunManifest
    from provenir.governance.bom import ModelBOM
    from provenir.governance.passport import ModelPassport
    from provenir.provenance.artifact import ArtifactIdentity
    from provenir.provenance.lineage import LineageGraph

T = TypeVar("T")
_NEEDED: Final = frozenset({*MADE_AT_THE_END, "journal", "manifest"})
FinalStatus = Literal["completed", "failed", "interrupted"]


@dataclass(slots=True)
class ClosedRun:
    """What the end of a run leaves in memory."""

    manifest: RunManifest
    lineage: LineageGraph | None = None
    bom: ModelBOM | None = None
    passport: ModelPassport | None = None


def close_run(
    run: OpenRun,
    *,
    clock: Clock,
    status: FinalStatus,
    signers: Sequence[Signer] = (),
) -> ClosedRun:
    """Write everything that the end of a run writes, and close its folder.

    Args:
        run: The run.
        clock: Where the time of the end comes from.
        status: How it ended.
        signers: Who signs the passport; none for an unsigned run.

    Returns:
        The final manifest, and what else could be made.
    """
    try:
        if run.folder.rank > 0:
            return ClosedRun(run.manifest)
        return _close(run, clock, status, signers)
    finally:
        run.folder.close()


def _close(
    run: OpenRun,
    clock: Clock,
    status: FinalStatus,
    signers: Sequence[Signer],
) -> ClosedRun:
    artifacts = _identify_all(run)
    writing = still_writing(run.folder.path, patience_s=PATIENCE_S if run.live else 0.0)
    for rank in sorted(writing):
        _attempt(run, "journal", partial(note, run, _still_writes(rank)))
    for part in (_refresh, _note_faults, _note_lost, partial(merge_ranks, writing=writing)):
        _attempt(run, "journal", partial(part, run))
    _attempt(run, "journal", lambda: record(run, "end", status=status))
    ended = {"status": status, "ended_at": utc_text(clock.now()), "files": {}}
    closed = ClosedRun(run.manifest.with_changes(**ended, **_seen_at_the_end(run)))
    for name, document in _documents(run, closed, artifacts).items():
        _write(run, name, document)
    files = (
        None if run.unwritten else _attempt(run, "manifest", lambda: _file_digests(run, writing))
    )
    if files is None:
        return _left_to_recover(run, closed)
    run.sealed = True
    closed.manifest = closed.manifest.with_changes(files=files)
    _vouch(run, closed, artifacts, clock, signers)
    # Last: a final manifest says that there is nothing left to do, also to whoever finds a folder
    # whose process was killed on the way here.
    _attempt(run, "manifest", lambda: run.folder.manifests.save(closed.manifest))
    return _left_to_recover(run, closed) if run.unwritten else closed


def _left_to_recover(run: OpenRun, closed: ClosedRun) -> ClosedRun:
    """What there is of a run whose manifest goes on saying `running`: nothing that is signed."""
    if run.live:
        say(
            logging.ERROR,
            f"the run is not complete on disk; make room, then: provenir run recover"
            f" {run.folder.path}",
            run.evidence,
        )
    return replace(closed, manifest=run.manifest, passport=None)


def _documents(
    run: OpenRun, closed: ClosedRun, artifacts: Sequence[ArtifactIdentity]
) -> dict[str, Document]:
    reports = _reports(run)
    closed.lineage = _attempt(
        run,
        "lineage.json",
        lambda: assemble_lineage(
            closed.manifest,
            run.evidence,
            artifacts,
            ledger=closed_ledger(run.folder.path, run.folder.run_id),
        ),
    )
    if closed.lineage is not None:
        reports["lineage.json"] = LineageDocument.model_validate(closed.lineage.to_dict())
    closed.bom = _attempt(run, "bom.json", lambda: _bom(closed.manifest, run, artifacts, reports))
    if closed.bom is not None:
        reports["bom.json"] = closed.bom
    return reports


def _vouch(
    run: OpenRun,
    closed: ClosedRun,
    artifacts: Sequence[ArtifactIdentity],
    clock: Clock,
    signers: Sequence[Signer],
) -> None:
    """Enter the end into the log, sign, and enter the passport into the log."""
    logged = _attempt(run, "log", lambda: log_run(run.log, closed.manifest, clock))
    _note_all(run, logged)
    bom = closed.bom
    if not signers or bom is None:
        return
    vouched = _attempt(
        run,
        "passport",
        lambda: sign_run(
            run,
            bom,
            closed.manifest,
            artifacts=artifacts,
            signers=signers,
            logged=logged,
            clock=clock,
        ),
    )
    if vouched is None:
        return
    closed.passport = vouched.passport
    entered = _attempt(run, "log", lambda: log_passport(run.log, run.folder.run_id, vouched, clock))
    if entered is None:
        return
    note = _attempt(run, "checkpoint", lambda: sign_log(run.log))
    proof = _attempt(run, "log", lambda: prove_passport(run.log, entered, logged, note))
    if proof is not None:
        _write(run, PASSPORT_PROOF, proof)


def _still_writes(rank: int) -> Finding:
    return Finding(
        kind="rank_still_writing",
        severity="warning",
        detail=f"rank {rank} had not ended: its files are not recorded",
        subject=f"rank {rank}",
    )


def _refresh(run: OpenRun) -> None:
    evidence = run.evidence
    if not (evidence.stale or evidence.changing):
        return
    again = evidence.refresh(read_run(run.folder.path))
    what = " and ".join(sorted(again))
    detail = f"a call was interrupted; the report on {what} is from the disk where that holds more"
    note(run, Finding(kind="interrupted_call", severity="info", detail=detail))


def _note_faults(run: OpenRun) -> None:
    for where, count in run.evidence.faults.items():
        lost = Finding(
            kind="incomplete_record",
            severity="warning",
            detail=f"{count} calls of {where} could not be recorded in full",
            subject=where,
            data={"count": count},
        )
        note(run, lost)


def _note_lost(run: OpenRun) -> None:
    for name in run.folder.lost_files():
        lost = Finding(
            kind="lost_record",
            severity="critical",
            detail=f"{name} was removed or replaced by somebody else while the run went on",
            subject=name,
        )
        note(run, lost)


def _note_all(run: OpenRun, receipt: LogReceipt | None) -> None:
    for finding in receipt.findings if receipt is not None else ():
        note(run, finding)


def _seen_at_the_end(run: OpenRun) -> dict[str, Any]:
    """What the loop loaded and set while it ran; only the run's own process can say."""
    if not run.live:
        return {}
    start = Fingerprint.from_dict(run.manifest.fingerprint)
    seen = _attempt(run, "fingerprint", lambda: start.observed_again().to_dict())
    return {} if seen is None else {"fingerprint": seen}


def _attempt(run: OpenRun, what: str, action: Callable[[], T]) -> T | None:
    """Do one part of the end; a fault becomes a finding and the other parts go on."""
    try:
        return action()
    except Exception as fault:  # noqa: BLE001 - one part must not take the others with it
        if what in _NEEDED and isinstance(fault, OSError | InputError):
            run.unwritten.append(what)  # the disk's fault, which a recovery can make good
        finding = Finding(
            kind="closing_fault",
            severity="critical",
            detail=f"{what} could not be written: {fault_text(fault)}",
            subject=what,
        )
        try:
            note(run, finding)
        except Exception:  # noqa: BLE001 - the disk that failed may be the journal's
            run.evidence.finding(finding)
        return None


def _reports(run: OpenRun) -> dict[str, Document]:
    recorder = _attempt(
        run,
        "flight_recorder.json",
        lambda: FlightRecorderDocument.model_validate(run.evidence.recorder.to_dict()),
    )
    hacking = _attempt(
        run,
        "hacking_report.json",
        lambda: HackingReportDocument.model_validate(run.evidence.hacking.report().to_dict()),
    )
    named = {"flight_recorder.json": recorder, "hacking_report.json": hacking}
    return {name: document for name, document in named.items() if document is not None}


def _bom(
    manifest: RunManifest,
    run: OpenRun,
    artifacts: Sequence[ArtifactIdentity],
    reports: dict[str, Document],
) -> ModelBOM:
    return assemble_bom(
        manifest,
        run.evidence,
        artifacts,
        flight=flight_summary(reports["flight_recorder.json"].model_dump(mode="json")),
        hacking=hacking_summary(reports["hacking_report.json"].model_dump(mode="json")),
    )


def _identify_all(run: OpenRun) -> list[ArtifactIdentity]:
    identities: list[ArtifactIdentity] = []
    for body in list(run.evidence.artifacts):
        identity = _attempt(run, f"artifact {body['name']}", partial(_identify, run, body))
        if identity is not None:
            taken = {known.name for known in identities}
            identities.append(replace(identity, name=_free_name(identity.name, taken)))
    return identities


def _free_name(name: str, taken: set[str]) -> str:
    """Tell folders of one name apart: `model`, `model-2` and so on."""
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 2)))
    return next(free for free in names if free not in taken)


def _identify(run: OpenRun, body: dict[str, Any]) -> ArtifactIdentity:
    identity = hash_artifact(run.folder.path / body["path"], body["kind"], progress=run.progress)
    if identity.dir_hash != body["dir_hash"]:
        changed = Finding(
            kind="artifact_changed",
            severity="warning",
            detail=f"{identity.name} changed between log_artifact() and the end of the run",
            subject=identity.name,
        )
        note(run, changed)
    return identity


def _write(run: OpenRun, name: str, document: Document) -> None:
    """Write a document for reading: sorted and indented; its digest is over its canonical bytes."""
    layout = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    data = orjson.dumps(document.model_dump(mode="json"), option=layout)
    _attempt(run, name, lambda: run.folder.write_document(name, data))


def _file_digests(run: OpenRun, writing: Collection[int]) -> dict[str, str]:
    """Digest of every file that the run wrote, the manifest and the passport excepted.

    Other files of such names in the folder are the user's: whoever edits them breaks no run. Those
    of ranks that go on writing would differ from their digest in a moment.
    """
    folder = run.folder.path
    attached = {report["file"] for report in run.evidence.reports}
    reports = [f"reports/{path.name}" for path in sorted((folder / "reports").glob("*.json"))]
    names = [
        *MADE_AT_THE_END,
        *(
            file.name
            for kind in APPENDED
            for rank, file in rank_files(folder, kind).items()
            if rank not in writing and not (rank and file.is_symlink())  # no process's own file
        ),
        *(name for name in reports if name in attached or name.startswith(SUPERSEDED)),
        *governed_files(folder),
    ]
    return {name: digest_file(folder / name) for name in names if (folder / name).is_file()}


__all__ = ["ClosedRun", "FinalStatus", "close_run"]
