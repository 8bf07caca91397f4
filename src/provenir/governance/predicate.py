"""The predicate of a Model Passport, and what it may claim.

The predicate is the part of the in-toto statement that is ours (`…/passport/v1`). It carries the
whole bill of materials, so that a passport is readable and checkable without any other file.

Two things in it are derived, and every verifier derives them again: the risk flags (from the bill
of materials) and the subjects of the statement (from the artifacts, else the run, else the bill of
materials itself). A third, the assurance, has a ceiling that follows from what is bound to the
passport; whether it is reached is decided by evidence (`provenir.governance.evidence`).
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from provenir.attest.shared_secret import ALGORITHM as HMAC
from provenir.attest.statement import Subject
from provenir.attest.trust_policy import LEVELS
from provenir.core.digest import parse_digest
from provenir.core.document import DigestText, Document, Part, UtcText
from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.governance.bom import ModelBOM
from provenir.governance.components import (
    ArtifactComponent,
    Count,
    Few,
    Name,
)
from provenir.governance.risk import RULES_VERSION
from provenir.provenance.artifact import ArtifactIdentity, dir_hash1, subjects

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "Assurance",
    "LogCheckpoint",
    "ManifestReference",
    "PassportPredicate",
    "ReportReference",
    "assurance_ceiling",
    "component_of_identity",
    "derived_flags",
    "derived_subjects",
    "identity_of_component",
    "inconsistency",
    "weaker",
]

Assurance = Literal["declared", "L0", "L1", "L2"]
_LABEL_CHARS = 200


def _inner_path(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or str(path) != text or ".." in path.parts or "\0" in text:
        raise ValueError("a report is named by its path inside the run folder")
    return text


class ReportReference(Part):
    """A report that belongs to the passport: its path inside the run folder and its digest."""

    name: Annotated[Name, AfterValidator(_inner_path)]
    digest: DigestText


class ManifestReference(Part):
    """The run's manifest: the digest is over the bytes of `manifests/<run_id>.json`."""

    run_id: Name
    digest: DigestText


class LogCheckpoint(Part):
    """Size and root of the log just before the passport was issued."""

    size: Count
    root: DigestText


class PassportPredicate(Document):
    """What a passport says. Nothing in it depends on who signs.

    Attributes:
        bom: The bill of materials.
        version: Number of this passport for its model, from 1.
        previous: `ModelPassport.digest()` of the version before; None for version 1.
        issued_at: The signer's clock. Evidence of nothing: a signer can write any time.
        expires_at: From then on a verifier's own clock refuses it.
        assurance: What the signer claims; at most L2, since L3 is a verifier's finding.
        risk_rules: Version of the rules that `risk_flags` follows.
        risk_flags: `bom.risk_flags(risk_rules)`.
        required_roles: Roles that must have signed, beside those that a verifier demands.
        reports: Reports of the run folder that belong to it.
        manifest: The run's manifest; None for a bill of materials made by hand.
        statements: Digests of the statements that other roles signed.
        ledger_root: Root of the training ledger, None without one.
        log_checkpoint: The log just before this passport was issued, None without a log.
        gate_decisions: Digests of signed gate decisions; None when no gate was asked.
    """

    schema_version: Literal["passport/1"] = "passport/1"
    bom: ModelBOM
    version: Annotated[int, Field(ge=1, le=MAX_SAFE_INTEGER)] = 1
    previous: DigestText | None = None
    issued_at: UtcText
    expires_at: UtcText | None = None
    assurance: Assurance = "declared"
    risk_rules: Annotated[int, Field(ge=1, le=2**31)] = RULES_VERSION
    risk_flags: Few[str]
    required_roles: Few[Name] = Field(default_factory=list)
    reports: Few[ReportReference] = Field(default_factory=list)
    manifest: ManifestReference | None = None
    statements: Few[DigestText] = Field(default_factory=list)
    ledger_root: DigestText | None = None
    log_checkpoint: LogCheckpoint | None = None
    gate_decisions: Few[DigestText] | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if (self.version == 1) != (self.previous is None):
            raise ValueError("version 1 has no previous passport, and every later one has")
        if len({report.name for report in self.reports}) < len(self.reports):
            raise ValueError("two reports have one name")
        if self.expires_at is not None and self.expires_at <= self.issued_at:
            raise ValueError("it would expire before it is issued")
        if self.manifest is not None and self.manifest.run_id != self.bom.run_id:
            raise ValueError("the manifest is of another run than the bill of materials")
        return self


