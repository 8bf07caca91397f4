"""A passport against the run folder that it speaks of.

The passport binds the run's manifest by digest, the manifest binds every file of the run. From
those files the bill of materials is read a second time, and the risk flags and the assurance are
derived again: a signer who writes HEALTHY over a run that was not is found out by whoever holds
the run folder.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from provenir.attest.dsse import MAX_ENVELOPE_BYTES, Envelope
from provenir.core.errors import EvidenceError, InputError
from provenir.core.files import parse_json, read_bounded
from provenir.core.manifest import RunManifest
from provenir.governance.components import (
    EvalComponent,
    FlightSummary,
    HackingSummary,
    RunSummary,
)
from provenir.governance.payload import read_payload
from provenir.governance.risk import RULES_VERSION
from provenir.governance.verdict import Check
from provenir.provenance import run_layout
from provenir.provenance.run_record import read_run

if TYPE_CHECKING:
    from provenir.governance.bom import ModelBOM
    from provenir.governance.predicate import Assurance, PassportPredicate
    from provenir.governance.run_files import RunFiles

__all__ = ["check_run_folder", "flight_summary", "hacking_summary"]

_PASSPORT = "passport.json"
_STEPS = "steps.jsonl"
_JOURNAL = "journal.jsonl"
_FLIGHT = "flight_recorder.json"
_HACKING = "hacking_report.json"


def check_run_folder(
    predicate: PassportPredicate, files: RunFiles
) -> tuple[list[Check], Assurance]:
    """Check what a passport says against its run folder.

    Args:
        predicate: What was signed.
        files: The run folder.

    Returns:
        The rows, and the assurance that the folder establishes.
    """
    stated = predicate.manifest
    reports = {report.name: report.digest for report in predicate.reports}
    checks = files.compare("reports", reports) if reports else []
    if stated is None:
        row = Check(
            name="manifest",
            status="undecided",
            reason="unbound-run",
            detail="sign with manifest= to bind a run folder to its passport",
        )
        return [row, *checks], "declared"
    name = f"{run_layout.MANIFESTS}/{stated.run_id}.json"
    checks = [*_manifest_row(files, name, stated.digest), *checks]
    if any(check.status == "fail" for check in checks):
        return checks, "declared"
    try:
        manifest = RunManifest.from_bytes(files.read(name, stated.digest), where=name)
    except InputError as fault:
        return [*checks, _manifest_fault(fault.what)], "declared"
    checks += files.compare("files", manifest.files)
    checks.append(_agreement(predicate, manifest, files))
    others = files.others(manifest, judged=_verified_here(predicate, files))
    if any(check.status != "pass" for check in checks):
        return [*checks, *others], "declared"
    return [*checks, *others], "L0" if _recorded(files, manifest) else "declared"


def flight_summary(document: Any) -> FlightSummary:
    """The summary that `flight_recorder.json` holds.

    Raises:
        InputError: It holds none.
    """
    try:
        stated = document["summary"]
        return FlightSummary(**{key: stated[key] for key in FlightSummary.model_fields})
    except (KeyError, TypeError, ValidationError) as fault:
        raise InputError("no summary of a flight recorder in it", where=_FLIGHT) from fault


def hacking_summary(document: Any) -> HackingSummary:
    """The summary that `hacking_report.json` holds.

    Raises:
        InputError: It holds none.
    """
    stated = ("num_trajectories", "hacking_rate", "is_clean", "by_kind", "not_examined")
    try:
        severities = Counter(signal["severity"] for signal in document["signals"])
        return HackingSummary(
            **{key: document[key] for key in stated}, by_severity=dict(sorted(severities.items()))
        )
    except (KeyError, TypeError, ValidationError) as fault:
        raise InputError("no hacking report in it", where=_HACKING) from fault


def _agreement(predicate: PassportPredicate, manifest: RunManifest, files: RunFiles) -> Check:
    """Read the bill of materials from the folder again and compare what follows from it."""
    bom = predicate.bom
    for name, stated in ((_FLIGHT, bom.flight), (_HACKING, bom.hacking)):
        if stated is not None and name not in manifest.files:
            detail = f"the manifest records no {name}, which the bill of materials sums up"
            return Check(name="evidence", status="fail", reason="missing-report", detail=detail)
    try:
        covered = [name for name in (_FLIGHT, _HACKING) if name in manifest.files]
        read = {
            name: parse_json(files.read(name, manifest.files[name]), where=name) for name in covered
        }
        flight = flight_summary(read[_FLIGHT]) if _FLIGHT in read else None
        hacking = hacking_summary(read[_HACKING]) if _HACKING in read else None
    except InputError as fault:
        return _disagreement(f"{fault.where}: {fault.what}")
    differences = [
        *_manifest_differences(bom, manifest),
        *(["what the flight recorder saw"] if bom.flight not in (None, flight) else []),
        *(["what the hacking report says"] if bom.hacking not in (None, hacking) else []),
    ]
    evident = bom.model_copy(
        update={
            "flight": flight or bom.flight,
            "hacking": hacking or bom.hacking,
            "run": bom.run or RunSummary(name=manifest.name or "run", status=manifest.status),
            **_journal_facts(bom, manifest, files),
        }
    )
    known_rules = predicate.risk_rules <= RULES_VERSION
    flags = evident.risk_flags(predicate.risk_rules)
    if known_rules and flags != list(predicate.risk_flags):
        differences.append(f"the risk flags are {', '.join(flags) or 'none'}")
    if differences:
        return _disagreement("the run folder says otherwise: " + "; ".join(differences))
    if not known_rules:
        return Check(name="evidence", status="undecided", reason="newer-rules")
    return Check(name="evidence", status="pass", detail="the run folder gives the same flags")


def _manifest_differences(bom: ModelBOM, manifest: RunManifest) -> list[str]:
    """Name the facts that the bill of materials states otherwise than the manifest."""
    run, code = bom.run, bom.code
    pairs: list[tuple[str, str | None, str | None]] = [("run id", bom.run_id, manifest.run_id)]
    if run is not None:
        pairs += [
            ("status", run.status, manifest.status),
            ("start", run.started_at or manifest.started_at, manifest.started_at),
            ("end", run.ended_at or manifest.ended_at, manifest.ended_at),
            ("config hash", run.config_hash or manifest.config_hash, manifest.config_hash),
        ]
        if run.seed is not None and run.seed != manifest.seed:
            pairs.append(("seed", str(run.seed), str(manifest.seed)))
    if code is not None and code.git_sha is not None:
        pairs.append(("commit", code.git_sha, manifest.git_sha or "unknown"))
    if code is not None and code.dependencies_hash is not None:
        pairs.append(("packages", code.dependencies_hash, manifest.dependencies_lockfile))
    differences = [f"{what} {found}, not {said}" for what, said, found in pairs if said != found]
    hashes = {part.content_hash for part in bom.data if part.content_hash is not None}
    if manifest.dataset_hash is not None and hashes and manifest.dataset_hash not in hashes:
        differences.append(f"dataset {manifest.dataset_hash} is not among the data")
    return differences


def _journal_facts(bom: ModelBOM, manifest: RunManifest, files: RunFiles) -> dict[str, Any]:
    """The parts of the bill of materials, with what the run's journal says against them."""
    if _JOURNAL not in manifest.files:
        return {}
    dirty = False
    contaminated: dict[str, EvalComponent] = {}
    for record in read_run(files.folder).journal():
        name = record.get("benchmark")
        if record.get("type") == "start":
            dirty = record.get("dirty") is True
        elif record.get("contaminated") is True and isinstance(name, str) and name:
            contaminated[name] = EvalComponent(benchmark=name, score=None, contaminated=True)
    facts: dict[str, Any] = {"evals": (*bom.evals, *contaminated.values())}
    if dirty and bom.code is not None:
        facts["code"] = bom.code.model_copy(update={"dirty": True})
    return facts


