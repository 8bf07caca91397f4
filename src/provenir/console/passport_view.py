"""The passport section: what it claims, and how little of that this page establishes.

The page is given no key. It therefore never says that a signature holds: it shows who is said to
have signed, what is claimed, and how to check it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING, Final

from provenir.attest.dsse import MAX_ENVELOPE_BYTES, Envelope
from provenir.attest.shared_secret import is_shared_secret_id
from provenir.console.view import NO_TABLE, Cell, Column, Notice, Pair, Table, Tile, table
from provenir.console.wording import count
from provenir.core.errors import ProvenirError
from provenir.core.files import read_bounded
from provenir.governance.bom import ModelBOM
from provenir.governance.content_check import content_notes
from provenir.governance.payload import read_payload
from provenir.governance.predicate import derived_flags
from provenir.governance.risk import RISK_RULES
from provenir.governance.verdict import NOTES, REASONS, Check
from provenir.governance.verification import verify_passport

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from provenir.attest.statement import Statement
    from provenir.governance.predicate import PassportPredicate
    from provenir.governance.verdict import Verdict
    from provenir.provenance.run_record import RunRecord

_NAME: Final = "passport.json"
_ARTIFACTS: Final = 4
_MEANING: Final = {rule.name: rule.meaning for rule in RISK_RULES}
_SUBJECT_COLUMNS: Final = (
    Column("Subject"),
    Column("Algorithm"),
    Column("Digest", digest=True),
)
_UNSIGNED: Final = Notice(
    "This run is not signed.",
    "Nobody vouches for this record: anyone with access to the folder could have written it. To"
    " sign a run:",
    command="provenir.track(…, sign_passport=True, signing_key=…)",
)
_HMAC_WARNING: Final = Notice("Team-internal:", f"{NOTES['team-internal']} (HMAC-SHA256).")
_NEWER_RULES: Final = Notice(
    "The risk flags were not derived again.", f"{REASONS['newer-rules'].capitalize()}."
)
_UNCHECKED: Final = Notice(
    "The signature was not checked here.", "This page is given no key. To check:", "info"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A risk flag with its meaning."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PassportView:
    """The view of this section; ``flags`` is None where nothing can be said about them."""

    tile: Tile
    notices: tuple[Notice, ...] = ()
    lead: str = ""
    rows: tuple[Pair, ...] = ()
    flags: tuple[Flag, ...] | None = None
    notes: tuple[str, ...] = ()
    subjects: Table = NO_TABLE
    checks: tuple[Check, ...] = ()


def read_passport(record: RunRecord) -> PassportView:
    """Read the passport of a run folder; a missing or unreadable one gives a view that says so."""
    path = record.path / _NAME
    if _NAME not in record.documents:
        return _unsigned(record.path)
    try:
        envelope = Envelope.parse(
            read_bounded(path, max_bytes=MAX_ENVELOPE_BYTES), where="passport"
        )
        statement, predicate = read_payload(envelope)
        verdict = verify_passport(envelope, keys=[], run_dir=record.path)
    except (ProvenirError, OSError) as fault:
        return _unreadable(str(fault))
    return _view(envelope, statement, predicate, verdict, record.path)


def _unsigned(folder: Path) -> PassportView:
    flags = _folder_flags(folder)
    return PassportView(
        tile=Tile("Passport", "unsigned", _flag_note(flags), "warning"),
        notices=(_UNSIGNED,),
        flags=flags,
        checks=(
            Check(
                name="signature", status="not-checked", reason="not-given", detail=NOTES["unsigned"]
            ),
        ),
    )


def _folder_flags(folder: Path) -> tuple[Flag, ...] | None:
    """Derive the flags from ``bom.json``; None when there is none that can be read."""
    try:
        return _flags(ModelBOM.read(folder / "bom.json").risk_flags())
    except (ProvenirError, OSError):
        return None


def _unreadable(why: str) -> PassportView:
    return PassportView(
        tile=Tile("Passport", "unreadable", "it proves nothing", "critical"),
        notices=(Notice("The passport cannot be read.", why, "critical"),),
        checks=(Check(name="passport", status="fail", reason="malformed", detail=why),),
    )


def _view(
    envelope: Envelope,
    statement: Statement,
    predicate: PassportPredicate,
    verdict: Verdict,
    folder: Path,
) -> PassportView:
    keyids = [signature.keyid for signature in envelope.signatures]
    flags = _flags(predicate.risk_flags)
    hmac = any(map(is_shared_secret_id, keyids))
    unchecked = replace(_UNCHECKED, command=_command(folder, predicate, hmac=hmac))
    signature = [_HMAC_WARNING, unchecked] if hmac else [unchecked]
    return PassportView(
        tile=Tile("Passport", "not verified", _flag_note(flags), "plain"),
        notices=(*_flag_notices(predicate), *signature),
        rows=tuple(_rows(predicate, keyids, verdict)),
        flags=flags,
        notes=(*verdict.notes, *content_notes(predicate)),
        subjects=_subjects(statement),
        checks=verdict.checks,
    )


def _flag_notices(predicate: PassportPredicate) -> list[Notice]:
    """Say where the stated flags are not those that the named version of the rules gives."""
    derived = derived_flags(predicate)
    if derived is None:
        return [_NEWER_RULES]
    if list(predicate.risk_flags) == derived:
        return []
    words = f"Its bill of materials gives: {', '.join(derived) or 'none'}."
    return [Notice("The stated risk flags are not the derived ones.", words, "critical")]


def _command(folder: Path, predicate: PassportPredicate, *, hmac: bool) -> str:
    """Return the line that checks all that can be checked: signature, run folder, artifacts."""
    words = ["provenir", "passport", "verify", quote(str(folder / _NAME))]
    words += ["--key", "SECRET"] if hmac else ["--public-key", "FILE"]
    words += ["--run", quote(str(folder))]
    for artifact in predicate.bom.artifacts[:_ARTIFACTS]:
        words += ["--artifact", quote(str(_beside(folder, artifact.name) or artifact.name))]
    return " ".join(words)


def _beside(folder: Path, name: str) -> Path | None:
    """Return where an artifact lies when it is in the run folder; its name may be anything."""
    inside = name not in ("", ".", "..") and "/" not in name and "\0" not in name
    try:
        return folder / name if inside and (folder / name).exists() else None
    except OSError:
        return None  # a name that the file system cannot hold


def _rows(predicate: PassportPredicate, keyids: list[str], verdict: Verdict) -> list[Pair]:
    established = verdict.assurance_established
    rows = [
        Pair("Model", predicate.bom.model_id),
        Pair("Assurance claimed", predicate.assurance),
        Pair("Assurance established", established or "none: the signature was not checked here"),
    ]
    rows += [Pair("Said to be signed by", keyid or "no key id", code=True) for keyid in keyids]
    if not keyids:
        rows.append(Pair("Said to be signed by", "nobody: the envelope holds no signature"))
    rows += [
        Pair("Issued", f"{predicate.issued_at}, by the signer's own clock"),
        Pair("Expires", predicate.expires_at or "never"),
        Pair("Version", str(predicate.version)),
    ]
    if predicate.previous is not None:
        rows.append(Pair("Previous", predicate.previous, code=True))
    if predicate.required_roles:
        rows.append(Pair("Required roles", ", ".join(predicate.required_roles)))
    rows.append(Pair("Reports bound", count(len(predicate.reports), "file")))
    manifest = predicate.manifest
    rows.append(
        Pair("Run manifest", manifest.digest if manifest else "none", code=manifest is not None)
    )
    checkpoint = predicate.log_checkpoint
    where = f"size {checkpoint.size:,}, root {checkpoint.root}" if checkpoint else "none"
    rows.append(Pair("Log before issue", where, code=checkpoint is not None))
    ledger = predicate.ledger_root
    rows.append(Pair("Training ledger", ledger or "none", code=ledger is not None))
    gates = predicate.gate_decisions
    decided = "no gate was asked" if gates is None else count(len(gates), "decision")
    rows.append(Pair("Gate decisions", decided))
    return rows


def _flags(names: Iterable[str]) -> tuple[Flag, ...]:
    return tuple(
        Flag(name=name, meaning=_MEANING.get(name, "unknown to this version")) for name in names
    )


def _flag_note(flags: tuple[Flag, ...] | None) -> str:
    if flags is None:
        return "risk flags unknown"
    return count(len(flags), "risk flag") if flags else "no risk flag"


def _subjects(statement: Statement) -> Table:
    rows = [
        (Cell(subject.name), Cell(algorithm), Cell(value, code=True))
        for subject in statement.subjects
        for algorithm, value in subject.digest.items()
    ]
    return table(_SUBJECT_COLUMNS, rows, limit=60, noun="subjects")
