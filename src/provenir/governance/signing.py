"""Signing a bill of materials. A signer cannot claim more than what the passport binds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from provenir.attest.dsse import Envelope
from provenir.attest.keys import SecretBytes, Signer, each_key, load_signer
from provenir.attest.statement import PASSPORT_PREDICATE, Statement
from provenir.core.clock import SystemClock, utc_text
from provenir.core.document import first_fault
from provenir.core.errors import UsageError
from provenir.core.manifest import IMPORTED, RunManifest
from provenir.governance.bom import ModelBOM
from provenir.governance.model_passport import ModelPassport
from provenir.governance.predicate import (
    ManifestReference,
    PassportPredicate,
    assurance_ceiling,
    component_of_identity,
    derived_subjects,
    inconsistency,
    weaker,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from provenir.attest.statement import Subject
    from provenir.core.clock import Clock
    from provenir.governance.predicate import Assurance, LogCheckpoint
    from provenir.provenance.artifact import ArtifactIdentity

__all__ = ["PassportSigner"]

SigningKey = SecretBytes | str | Path | Signer


class PassportSigner:
    """Signs bills of materials with one or several keys.

    Args:
        key: Bytes are an HMAC secret, good inside a team; a path is a private key in PEM; a
            `Signer` is itself; an iterable is several of these.
        key_id: The name of an HMAC secret; other keys carry their own id.

    Raises:
        UsageError: Something that is no signing key, or a `key_id` for a key that has its own.
        InputError: The PEM file cannot be read.
    """

    def __init__(self, key: SigningKey | Iterable[SigningKey], key_id: str = "default") -> None:
        keys = each_key(key)
        if not keys:
            raise UsageError("no signing key", mend="give at least one key")
        if key_id != "default" and not any(isinstance(one, SecretBytes) for one in keys):
            raise UsageError("key_id names an HMAC secret only", mend="leave key_id out")
        self._signers = tuple(load_signer(one, key_id=key_id) for one in keys)

    def sign(
        self,
        bom: ModelBOM,
        *,
        artifacts: Iterable[ArtifactIdentity] = (),
        manifest: RunManifest | ManifestReference | None = None,
        reports: Mapping[str, str] | None = None,
        subjects: Iterable[Subject] | None = None,
        assurance: Assurance | None = None,
        previous: ModelPassport | None = None,
        expires_at: datetime | None = None,
        required_roles: Iterable[str] = (),
        statements: Iterable[str] = (),
        ledger_root: str | None = None,
        log_checkpoint: LogCheckpoint | None = None,
        gate_decisions: Iterable[str] | None = None,
        clock: Clock | None = None,
    ) -> ModelPassport:
        """Sign a bill of materials.

        Args:
            bom: The bill of materials.
            artifacts: Identities of what came out; those that `bom` does not list are added.
            manifest: The run's final manifest, which binds the files of the run folder.
            reports: Path inside the run folder to digest, of every report that belongs to it.
            subjects: The expected subjects, for a caller who wants them compared.
            assurance: The claim; unless given, L0 with a manifest and metrics, else `declared`.
                Over an imported run `declared` is all that can be claimed.
            previous: The passport that this one replaces.
            expires_at: When verifiers begin to refuse it.
            required_roles: Roles that must have signed.
            statements: Digests of what other roles signed.
            ledger_root: Root of the training ledger.
            log_checkpoint: The log just before.
            gate_decisions: Digests of gate decisions.
            clock: Where `issued_at` comes from.

        Raises:
            UsageError: A claim above what is bound, or parts that do not fit together.
            CanonicalizationError: A value without canonical bytes.
        """
        full = with_artifacts(bom, artifacts)
        observed = not _was_imported(full, manifest)
        if isinstance(manifest, RunManifest):
            manifest = manifest_reference(manifest)
        predicate = _predicate(
            bom=full,
            **_succession(previous, full),
            issued_at=utc_text((clock or SystemClock()).now()),
            expires_at=None if expires_at is None else utc_text(expires_at),
            risk_flags=full.risk_flags(),
            required_roles=list(required_roles),
            reports=[{"name": n, "digest": d} for n, d in sorted((reports or {}).items())],
            manifest=manifest,
            statements=list(statements),
            ledger_root=ledger_root,
            log_checkpoint=log_checkpoint,
            gate_decisions=None if gate_decisions is None else list(gate_decisions),
        )
        return self._issue(self._claiming(predicate, assurance, observed=observed), subjects)

    def _claiming(
        self, predicate: PassportPredicate, assurance: Assurance | None, *, observed: bool
    ) -> PassportPredicate:
        """Put the claim in, if what is bound and who signs allow it."""
        algorithms = [signer.algorithm for signer in self._signers]
        ceiling = assurance_ceiling(predicate, algorithms) if observed else "declared"
        if assurance is None:
            return predicate.model_copy(update={"assurance": weaker(ceiling, "L0")})
        claimed = _predicate(**{**dict(predicate), "assurance": assurance})
        if weaker(claimed.assurance, ceiling) != claimed.assurance:
            raise UsageError(
                f"assurance={assurance!r} cannot be claimed: what is bound allows {ceiling!r}",
                mend="give manifest= of a run with recorded metrics (L0), ledger_root= and an "
                "Ed25519 key (above), or leave assurance out",
            )
        return claimed

    def _issue(
        self, predicate: PassportPredicate, expected: Iterable[Subject] | None
    ) -> ModelPassport:
        """Sign, and read back what was signed: nothing leaves that would not be accepted."""
        subjects = derived_subjects(predicate.bom, predicate.manifest)
        if expected is not None and list(expected) != list(subjects):
            raise UsageError(
                "these are not the subjects of this passport",
                mend="give artifacts= and manifest=; the subjects follow from them",
            )
        fault = inconsistency(subjects, predicate)
        if fault is not None:
            raise UsageError(fault, mend="take the component from identify_artifact(path)")
        statement = Statement(subjects, PASSPORT_PREDICATE, predicate.model_dump(mode="json"))
        passport = ModelPassport(Envelope.sign(statement.to_bytes(), self._signers))
        if ModelPassport.from_json(passport.to_json()).predicate != predicate:
            raise UsageError("this bill of materials does not survive being written")
        return passport


def _was_imported(bom: ModelBOM, manifest: RunManifest | ManifestReference | None) -> bool:
    """Whether the run was read from somebody's log, which measured nothing that we saw."""
    noted = bom.run is not None and IMPORTED in bom.run.findings
    return noted or (isinstance(manifest, RunManifest) and manifest.imported)


