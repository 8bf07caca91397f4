"""Verifying a passport.

The rules, in the order in which they are applied:

1. Nothing inside an envelope is looked at before the keys that were given, or a key of the trust
   policy, are found to have signed it. What was not reached is listed as not checked
   (`not-reached`).
2. The keys are the verifier's. The envelope's key ids only help to say why a key did not fit.
3. The payload must be a Model Passport: predicate type, schema, and subjects that follow from its
   own bill of materials.
4. Every role that the trust policy or the passport requires must have signed, the passport or a
   statement of its own that the passport lists.
5. Risk flags are derived again, and the claimed assurance must be one that the passport's fields
   and the keys of rule 1 allow: a shared secret stands for L0 at most. With a run folder both are
   derived from the folder as well.
6. Expiry is judged by the verifier's clock; an older version than was seen before is refused.
7. What was not handed over is not checked, and a lone passport establishes `declared` at most.

The whole of it, with every reason, is `docs/reference/verification.md`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from provenir.attest.dsse import Envelope
from provenir.attest.shared_secret import ALGORITHM as HMAC
from provenir.core.errors import EvidenceError, InputError, UsageError
from provenir.governance.artifact_check import check_artifacts
from provenir.governance.content_check import (
    assurance_row,
    bom_rows,
    bound_elsewhere,
    content_notes,
    expiry_row,
    flags_row,
    model_row,
    report_rows,
    row,
    version_row,
)
from provenir.governance.evidence import check_run_folder
from provenir.governance.ledger_rows import judged_ledger
from provenir.governance.log_evidence import LogEvidence
from provenir.governance.payload import read_payload
from provenir.governance.predicate import assurance_ceiling, inconsistency, weaker
from provenir.governance.question import Trust, question
from provenir.governance.role_check import RoleCheck
from provenir.governance.signature_check import (
    KeySpec,
    check_signatures,
    verification_keys,
)
from provenir.governance.statement_check import listed_statements, revocation_row
from provenir.governance.verdict import Check, Verdict, note_line
from provenir.provenance.run_layout import PASSPORT_PROOF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from provenir.attest.keys import VerificationKey
    from provenir.attest.statement import Statement
    from provenir.attest.trust_policy import TrustPolicy
    from provenir.attest.verifier_state import VerifierState
    from provenir.governance.handover import Handover
    from provenir.governance.ledger_check import Level
    from provenir.governance.predicate import Assurance, PassportPredicate
    from provenir.governance.question import PathSpec, Question
    from provenir.governance.statements import RoleStatement

__all__ = ["trust_scope", "verify_passport"]


def verify_passport(
    envelope: bytes | Envelope,
    *,
    keys: KeySpec | Iterable[KeySpec] = (),
    trust: TrustPolicy | None = None,
    state: VerifierState | None = None,
    evidence: Handover | None = None,
    model: str | None = None,
    level: Level | None = None,
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
        trust: Whose signature counts in which role, instead of keys or beside them.
        state: What this verifier remembers; the caller stores what a good verdict adds to it.
        evidence: Statements, revocations, the log's proof and checkpoints.
        model: The model that the passport must be of.
        level: Up to which level the training ledger of the run folder is asked about; None asks
            for whatever can be decided.
        artifacts: Model folders or files to compare with the artifacts that it names.
        run_dir: The run folder that it speaks of.
        beside: The folder where the passport lies; a `bom.json` there must be the signed one.
        at: The instant for judging expiry, with a time zone; now unless given.
        progress: Called with the number of artifact bytes read since the last call.

    Returns:
        The verdict; true only when every check that was asked for holds.

    Raises:
        InputError: These bytes are no envelope, or something that was handed over does not exist
            or cannot be read.
        UsageError: A key is none, or `at` has no time zone.
        LockedError: The log was handed over, and a writer holds it for too long.
    """
    received = envelope if isinstance(envelope, Envelope) else _parse(envelope)
    asked = verification_keys(keys)
    scope = trust_scope(trust, asked)
    whole = question(
        artifacts=artifacts,
        run_dir=run_dir,
        beside=beside,
        at=at,
        trust=Trust(policy=trust, state=state, scope=scope),
        evidence=evidence,
        model=model,
        level=level,
        progress=progress,
    )
    return _Judgement(received, asked, whole).verdict()


def trust_scope(policy: TrustPolicy | None, keys: Sequence[VerificationKey]) -> str:
    """Under what name the versions of passports are remembered: the policy's, else the keys'."""
    if policy is not None:
        return f"trust:{policy.name}"
    return "keys:" + ",".join(sorted(key.keyid for key in keys))


