"""What each role signs besides the passport: a dataset, a run, a policy, a revocation.

A role signs a statement of its own about what it answers for; the passport lists the digests of
these statements and so binds them. A statement is an envelope and is read out of it, like a
passport; reading is not verifying (`provenir.governance.role_check`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from provenir.attest.dsse import PAYLOAD_TYPE, Envelope
from provenir.attest.statement import (
    DATA_SOURCE_PREDICATE,
    POLICY_PREDICATE,
    REVOCATION_PREDICATE,
    RUN_PREDICATE,
    Statement,
    Subject,
)
from provenir.core.clock import SystemClock, utc_text
from provenir.core.digest import digest_bytes, parse_digest
from provenir.core.document import DigestText, Document, UtcText
from provenir.core.errors import EvidenceError, InputError, UsageError
from provenir.core.files import read_bounded
from provenir.governance.components import Count, Name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from provenir.attest.keys import Signer
    from provenir.core.clock import Clock
    from provenir.core.manifest import RunManifest
    from provenir.governance.predicate import PassportPredicate

__all__ = [
    "MAX_STATEMENT_BYTES",
    "STATEMENTS",
    "Claim",
    "DataSourceStatement",
    "PolicyStatement",
    "Revocation",
    "RoleStatement",
    "RunStatement",
    "by_payload",
    "sign_statement",
]

MAX_STATEMENT_BYTES: Final = 2**20
"""Largest file that is read as a statement of a role."""

_LABEL_CHARS: Final = 200


class DataSourceStatement(Document):
    """Whoever answers for a dataset says which rows it is.

    Attributes:
        name: What its owner calls it.
        records_root: `dataset_hash` of `provenir.data.Dataset`.
        n: Number of records.
        leaf_rule: Version of the rule that makes a row's digest.
        license: SPDX expression or the owner's own words; None when not stated.
        issued_at: The signer's clock, evidence of nothing.
    """

    predicate_type: ClassVar[str] = DATA_SOURCE_PREDICATE
    role: ClassVar[str] = "data-source"

    schema_version: Literal["data-source/1"] = "data-source/1"
    name: Name
    records_root: DigestText
    n: Count
    leaf_rule: Annotated[int, Field(ge=1, le=2**31)] = 1
    license: str | None = None
    issued_at: UtcText

    def subject(self) -> Subject:
        """The dataset, by its root."""
        return _subject("dataset", self.name, self.records_root)

    def contradiction(self, passport: PassportPredicate) -> str | None:
        """It must be a dataset of the inventory, with the number of rows and licence stated."""
        same = [part for part in passport.bom.data if part.content_hash == self.records_root]
        if not same:
            return f"the dataset {self.name} is not one of the passport's"
        for part in same:
            if part.num_records not in (None, self.n):
                return f"{part.name}: {part.num_records} records, its owner says {self.n}"
            if None not in (part.license, self.license) and part.license != self.license:
                return f"{part.name}: licence {part.license}, its owner says {self.license}"
        return None


class RunStatement(Document):
    """Whoever operated a run says which manifest it left.

    Attributes:
        run_id: The run.
        manifest: Digest of the manifest's stored bytes.
        status: How the run ended.
        dataset_hash: The dataset of the manifest, None when it was not known.
        issued_at: The signer's clock, evidence of nothing.
    """

    predicate_type: ClassVar[str] = RUN_PREDICATE
    role: ClassVar[str] = "operator"

    schema_version: Literal["run-statement/1"] = "run-statement/1"
    run_id: Name
    manifest: DigestText
    status: Literal["completed", "failed", "interrupted"]
    dataset_hash: DigestText | None = None
    issued_at: UtcText

    @classmethod
    def of(cls, manifest: RunManifest, *, clock: Clock | None = None) -> RunStatement:
        """The statement about a run that has ended.

        Raises:
            UsageError: It is still running, so that its manifest will change.
        """
        if manifest.status == "running":
            raise UsageError("the run has not ended", mend="state the final manifest")
        return cls(
            run_id=manifest.run_id,
            manifest=manifest.digest(),
            status=manifest.status,
            dataset_hash=manifest.dataset_hash,
            issued_at=_now(clock),
        )

    def subject(self) -> Subject:
        """The run, by its manifest."""
        return _subject("run", self.run_id, self.manifest)

    def contradiction(self, passport: PassportPredicate) -> str | None:
        """It must be the run of the passport."""
        stated = passport.manifest
        if stated is None or (stated.run_id, stated.digest) != (self.run_id, self.manifest):
            return f"the run {self.run_id} with this manifest is not the passport's"
        return None


class PolicyStatement(Document):
    """Whoever governs says under which policy models are trained.

    Attributes:
        name: What the policy is called.
        policy: Digest of the policy's bytes.
        issued_at: The signer's clock, evidence of nothing.
    """

    predicate_type: ClassVar[str] = POLICY_PREDICATE
    role: ClassVar[str] = "governance"

    schema_version: Literal["policy-statement/1"] = "policy-statement/1"
    name: Name
    policy: DigestText
    issued_at: UtcText

    def subject(self) -> Subject:
        """The policy, by its bytes."""
        return _subject("policy", self.name, self.policy)

    def contradiction(self, passport: PassportPredicate) -> str | None:
        """The passport's list is what binds a policy to it."""
        del passport
        return None


class Revocation(Document):
    """Whoever governs takes back a passport or a statement.

    Attributes:
        revoked: Digest of the payload that is taken back.
        what: Of what kind it is.
        reason: Why, for people.
        revoked_at: From when on, by the signer's clock; evidence of nothing.
        issued_at: The signer's clock, evidence of nothing.
    """

    predicate_type: ClassVar[str] = REVOCATION_PREDICATE
    role: ClassVar[str] = "governance"

    schema_version: Literal["revocation/1"] = "revocation/1"
    what: Literal["passport", "statement"] = "passport"
    revoked: DigestText
    reason: Name
    revoked_at: UtcText
    issued_at: UtcText

    def subject(self) -> Subject:
        """What is taken back, by its payload."""
        return Subject(self.what, {"sha256": parse_digest(self.revoked).hex()})

    def contradiction(self, passport: PassportPredicate) -> str | None:
        """A revocation belongs to no passport's list."""
        del passport
        return "a revocation is not a statement that a passport lists"


Claim = DataSourceStatement | PolicyStatement | Revocation | RunStatement
"""What a role can say. Each has its predicate type, the role that signs it, its one subject, and
says in what it contradicts a passport that lists it."""

STATEMENTS: Final[dict[str, type[Claim]]] = {
    claim.predicate_type: claim
    for claim in (DataSourceStatement, PolicyStatement, Revocation, RunStatement)
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


def _subject(kind: str, name: str, digest: str) -> Subject:
    return Subject(f"{kind}:{name}"[:_LABEL_CHARS], {"sha256": parse_digest(digest).hex()})


def _now(clock: Clock | None) -> str:
    return utc_text((clock or SystemClock()).now())