def _recorded(files: RunFiles, manifest: RunManifest) -> bool:
    """Whether metrics were recorded: steps that the manifest covers, and at least one of them."""
    covered = manifest.files.keys() >= {_STEPS, _FLIGHT}
    return covered and next(read_run(files.folder).steps(), None) is not None


def _verified_here(predicate: PassportPredicate, files: RunFiles) -> tuple[str, ...]:
    """The passport in the run folder, when it says what the one that is verified says."""
    path = files.path(_PASSPORT)
    if path is None:
        return ()
    try:
        data = read_bounded(path, max_bytes=MAX_ENVELOPE_BYTES, follow_symlinks=False)
        stated = read_payload(Envelope.parse(data, where=_PASSPORT))[1]
    except (EvidenceError, InputError):
        return ()  # another one, or none: it is listed as not checked
    return (_PASSPORT,) if stated == predicate else ()


def _manifest_row(files: RunFiles, name: str, expected: str) -> list[Check]:
    found = files.digest(name)
    if found == expected:
        return [Check(name="manifest", status="pass", detail="the one that was signed for")]
    if found is None:
        detail, reason = f"{name} is not in the folder", "missing-report"
    else:
        detail, reason = f"{name} is not the one that was signed for", "manifest-mismatch"
    return [Check(name="manifest", status="fail", reason=reason, detail=detail)]


def _manifest_fault(detail: str) -> Check:
    return Check(name="manifest", status="fail", reason="manifest-mismatch", detail=detail)


def _disagreement(detail: str) -> Check:
    return Check(name="evidence", status="fail", reason="flags-mismatch", detail=detail)
