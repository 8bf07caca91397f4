"""The claims of the roles: a dataset, its metadata, a run, its ledger, a policy, a revocation.

Each has its predicate type, the role that signs it, and its one subject, and says in what it
contradicts a passport that lists it. `provenir.governance.statements` signs and reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, TypeAlias

from pydantic import Field

from provenir.attest.statement import (
    DATA_SOURCE_PREDICATE,
    EXAMPLE_METADATA_PREDICATE,
    LEDGER_CLOSE_PREDICATE,
    POLICY_PREDICATE,
    REVOCATION_PREDICATE,
    RUN_PREDICATE,
    Subject,
)
from provenir.core.clock import SystemClock, utc_text
from provenir.core.digest import parse_digest
from provenir.core.document import DigestText, Document, UtcText
from provenir.core.errors import UsageError
from provenir.governance.components import Count, Name

if TYPE_CHECKING:
    from provenir.core.clock import Clock
    from provenir.core.manifest import RunManifest
    from provenir.governance.components import DataComponent
    from provenir.governance.predicate import PassportPredicate

__all__ = [
    "Claim",
    "DataSourceStatement",
    "ExampleMetadataStatement",
    "LedgerCloseStatement",
    "PolicyStatement",
    "Revocation",
    "RunStatement",
]

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
        fault = _data_fault(self, passport)
        if fault is not None:
            return fault
        for part in _same_data(self, passport):
            if None not in (part.license, self.license) and part.license != self.license:
                return f"{part.name}: licence {part.license}, its owner says {self.license}"
        return None


class ExampleMetadataStatement(Document):
    """Whoever answers for a dataset says what is known of its examples.

    Attributes:
        name: What its owner calls the dataset.
        records_root: `dataset_hash` of the dataset.
        n: Number of its records.
        metadata_root: RFC 6962 root over the lines of the sidecar (`governance.metadata`).
        metadata_n: Number of these lines.
        issued_at: The signer's clock, evidence of nothing.
    """

    predicate_type: ClassVar[str] = EXAMPLE_METADATA_PREDICATE
    role: ClassVar[str] = "data-source"

    schema_version: Literal["example-metadata/1"] = "example-metadata/1"
    name: Name
    records_root: DigestText
    n: Count
    metadata_root: DigestText
    metadata_n: Count
    issued_at: UtcText

    def subject(self) -> Subject:
        """The sidecar, by its root."""
        return _subject("metadata", self.name, self.metadata_root)

    def contradiction(self, passport: PassportPredicate) -> str | None:
        """It must speak of a dataset of the inventory, with the number of rows stated."""
        return _data_fault(self, passport)


class LedgerCloseStatement(Document):
    """Whoever operated a governed run says with which ledger it ended.

    Attributes:
        run_id: The run.
        n: Number of the ledger's lines, the close included.
        root: RFC 6962 root over them.
        close: Digest of the last line.
        issued_at: The signer's clock, evidence of nothing.
    """

    predicate_type: ClassVar[str] = LEDGER_CLOSE_PREDICATE
    role: ClassVar[str] = "operator"

    schema_version: Literal["ledger-close/1"] = "ledger-close/1"
    run_id: Name
    n: Count
    root: DigestText
    close: DigestText
    issued_at: UtcText

    def subject(self) -> Subject:
        """The ledger, by its root."""
        return _subject("ledger", self.run_id, self.root)

    def contradiction(self, passport: PassportPredicate) -> str | None:
        """It must be the ledger and the run of the passport."""
        stated = passport.manifest
        run_id = None if stated is None else stated.run_id
        if (passport.ledger_root, run_id) != (self.root, self.run_id):
            return f"the ledger of the run {self.run_id} is not the passport's"
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


Claim = (
    DataSourceStatement
    | ExampleMetadataStatement
    | LedgerCloseStatement
    | PolicyStatement
    | Revocation
    | RunStatement
)
"""What a role can say."""


_OfData: TypeAlias = DataSourceStatement | ExampleMetadataStatement


def _same_data(claim: _OfData, passport: PassportPredicate) -> list[DataComponent]:
    """The datasets of the inventory that a claim speaks of."""
    return [part for part in passport.bom.data if part.content_hash == claim.records_root]


def _data_fault(claim: _OfData, passport: PassportPredicate) -> str | None:
    """Why it speaks of no dataset of the inventory, or of one with other records."""
    same = _same_data(claim, passport)
    if not same:
        return f"the dataset {claim.name} is not one of the passport's"
    for part in same:
        if part.num_records not in (None, claim.n):
            return f"{part.name}: {part.num_records} records, its owner says {claim.n}"
    return None


def _subject(kind: str, name: str, digest: str) -> Subject:
    return Subject(f"{kind}:{name}"[:_LABEL_CHARS], {"sha256": parse_digest(digest).hex()})


def _now(clock: Clock | None) -> str:
    return utc_text((clock or SystemClock()).now())