def manifest_reference(manifest: RunManifest) -> ManifestReference:
    """How a passport refers to a run: its id, and the digest of its manifest's stored bytes.

    Raises:
        UsageError: The run is still running, so that its manifest will change.
    """
    if manifest.status == "running":
        raise UsageError("the run has not ended", mend="sign with the final manifest")
    return ManifestReference(run_id=manifest.run_id, digest=manifest.digest())


def with_artifacts(bom: object, artifacts: Iterable[ArtifactIdentity]) -> ModelBOM:
    """The bill of materials with the given artifacts listed.

    Raises:
        UsageError: It is none, or lists another artifact under one of the names.
    """
    if not isinstance(bom, ModelBOM):
        raise UsageError(
            f"a ModelBOM is signed, not {type(bom).__name__}",
            mend="build one, or take `run.bom` after the run has ended",
        )
    listed = {artifact.name: artifact for artifact in bom.artifacts}
    for identity in artifacts:
        component = component_of_identity(identity)
        if listed.setdefault(component.name, component) != component:
            raise UsageError(
                f"two artifacts with the name {component.name!r}",
                mend="give one of them another name: identify_artifact(path, name=...)",
            )
    return bom.model_copy(update={"artifacts": tuple(listed.values())})


def _succession(previous: ModelPassport | None, bom: ModelBOM) -> dict[str, Any]:
    """Number of the next passport of a model, and the one that it replaces."""
    if previous is None:
        return {"version": 1, "previous": None}
    before = previous.predicate
    if before.bom.model_id != bom.model_id:
        raise UsageError("previous= is of another model", mend="leave previous out")
    return {"version": before.version + 1, "previous": previous.digest()}


def _predicate(**fields: Any) -> PassportPredicate:
    """Make the predicate, or say in one line about the first field that is wrong."""
    try:
        return PassportPredicate(**fields)
    except ValidationError as fault:
        what, place = first_fault(fault)
        raise UsageError(f"no passport can be made of this: {what}", where=place) from fault