def derived_flags(predicate: PassportPredicate, bom: ModelBOM | None = None) -> list[str] | None:
    """The risk flags by the rules that a passport names, or None when they are newer than ours.

    Args:
        predicate: The passport.
        bom: The bill of materials to derive them from; the passport's own unless given.
    """
    if predicate.risk_rules > RULES_VERSION:
        return None
    return (bom or predicate.bom).risk_flags(predicate.risk_rules)


def derived_subjects(bom: ModelBOM, manifest: ManifestReference | None) -> tuple[Subject, ...]:
    """The subjects that a passport over this bill of materials has, and no others.

    The identities of its artifacts; without any, the run's manifest; without a run, the bill of
    materials itself.

    Args:
        bom: The bill of materials.
        manifest: The run's manifest, if there is one.
    """
    if bom.artifacts:
        return tuple(
            subject
            for artifact in bom.artifacts
            for subject in subjects(identity_of_component(artifact))
        )
    if manifest is not None:
        return (Subject(f"run:{manifest.run_id}"[:_LABEL_CHARS], _sha256(manifest.digest)),)
    return (Subject(f"bom:{bom.model_id}"[:_LABEL_CHARS], _sha256(bom.digest())),)


def inconsistency(subjects_found: Sequence[Subject], predicate: PassportPredicate) -> str | None:
    """Say in what the subjects of a statement are not those of its predicate, or None.

    Args:
        subjects_found: The subjects of the statement.
        predicate: Its predicate.
    """
    for artifact in predicate.bom.artifacts:
        if dir_hash1((file.name, file.sha256) for file in artifact.files) != artifact.dir_hash:
            return f"the file list of {artifact.name} does not have the hash that it states"
    found = {subject.name: dict(subject.digest) for subject in subjects_found}
    expected = {
        subject.name: dict(subject.digest)
        for subject in derived_subjects(predicate.bom, predicate.manifest)
    }
    if found == expected:
        return None
    wrong = sorted(name for name in found | expected if found.get(name) != expected.get(name))
    return f"not the subjects of this bill of materials: {', '.join(wrong[:5])}"


def assurance_ceiling(predicate: PassportPredicate, algorithms: Iterable[str]) -> Assurance:
    """The most that a passport can claim, before any evidence is looked at.

    L0 needs a run manifest and recorded metrics to point at; L1 and L2 need a training ledger as
    well, and a signature that those who check it cannot make themselves.

    Args:
        predicate: What is signed.
        algorithms: Those of the keys that sign it or that were found to have signed it.
    """
    flight = predicate.bom.flight
    if predicate.manifest is None or flight is None or flight.num_steps == 0:
        return "declared"
    shared = all(algorithm == HMAC for algorithm in algorithms)
    return "L0" if shared or predicate.ledger_root is None else "L2"


def weaker(first: Assurance, second: Assurance) -> Assurance:
    """The weaker of two assurance levels."""
    return min(first, second, key=LEVELS.index)


def component_of_identity(identity: ArtifactIdentity) -> ArtifactComponent:
    """The component that states an identity; the local path stays out of it."""
    return ArtifactComponent(**identity.to_dict())


def identity_of_component(artifact: ArtifactComponent) -> ArtifactIdentity:
    """The identity that a component of the bill of materials states."""
    return ArtifactIdentity(
        name=artifact.name,
        kind=artifact.kind,
        path="",
        tensor_root=artifact.tensor_root,
        n_tensors=artifact.n_tensors,
        dir_hash=artifact.dir_hash,
        files=tuple((file.name, file.sha256, file.size) for file in artifact.files),
        ignored=tuple(artifact.ignored),
    )


def _sha256(digest: str) -> dict[str, str]:
    return {"sha256": parse_digest(digest).hex()}
