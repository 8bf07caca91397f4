"""Signing a run: the operator's statement about it, the passport, and its line in the log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from provenir.attest.shared_secret import ALGORITHM as HMAC
from provenir.core.digest import digest_bytes
from provenir.core.errors import InputError, UsageError
from provenir.core.files import read_bounded
from provenir.core.findings import Finding
from provenir.governance.passport import PassportSigner
from provenir.governance.predicate import LogCheckpoint
from provenir.governance.statements import (
    MAX_STATEMENT_BYTES,
    Revocation,
    RoleStatement,
    RunStatement,
    sign_statement,
)
from provenir.provenance.run_layout import PASSPORT, PASSPORT_PAGE, STATEMENTS
from provenir.tracking.open_run import note
from provenir.tracking.training_ledger import closed_ledger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from provenir.attest.keys import Signer
    from provenir.attest.log import LogReceipt
    from provenir.core.clock import Clock
    from provenir.core.manifest import RunManifest
    from provenir.governance.bom import ModelBOM
    from provenir.governance.model_passport import ModelPassport
    from provenir.provenance.artifact import ArtifactIdentity
    from provenir.provenance.run_folder import RunFolder
    from provenir.tracking.open_run import OpenRun

__all__ = ["Vouched", "given_statement", "sign_run", "statement_body"]

_HEX_CHARS: Final = 8
_UNMEASURED: Final = Finding(
    kind="ledger_without_metrics",
    severity="warning",
    detail="no step's metrics were recorded: with a training ledger or without, the passport can"
    " claim no more than `declared`",
)


@dataclass(frozen=True, slots=True)
class Vouched:
    """What was signed: the passport, and the statements that it lists."""

    passport: ModelPassport
    statements: tuple[RoleStatement, ...]


def statement_body(statement: RoleStatement) -> tuple[str, dict[str, Any]]:
    """The name of a statement's file inside the run folder, and how it is journaled."""
    digits = digest_bytes(statement.envelope.to_bytes()).rpartition(":")[2][:_HEX_CHARS]
    file = f"{STATEMENTS}/{statement.claim.role}-{digits}.dsse.json"
    return file, {"file": file, "digest": statement.digest, "role": statement.claim.role}


def given_statement(value: object) -> RoleStatement | None:
    """The statement that `attach` was given, or None for anything else.

    Raises:
        UsageError: A revocation: it belongs beside a trust policy.
    """
    if not isinstance(value, RoleStatement):
        return None
    if isinstance(value.claim, Revocation):
        raise UsageError(
            "a revocation is not attached to a run", mend="put it beside the trust policy"
        )
    return value


def sign_run(
    run: OpenRun,
    bom: ModelBOM,
    manifest: RunManifest,
    *,
    artifacts: Sequence[ArtifactIdentity],
    signers: Sequence[Signer],
    logged: LogReceipt | None,
    clock: Clock,
) -> Vouched:
    """Sign the operator's statement and the passport, and write both.

    A shared secret signs no statement of a role: it would count for nothing.

    Args:
        run: The open run.
        bom: Its bill of materials.
        manifest: Its final manifest.
        artifacts: What came out.
        signers: Who signs.
        logged: The log's answer to the end of the run, None when the log took no line.
        clock: Where the times come from.

    Raises:
        ProvenirError: A part cannot be signed.
        OSError: The disk refuses it.
    """
    folder = run.folder
    statements = list(_attached(folder, run.evidence.statements))
    ledger = closed_ledger(folder.path, manifest.run_id)
    if ledger is not None:
        _write_statement(folder, ledger.statement)
        statements.append(ledger.statement)
    operators = [signer for signer in signers if signer.algorithm != HMAC]
    if operators:
        own = sign_statement(RunStatement.of(manifest, clock=clock), operators)
        _write_statement(folder, own)
        statements.append(own)
    measured = bom.flight is not None and bom.flight.num_steps > 0
    if ledger is not None and not measured:
        note(run, _UNMEASURED)
    files = {name: digest for name, digest in manifest.files.items() if name.endswith(".json")}
    passport = PassportSigner(list(signers)).sign(
        bom,
        artifacts=artifacts,
        manifest=manifest,
        reports=files,
        statements=[statement.digest for statement in statements],
        ledger_root=None if ledger is None else ledger.root,
        assurance=ledger.claim if ledger is not None and operators and measured else None,
        log_checkpoint=LogCheckpoint(size=logged.size, root=logged.root) if logged else None,
        clock=clock,
    )
    folder.write_document(PASSPORT, passport.to_json().encode())
    folder.write_document(PASSPORT_PAGE, passport.to_markdown().encode())
    return Vouched(passport, tuple(statements))


def _write_statement(folder: RunFolder, statement: RoleStatement) -> None:
    folder.write_document(statement_body(statement)[0], statement.envelope.to_bytes())


def _attached(folder: RunFolder, bodies: Sequence[dict[str, Any]]) -> Sequence[RoleStatement]:
    """The statements that were attached while the run went on, each as it was then.

    Raises:
        InputError: One is gone or another by now.
    """
    found: dict[str, RoleStatement] = {}
    for body in bodies:
        statement = _read(folder.path, body["file"])
        if statement.digest != body["digest"]:
            raise InputError("another statement than was attached", where=body["file"])
        found[statement.digest] = statement
    return list(found.values())


def _read(folder: Path, name: str) -> RoleStatement:
    inner = PurePosixPath(name)
    if inner.parent != PurePosixPath(STATEMENTS) or inner.name in ("", "..", "."):
        raise InputError(f"not a file of {STATEMENTS}/", where=name)  # the journal may be changed
    data = read_bounded(folder / inner, max_bytes=MAX_STATEMENT_BYTES, follow_symlinks=False)
    return RoleStatement.from_bytes(data, where=name)
