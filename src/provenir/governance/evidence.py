"""A passport against the run folder that it speaks of.

The passport binds the run's manifest by digest, the manifest binds every file of the run. From
those files the bill of materials is read a second time, and the risk flags and the assurance are
derived again: a signer who writes HEALTHY over a run that was not is found out by whoever holds
the run folder.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson
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
from provenir.governance.predicate import derived_flags
from provenir.governance.run_facts import compare_facts, journal_facts
from provenir.governance.run_files import shown_names
from provenir.governance.verdict import Check
from provenir.provenance import run_layout
from provenir.provenance.run_record import row_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from provenir.governance.bom import ModelBOM
    from provenir.governance.predicate import Assurance, PassportPredicate
    from provenir.governance.run_facts import JournalFacts
    from provenir.governance.run_files import RunFiles

__all__ = ["check_run_folder", "flight_summary", "hacking_summary"]

_PASSPORT = "passport.json"
_STEPS = "steps.jsonl"
_JOURNAL = "journal.jsonl"
_FLIGHT = "flight_recorder.json"
_HACKING = "hacking_report.json"


def check_run_folder(
    predicate: PassportPredicate, files: RunFiles, *, judged: Iterable[str] = ()
) -> tuple[list[Check], Assurance]:
    """Check what a passport says against its run folder.

    Args:
        predicate: What was signed.
        files: The run folder.
        judged: Names of files in it that have a row of their own.

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
    agreement, uncovered = _agreement(predicate, manifest, files)
    checks.append(agreement)
    here = (*judged, *_verified_here(predicate, files), *files.statements(predicate.statements))
    others = files.others(manifest, judged=here)
    others += _word_only(uncovered)
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
        fields = {key: stated[key] for key in FlightSummary.model_fields}
        return FlightSummary.model_validate_json(orjson.dumps(fields), strict=True)
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
        fields = {key: document[key] for key in stated}
        fields["by_severity"] = dict(sorted(severities.items()))
        return HackingSummary.model_validate_json(orjson.dumps(fields), strict=True)
    except (KeyError, TypeError, ValidationError) as fault:
        raise InputError("no hacking report in it", where=_HACKING) from fault


def _agreement(
    predicate: PassportPredicate, manifest: RunManifest, files: RunFiles
) -> tuple[Check, list[str]]:
    """Read the bill of materials from the folder again and compare what follows from it.

    Returns:
        The row, and the fields that nothing in the folder speaks of.
    """
    bom = predicate.bom
    for name, stated in ((_FLIGHT, bom.flight), (_HACKING, bom.hacking)):
        if stated is not None and name not in manifest.files:
            detail = f"the manifest records no {name}, which the bill of materials sums up"
            row = Check(name="evidence", status="fail", reason="missing-report", detail=detail)
            return row, []
    try:
        covered = [name for name in (_FLIGHT, _HACKING) if name in manifest.files]
        read = {
            name: parse_json(files.read(name, manifest.files[name]), where=name) for name in covered
        }
        flight = flight_summary(read[_FLIGHT]) if _FLIGHT in read else None
        hacking = hacking_summary(read[_HACKING]) if _HACKING in read else None
        facts = journal_facts(_rows(files, manifest, _JOURNAL))
    except InputError as fault:
        return _disagreement(f"{fault.where}: {fault.what}"), []
    compared = compare_facts(bom, manifest, facts)
    differences = [
        *compared.differences,
        *(["what the flight recorder saw"] if bom.flight not in (None, flight) else []),
        *(["what the hacking report says"] if bom.hacking not in (None, hacking) else []),
    ]
    evident = bom.model_copy(
        update={
            "flight": flight or bom.flight,
            "hacking": hacking or bom.hacking,
            "run": bom.run or RunSummary(name=manifest.name or "run", status=manifest.status),
            **_against_it(bom, facts),
        }
    )
    flags = derived_flags(predicate, evident)
    if flags is not None and flags != list(predicate.risk_flags):
        differences.append(f"the risk flags are {', '.join(flags) or 'none'}")
    if differences:
        return _disagreement("the run folder says otherwise: " + "; ".join(differences)), []
    if flags is None:
        row = Check(name="evidence", status="undecided", reason="newer-rules")
    else:
        row = Check(name="evidence", status="pass", detail="the run folder gives the same flags")
    return row, compared.uncovered


def _against_it(bom: ModelBOM, facts: JournalFacts) -> dict[str, Any]:
    """Parts of the bill of materials, with what the journal holds against them."""
    found = [
        EvalComponent(benchmark=name, score=None, contaminated=True) for name in facts.contaminated
    ]
    parts: dict[str, Any] = {"evals": (*bom.evals, *found)}
    if facts.dirty and bom.code is not None:
        parts["code"] = bom.code.model_copy(update={"dirty": True})
    return parts


def _word_only(fields: list[str]) -> list[Check]:
    """Name what nothing in the run folder speaks of: it may be so, and it is not shown."""
    if not fields:
        return []
    detail = f"the signer's word, of which the run says nothing: {shown_names(fields, shown=20)}"
    row = Check(name="other facts", status="not-checked", reason="not-recorded", detail=detail)
    return [row]


def _recorded(files: RunFiles, manifest: RunManifest) -> bool:
    """Whether metrics were recorded: steps that the manifest covers, and at least one of them."""
    if not manifest.files.keys() >= {_STEPS, _FLIGHT}:
        return False
    try:
        return sum(1 for _ in _rows(files, manifest, _STEPS)) > 0
    except InputError:
        return False


def _rows(files: RunFiles, manifest: RunManifest, name: str) -> Iterator[dict[str, Any]]:
    """The records of an append-only file that the manifest covers, once it is read to the end."""
    if name in manifest.files:
        for line in files.lines(name, manifest.files[name]):
            if (row := row_of(line)) is not None:
                yield row


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
