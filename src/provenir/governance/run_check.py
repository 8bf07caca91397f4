"""A run folder against its own manifest.

This finds what was changed, lost or cut off. It does not say who made the folder: the manifest is
not signed, and whoever rewrites everything in it leaves no trace here. The signature over the
manifest's digest is in the passport (`provenir.governance.verification`); where a passport lies in
the folder, at least the two are compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.core.errors import DocumentError, EvidenceError, InputError
from provenir.core.files import read_bounded
from provenir.core.manifest import RunManifest
from provenir.governance.ledger_rows import unsigned_ledger
from provenir.governance.model_passport import ModelPassport
from provenir.governance.run_files import RunFiles
from provenir.governance.verdict import Check, Verdict, note_line
from provenir.provenance import run_layout
from provenir.provenance.run_record import read_run

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.governance.ledger_check import Level
    from provenir.provenance.run_record import RunRecord

__all__ = ["verify_run"]


def verify_run(run_dir: str | Path, *, level: Level | None = None) -> Verdict:
    """Check every file of a run folder against the run's manifest.

    Args:
        run_dir: The run folder.
        level: Up to which level its training ledger is asked about; None asks for whatever can be
            decided, where there is a ledger.

    Returns:
        Rows `manifest`, `files` (or one `file:<name>` for each that differs), `passport`, and as
        not checked: files that the manifest does not cover, and the signature; and those of the
        training ledger.

    Raises:
        InputError: There is no run in the folder.
    """
    record = read_run(run_dir)
    files = RunFiles(run_dir)
    manifest, row = _manifest(record)
    checks = [row]
    if manifest is not None:
        checks += _files(files, manifest)
        rows, judged = _passport(files, manifest)
        checks += [*rows, *files.others(manifest, judged=judged)]
    ledger = unsigned_ledger(files.folder, level)
    checks += ledger.checks
    signed = files.path(run_layout.PASSPORT) is not None
    checks.append(
        Check(
            name="signature",
            status="not-checked",
            reason="not-given",
            detail="verify the passport with its key" if signed else "the run is not signed",
        )
    )
    notes = (*ledger.notes, *(() if signed else (note_line("unsigned"),)))
    return Verdict(checks=tuple(checks), notes=notes)


def _manifest(record: RunRecord) -> tuple[RunManifest | None, Check]:
    """Read the newest manifest of the folder, or say why there is none to go by."""
    views = run_layout.manifests_in(record.path)
    if not views:
        detail = "there is no manifest; finish the folder with: provenir run recover"
        return None, Check(
            name="manifest", status="undecided", reason="unfinished-run", detail=detail
        )
    path = views[0].path
    try:
        manifest = RunManifest.read(path)
    except DocumentError as fault:
        return None, _differs(fault.what)
    if path.stem != manifest.run_id:
        return None, _differs(f"{path.name} is the manifest of another run")
    if manifest.status == "running":
        mend = "it is running" if record.alive else "finish it with: provenir run recover"
        return None, Check(
            name="manifest", status="undecided", reason="unfinished-run", detail=mend
        )
    detail = f"run {manifest.run_id}, {manifest.status}"
    return manifest, Check(name="manifest", status="pass", detail=detail)


def _files(files: RunFiles, manifest: RunManifest) -> list[Check]:
    lacking = [name for name in run_layout.MADE_AT_THE_END if name not in manifest.files]
    if manifest.files and not lacking:
        return files.compare("files", manifest.files)
    if manifest.files:
        detail = f"the run ended without {', '.join(lacking)}"
        row = Check(name="documents", status="undecided", reason="unfinished-run", detail=detail)
        return [*files.compare("files", manifest.files), row]
    detail = "the manifest records no file"
    return [Check(name="files", status="undecided", reason="unfinished-run", detail=detail)]


def _passport(files: RunFiles, manifest: RunManifest) -> tuple[list[Check], list[str]]:
    """Compare the folder with the passport that lies in it, its signature unchecked.

    Returns:
        The rows, and the names of the files that they judge.
    """
    path = files.path(run_layout.PASSPORT)
    if path is None:
        return [], []
    try:
        predicate = ModelPassport.from_json(read_bounded(path)).predicate
    except (InputError, EvidenceError) as fault:
        wrong = Check(name="passport", status="fail", reason="malformed", detail=fault.what)
        return [wrong], [run_layout.PASSPORT]
    stated = predicate.manifest
    statements = files.statements(predicate.statements)
    judged = [run_layout.PASSPORT, *statements]
    found = files.digest(f"{run_layout.MANIFESTS}/{manifest.run_id}.json")
    if stated is None or stated.digest != found:
        wrong = _differs("the passport in the folder is for another manifest", name="passport")
        return [wrong], judged
    row = Check(name="passport", status="pass", detail="it names this manifest")
    missing = len(set(predicate.statements) - set(statements.values()))
    if not missing:
        return [row], judged
    detail = f"{missing} that the passport lists are not in the folder"
    lost = Check(name="statements", status="fail", reason="missing-statement", detail=detail)
    return [row, lost], judged


def _differs(detail: str, *, name: str = "manifest") -> Check:
    return Check(name=name, status="fail", reason="manifest-mismatch", detail=detail)
