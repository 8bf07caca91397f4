"""Verifying a passport.

The rules, in the order in which they are applied:

1. Nothing inside an envelope is looked at before every key that was given is found to have signed
   it. What was not reached is listed as not checked (`not-reached`).
2. The keys are the verifier's. The envelope's key ids only help to say why a key did not fit.
3. The payload must be a Model Passport: predicate type, schema, and subjects that follow from its
   own bill of materials.
4. Risk flags are derived again, and the claimed assurance must be one that the passport's fields
   and the keys of rule 1 allow: a shared secret stands for L0 at most. With a run folder both are
   derived from the folder as well.
5. Expiry is judged by the verifier's clock.
6. What was not handed over is not checked, and a lone passport establishes `declared` at most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from provenir.attest.dsse import Envelope
from provenir.core.clock import SystemClock, parse_utc, utc_text
from provenir.core.errors import EvidenceError, InputError, UsageError
from provenir.core.files import read_bounded
from provenir.governance.artifact_check import check_artifacts
from provenir.governance.bom import ModelBOM
from provenir.governance.evidence import check_run_folder
from provenir.governance.payload import read_payload
from provenir.governance.predicate import (
    PassportPredicate,
    assurance_ceiling,
    derived_flags,
    inconsistency,
    weaker,
)
from provenir.governance.run_files import RunFiles
from provenir.governance.signature_check import (
    HMAC,
    KeySpec,
    check_signatures,
    verification_keys,
)
from provenir.governance.verdict import Check, Verdict, note_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from provenir.attest.keys import VerificationKey
    from provenir.governance.predicate import Assurance

__all__ = ["content_notes", "verify_passport"]

PathSpec = str | Path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What the caller handed over, checked before anything is verified."""

    artifacts: tuple[Path, ...]
    run: RunFiles | None
    bom_files: tuple[Path, ...]
    at: datetime
    progress: Callable[[int], None] | None


def verify_passport(
    envelope: bytes | Envelope,
    *,
    keys: KeySpec | Iterable[KeySpec],
    artifacts: PathSpec | Iterable[PathSpec] | None = None,
    run_dir: PathSpec | None = None,
    beside: PathSpec | None = None,
    at: datetime | None = None,
    progress: Callable[[int], None] | None = None,
) -> Verdict:
    """Verify a passport as received.

    Args:
        envelope: The bytes of `passport.json`, or the envelope that they hold.
        keys: Who must have signed it; every key given is asked for. Bytes and text are an HMAC
            secret, a `Path` is a public key in PEM.
        artifacts: Model folders or files to compare with the artifacts that it names.
        run_dir: The run folder that it speaks of.
        beside: The folder where the passport lies; a `bom.json` there must be the signed one.
        at: The instant for judging expiry, with a time zone; now unless given.
        progress: Called with the number of artifact bytes read since the last call.

    Returns:
        The verdict; true only when every check that was asked for holds.

    Raises:
        InputError: These bytes are no envelope, or an artifact or run folder does not exist.
        UsageError: A key is none, or `at` has no time zone.
    """
    received = envelope if isinstance(envelope, Envelope) else _parse(envelope)
    asked = verification_keys(keys)
    return _judge(received, asked, _question(artifacts, run_dir, beside, at, progress))


def _judge(envelope: Envelope, keys: tuple[VerificationKey, ...], question: _Question) -> Verdict:
    """Apply the rules of this module in their order."""
    signatures = check_signatures(envelope, keys)
    notes = _signature_notes(envelope, keys)
    if any(check.status != "pass" for check in signatures):
        return Verdict(checks=(*signatures, *_unreached(question)), notes=notes)
    try:
        statement, predicate = read_payload(envelope)
    except (EvidenceError, InputError) as fault:
        reason = "wrong-predicate" if isinstance(fault, EvidenceError) else "malformed"
        row = Check(name="statement", status="fail", reason=reason, detail=fault.what)
        return Verdict(checks=(*signatures, row, *_unreached(question)), notes=notes)
    wrong_subjects = inconsistency(statement.subjects, predicate)
    checks = [
        *signatures,
        Check(name="statement", status="pass", detail="a Model Passport"),
        _row("subjects", "subject-mismatch", wrong_subjects, "they follow from the inventory"),
        _expiry(predicate, question.at),
        _flags(predicate),
        *_bound_elsewhere(predicate),
        *_artifacts(predicate, question, trusted=wrong_subjects is None),
        *_bom_files(predicate, question),
    ]
    run_checks, reached = _run(predicate, question)
    ceiling = assurance_ceiling(predicate, [key.algorithm for key in keys])
    checks += [*run_checks, _assurance(predicate.assurance, ceiling, reached, run_checks)]
    verdict = Verdict(
        checks=tuple(checks),
        notes=(*notes, *content_notes(predicate)),
        assurance_claimed=predicate.assurance,
    )
    if verdict.failures:
        return verdict
    return replace(verdict, assurance_established=weaker(predicate.assurance, reached))