class _Judgement:
    """One passport against one question; `verdict` applies the rules of this module in order."""

    def __init__(
        self, envelope: Envelope, keys: tuple[VerificationKey, ...], asked: Question
    ) -> None:
        self._envelope = envelope
        self._keys = keys
        self._asked = asked
        policy = asked.trust.policy
        self._log = LogEvidence(envelope, asked)
        self._roles = (
            None if policy is None else RoleCheck(policy, envelope, at=asked.at, cover=self._log)
        )

    def verdict(self) -> Verdict:
        """Ask everything that was asked."""
        signatures = self._signatures()
        notes = self._signature_notes()
        if any(check.status != "pass" for check in signatures):
            return Verdict(checks=(*signatures, *self._unreached()), notes=notes)
        try:
            statement, predicate = read_payload(self._envelope)
        except (EvidenceError, InputError) as fault:
            reason = "wrong-predicate" if isinstance(fault, EvidenceError) else "malformed"
            wrong = row("statement", reason, fault.what, "")
            return Verdict(checks=(*signatures, wrong, *self._unreached()), notes=notes)
        verdict, reached = self._content(statement, predicate, signatures)
        told = (*verdict.notes, *content_notes(predicate))
        verdict = replace(verdict, notes=(*notes, *told))
        if verdict.failures:
            return verdict
        return replace(verdict, assurance_established=weaker(predicate.assurance, reached))

    def _content(
        self, statement: Statement, predicate: PassportPredicate, signatures: Sequence[Check]
    ) -> tuple[Verdict, Assurance]:
        """The rows about what is said, and the assurance that the evidence reaches."""
        asked = self._asked
        listed = listed_statements(predicate, asked, self._roles)
        ledger = judged_ledger(predicate, asked, self._roles, listed.belonging)
        wrong_subjects = inconsistency(statement.subjects, predicate)
        before = [
            *signatures,
            row("statement", "malformed", None, "a Model Passport"),
            *self._role_rows(predicate, listed.belonging),
            row("subjects", "subject-mismatch", wrong_subjects, "they follow from the inventory"),
            *model_row(predicate, asked),
            expiry_row(predicate, asked),
            *version_row(predicate, asked),
            *self._revocation(predicate),
            flags_row(predicate),
            *listed.rows,
            *self._log.rows(predicate),
            *bound_elsewhere(predicate, ledger=bool(ledger.checks)),
            *ledger.checks,
            *self._artifacts(predicate, trusted=wrong_subjects is None),
            *bom_rows(predicate, asked),
            *report_rows(predicate, asked),
        ]
        run_checks, reached = self._run(predicate)
        if reached == "L0" and ledger.assurance is not None:
            reached = ledger.assurance
        claim = assurance_row(
            predicate.assurance,
            assurance_ceiling(predicate, self._algorithms()),
            reached,
            (*run_checks, *ledger.checks),
            is_open=reached == "L0" and ledger.is_open,
        )
        checks = (*before, *run_checks, claim)
        verdict = Verdict(checks=checks, notes=ledger.notes, assurance_claimed=predicate.assurance)
        return verdict, reached

    def _signatures(self) -> list[Check]:
        policy, roles = self._asked.trust.policy, self._roles
        if policy is None or roles is None:
            return check_signatures(self._envelope, self._keys)
        held = Check(
            name="trust policy", status="pass", detail=f"{policy.name}, version {policy.version}"
        )
        pinned = check_signatures(self._envelope, self._keys) if self._keys else []
        return [held, *pinned, roles.signature()]

    def _role_rows(
        self, predicate: PassportPredicate, statements: Sequence[RoleStatement]
    ) -> list[Check]:
        if self._roles is not None:
            return self._roles.roles(predicate, statements)
        if not predicate.required_roles:
            return []
        roles = ", ".join(predicate.required_roles)
        return [Check(name="roles", status="undecided", reason="no-trust-policy", detail=roles)]

    def _revocation(self, predicate: PassportPredicate) -> list[Check]:
        if self._roles is None:
            return []
        return [revocation_row(self._envelope, predicate, self._asked, self._roles)]

    def _artifacts(self, predicate: PassportPredicate, *, trusted: bool) -> list[Check]:
        asked = self._asked
        if trusted:
            return check_artifacts(predicate.bom, asked.artifacts, progress=asked.progress)
        return [
            Check(name=f"artifact:{path.name}", status="not-checked", reason="not-reached")
            for path in asked.artifacts
        ]

    def _run(self, predicate: PassportPredicate) -> tuple[list[Check], Assurance]:
        if self._asked.run is not None:
            judged = () if self._asked.evidence.proof is None else (PASSPORT_PROOF,)
            return check_run_folder(predicate, self._asked.run, judged=judged)
        detail = "hand over the run folder to have its reports compared"
        missing = Check(name="run", status="not-checked", reason="not-given", detail=detail)
        return [missing], "declared"

    def _algorithms(self) -> list[str]:
        counted = [] if self._roles is None else self._roles.algorithms()
        return [*(key.algorithm for key in self._keys), *counted]

    def _unreached(self) -> list[Check]:
        """What is listed as not checked when the signature or the statement does not hold."""
        names = ["content", *(f"artifact:{path.name}" for path in self._asked.artifacts)]
        names += ["run"] if self._asked.run is not None else []
        return [Check(name=name, status="not-checked", reason="not-reached") for name in names]

    def _signature_notes(self) -> tuple[str, ...]:
        envelope, keys = self._envelope, self._keys
        names = []
        if not envelope.signatures:
            names.append("unsigned")
        if any(key.algorithm == HMAC for key in envelope.verified_by(keys)):
            names.append("team-internal")
        checked = len(keys) if self._roles is None else len(self._roles.passport.signers)
        if len(envelope.signatures) > max(1, checked):
            names.append("more_signatures")
        return tuple(note_line(name) for name in names)


def _parse(data: bytes) -> Envelope:
    if not isinstance(data, bytes | bytearray | memoryview):
        raise UsageError(
            f"a passport is bytes, not {type(data).__name__}", mend="read the file, pass its bytes"
        )
    return Envelope.parse(bytes(data), where="passport")
