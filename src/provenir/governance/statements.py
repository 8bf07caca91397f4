"""What each role signs besides the passport, in its envelope.

A role signs a statement of its own about what it answers for; the passport lists the digests of
these statements and so binds them. A statement is an envelope and is read out of it, like a
passport; reading is not verifying (`provenir.governance.role_check`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.attest.dsse import PAYLOAD_TYPE, Envelope
from provenir.attest.statement import Statement
from provenir.core.digest import digest_bytes
from provenir.core.errors import EvidenceError, InputError
from provenir.core.files import read_bounded
from provenir.governance.claims import (
    Claim,
    DataSourceStatement,
    ExampleMetadataStatement,
    LedgerCloseStatement,
    PolicyStatement,
    Revocation,
    RunStatement,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from provenir.attest.keys import Signer

__all__ = [
    "MAX_STATEMENT_BYTES",
    "STATEMENTS",
    "Claim",
    "DataSourceStatement",
    "ExampleMetadataStatement",
    "LedgerCloseStatement",
    "PolicyStatement",
    "Revocation",
    "RoleStatement",
    "RunStatement",
    "by_payload",
    "sign_statement",
]

MAX_STATEMENT_BYTES: Final = 2**20
"""Largest file that is read as a statement of a role."""

STATEMENTS: Final[dict[str, type[Claim]]] = {
    claim.predicate_type: claim
    for claim in (
        DataSourceStatement,
        ExampleMetadataStatement,
        LedgerCloseStatement,
        PolicyStatement,
        Revocation,
        RunStatement,
    )
}
"""Predicate type to what it says."""


@dataclass(frozen=True, slots=True)
class RoleStatement:
    """A statement of a role, as received.

    Attributes:
        envelope: The DSSE envelope.
        claim: What its payload says.
    """

    envelope: Envelope
    claim: Claim

    @property
    def digest(self) -> str:
        """Digest of the payload: what a passport's `statements` lists."""
        return digest_bytes(self.envelope.payload)

    @classmethod
    def of(cls, envelope: Envelope, *, where: str = "statement") -> RoleStatement:
        """Read what an envelope states.

        Raises:
            EvidenceError: It is of no predicate type of `STATEMENTS` (`wrong-predicate`).
            InputError: It cannot be read, or its subject is not what its predicate speaks of.
        """
        kind = _predicate_type(envelope, where)
        form = STATEMENTS.get(kind)
        if form is None:
            raise EvidenceError(
                f"a statement of type {kind[:200]!r}", reason="wrong-predicate", where=where
            )
        statement = Statement.parse(envelope.payload, expect=kind, where=where)
        claim = form.from_value(dict(statement.predicate), where=where)
        if statement.subjects != (claim.subject(),):
            raise InputError("the subject is not what the predicate speaks of", where=where)
        return cls(envelope, claim)

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str = "statement") -> RoleStatement:
        """Read an envelope and what it states; raises as `of`."""
        return cls.of(Envelope.parse(data, where=where), where=where)

    @classmethod
    def read(cls, path: Path) -> RoleStatement:
        """Read a statement from a file; raises as `of`."""
        return cls.from_bytes(read_bounded(path, max_bytes=MAX_STATEMENT_BYTES), where=str(path))


def by_payload(path: Path, *, follow_symlinks: bool = True) -> tuple[str, Envelope]:
    """Read an envelope from a file; what it states is not looked at.

    Args:
        path: The file.
        follow_symlinks: Whether the file may be a link.

    Returns:
        The digest of its payload, and the envelope.

    Raises:
        InputError: It cannot be read, or is no envelope.
    """
    data = read_bounded(path, max_bytes=MAX_STATEMENT_BYTES, follow_symlinks=follow_symlinks)
    envelope = Envelope.parse(data, where=str(path))
    return digest_bytes(envelope.payload), envelope


def sign_statement(claim: Claim, signers: Sequence[Signer]) -> RoleStatement:
    """Sign a claim with every signer.

    Raises:
        UsageError: No signer, or two with one key id.
    """
    predicate: dict[str, Any] = claim.model_dump(mode="json")
    payload = Statement((claim.subject(),), claim.predicate_type, predicate).to_bytes()
    return RoleStatement(Envelope.sign(payload, signers), claim)


def _predicate_type(envelope: Envelope, where: str) -> str:
    if envelope.payload_type != PAYLOAD_TYPE:
        raise EvidenceError("not an in-toto payload", reason="wrong-predicate", where=where)
    return Statement.type_of(envelope.payload, where=where)