def _parse(data: bytes) -> Envelope:
    if not isinstance(data, bytes | bytearray | memoryview):
        raise UsageError(
            f"a passport is bytes, not {type(data).__name__}", mend="read the file, pass its bytes"
        )
    return Envelope.parse(bytes(data), where="passport")


def _question(
    artifacts: PathSpec | Iterable[PathSpec] | None,
    run_dir: PathSpec | None,
    beside: PathSpec | None,
    at: datetime | None,
    progress: Callable[[int], None] | None,
) -> _Question:
    if at is not None and getattr(at, "tzinfo", None) is None:
        raise UsageError("at= is an instant with a time zone", mend="pass tzinfo=datetime.UTC")
    given = [artifacts] if isinstance(artifacts, str | Path) else list(artifacts or ())
    paths = tuple(_existing(path, "artifact") for path in given)
    run = None if run_dir is None else RunFiles(_existing(run_dir, "run folder"))
    folders = {Path(folder).resolve() for folder in (beside, run_dir) if folder is not None}
    return _Question(
        artifacts=paths,
        run=run,
        bom_files=tuple(
            folder / "bom.json" for folder in sorted(folders) if _there(folder / "bom.json")
        ),
        at=at or SystemClock().now(),
        progress=progress,
    )


def _existing(path: object, what: str) -> Path:
    """A path that is there, whatever else it is."""
    if not isinstance(path, str | Path) or not str(path):
        raise UsageError(f"{what}: {path!r} is no path", mend="give a folder or a file")
    try:
        found = Path(path).exists()
    except (OSError, ValueError):
        found = False  # a name that no file can have
    if not found:
        raise InputError(f"no such {what}", where=str(path), mend="check the path")
    return Path(path)


def _there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _unreached(question: _Question) -> list[Check]:
    """What is listed as not checked when the signature or the statement does not hold."""
    names = ["content", *(f"artifact:{path.name}" for path in question.artifacts)]
    names += ["run"] if question.run is not None else []
    return [Check(name=name, status="not-checked", reason="not-reached") for name in names]


def _row(name: str, reason: str, fault: str | None, holds: str) -> Check:
    if fault is None:
        return Check(name=name, status="pass", detail=holds)
    return Check(name=name, status="fail", reason=reason, detail=fault)


def _expiry(predicate: PassportPredicate, at: datetime) -> Check:
    if predicate.expires_at is None:
        return Check(name="expiry", status="not-checked", reason="not-stated")
    over = at >= parse_utc(predicate.expires_at)
    detail = f"{predicate.expires_at}, judged at {utc_text(at)}"
    return _row("expiry", "expired", detail if over else None, detail)


def _flags(predicate: PassportPredicate) -> Check:
    flags = derived_flags(predicate)
    if flags is None:
        return Check(name="risk flags", status="undecided", reason="newer-rules")
    listed = ", ".join(flags) or "none"
    wrong = None if list(predicate.risk_flags) == flags else f"the inventory gives: {listed}"
    # What passes is the statement about the flags; a flag that is raised stays raised.
    holds = f"as stated; {len(flags)} raised: {listed}" if flags else "as stated; none raised"
    return _row("risk flags", "flags-mismatch", wrong, holds)


def _bound_elsewhere(predicate: PassportPredicate) -> list[Check]:
    """What the passport refers to and this verification has no evidence for."""
    checks = []
    if predicate.required_roles:
        roles = ", ".join(predicate.required_roles)
        checks.append(
            Check(name="roles", status="undecided", reason="no-trust-policy", detail=roles)
        )
    named = ("previous", "statements", "ledger_root", "log_checkpoint", "gate_decisions")
    checks += [
        Check(name=name.replace("_", " "), status="not-checked", reason="not-given")
        for name in named
        if getattr(predicate, name)
    ]
    return checks


def _artifacts(predicate: PassportPredicate, question: _Question, *, trusted: bool) -> list[Check]:
    if trusted:
        return check_artifacts(predicate.bom, question.artifacts, progress=question.progress)
    return [
        Check(name=f"artifact:{path.name}", status="not-checked", reason="not-reached")
        for path in question.artifacts
    ]


def _bom_files(predicate: PassportPredicate, question: _Question) -> list[Check]:
    if not question.bom_files:
        return [Check(name="bom.json", status="not-checked", reason="not-given")]
    signed = predicate.bom.digest()
    checks = []
    for path in question.bom_files:
        try:
            found = ModelBOM.from_bytes(read_bounded(path), where=path.name).digest()
            fault = None if found == signed else f"{path} is not the signed one"
        except InputError as error:
            fault = f"{path}: {error.what}"
        checks.append(_row("bom.json", "bom-mismatch", fault, "the signed one"))
    return checks


def _run(predicate: PassportPredicate, question: _Question) -> tuple[list[Check], Assurance]:
    if question.run is not None:
        return check_run_folder(predicate, question.run)
    detail = "hand over the run folder to have its reports compared"
    return [Check(name="run", status="not-checked", reason="not-given", detail=detail)], "declared"


def _assurance(
    claimed: Assurance, ceiling: Assurance, reached: Assurance, run_checks: list[Check]
) -> Check:
    """Judge the claim by what binds it and by whom, and with a run folder by what that shows."""
    if any(check.status in ("fail", "undecided") for check in run_checks):
        return Check(name="assurance", status="not-checked", reason="not-reached")
    if weaker(claimed, ceiling) != claimed:
        fault = f"{claimed} is claimed; what the passport binds and these keys allow is {ceiling}"
    elif weaker(claimed, reached) == claimed:
        return Check(name="assurance", status="pass", detail=claimed)
    elif any(check.status == "pass" for check in run_checks):  # a run folder was handed over
        fault = f"{claimed} is claimed; the run folder establishes {reached}"
    else:
        detail = f"{claimed} is claimed; without the run folder only {reached} is established"
        return Check(name="assurance", status="not-checked", reason="not-given", detail=detail)
    return Check(name="assurance", status="fail", reason="flags-mismatch", detail=fault)


def _signature_notes(envelope: Envelope, keys: tuple[VerificationKey, ...]) -> tuple[str, ...]:
    names = []
    if not envelope.signatures:
        names.append("unsigned")
    if any(key.algorithm == HMAC for key in envelope.verified_by(keys)):
        names.append("team-internal")
    if len(envelope.signatures) > max(1, len(keys)):
        names.append("more_signatures")
    return tuple(note_line(name) for name in names)


def content_notes(predicate: PassportPredicate) -> tuple[str, ...]:
    """The notes that follow from what a passport says, whoever signed it."""
    bom = predicate.bom
    reports = {report.digest for report in predicate.reports}
    words = [
        *(part.pii_report for part in bom.data if part.pii_scanned),
        *(part.contamination_report for part in bom.data if part.contamination_checked),
        *(part.report for part in bom.evals if part.contaminated is False),
    ]
    hacking, flight = bom.hacking, bom.flight
    told = {
        "no_model_artifact": not bom.artifacts,
        "self_declared_evidence": any(digest not in reports for digest in words),
        "not_examined": hacking is not None
        and (bool(hacking.not_examined) or hacking.hacking_rate is None),
        "no_health_data": flight is None or flight.verdict == "UNKNOWN",
    }
    return tuple(note_line(name) for name, holds in told.items() if holds)
