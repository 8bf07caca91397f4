"""Who signed in which role, under a trust policy.

The rules are those of `docs/reference/verification.md`, "When a role has signed": keys are counted
by material, the algorithm, roles and predicate types come from the policy, and where a role does
not hold, the reason is the first of a fixed list that applies.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

from provenir.attest.shared_secret import is_shared_secret_id
from provenir.attest.statement import PASSPORT_PREDICATE
from provenir.attest.trust_policy import ROLES
from provenir.governance.statements import DataSourceStatement
from provenir.governance.verdict import Check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from provenir.attest.dsse import Envelope
    from provenir.attest.keys import VerificationKey
    from provenir.attest.trust_policy import TrustKey, TrustPolicy
    from provenir.governance.predicate import PassportPredicate
    from provenir.governance.statements import RoleStatement

__all__ = ["Cover", "RoleCheck"]

Material = tuple[str, bytes]

_LOG_ROLES: Final = ("log", "witness")
_SIGNING_NO_PASSPORT: Final = frozenset({*_LOG_ROLES, "root"})
_SIGNING_PASSPORTS: Final = tuple(role for role in ROLES if role not in _SIGNING_NO_PASSPORT)
_BY_STATEMENT: Final = ("data-source", "governance")
"""Roles whose keys, unless the policy says otherwise, sign statements and no passport."""


class Cover(Protocol):
    """What shows how much of an envelope was there before an instant."""

    def older(self, envelope: Envelope, instant: datetime) -> Envelope | None:
        """The part that is shown to be older: the payload with the first of its signatures."""


class _Signed:
    """A document, and what each signature under it is worth.

    Args:
        envelopes: One payload in every envelope that was handed over: each may have signatures
            that the others lack.
        predicate_type: Of what kind it is.
        asked: Whose signature counts.
    """

    def __init__(
        self, envelopes: Sequence[Envelope], predicate_type: str, asked: RoleCheck
    ) -> None:
        self.predicate_type = predicate_type
        self._envelopes = envelopes
        self._asked = asked
        known = [key.key for key in asked.keys.values()]
        found = dict.fromkeys(
            _material(key) for envelope in envelopes for key in envelope.verified_by(known)
        )
        self.signers = [asked.keys[one] for one in found]

    @property
    def keyids(self) -> set[str]:
        """What the signatures say of who made them."""
        return {one.keyid for envelope in self._envelopes for one in envelope.signatures}

    @property
    def is_signed(self) -> bool:
        """Whether there is any signature, whosever it is."""
        return any(envelope.signatures for envelope in self._envelopes)

    def counting(self, role: str | None) -> set[Material]:
        """Keys that count for a role; for any role where None."""
        return {_material(one.key) for one in self._holding(role) if not self._fault(one)}

    def faults(self, role: str | None) -> set[str]:
        """Why keys that hold the role do not count."""
        return {fault for one in self._holding(role) if (fault := self._fault(one))}

    def others(self, role: str | None) -> list[TrustKey]:
        """Signers that do not hold the role."""
        held = self._holding(role)
        return [key for key in self.signers if key not in held]

    def _holding(self, role: str | None) -> list[TrustKey]:
        if role is None:
            return [key for key in self.signers if not _SIGNING_NO_PASSPORT & set(key.roles)]
        return [key for key in self.signers if role in key.roles]

    def _fault(self, key: TrustKey) -> str | None:
        asked = self._asked
        compromised, begins = key.compromised_at, key.not_before
        if compromised is not None and not self._unharmed(key, compromised):
            return "compromised-key"
        if begins is not None and begins > asked.at:
            return "not-yet-valid"
        return None if self.predicate_type in key.predicate_types else "wrong-predicate"

    def _unharmed(self, key: TrustKey, compromised: datetime) -> bool:
        """Whether the compromise is still to come, or this very signature is older than it."""
        if compromised > self._asked.at:
            return True
        parts = (self._asked.cover.older(one, compromised) for one in self._envelopes)
        return any(part is not None and bool(part.verified_by([key.key])) for part in parts)


class RoleCheck:
    """The roles of one passport under one policy.

    Args:
        policy: Whose signature counts.
        passport: The passport's envelope.
        at: The verifier's clock.
        cover: What shows that a signature is older than a compromise.
    """

    def __init__(
        self, policy: TrustPolicy, passport: Envelope, *, at: datetime, cover: Cover
    ) -> None:
        self.policy = policy
        self.at = at
        self.cover = cover
        self.keys = {_material(key.key): key for key in policy.keys}
        self._passport = passport

    @cached_property
    def passport(self) -> _Signed:
        """The passport with what its signatures are worth."""
        return _Signed([self._passport], PASSPORT_PREDICATE, self)

    def signature(self) -> Check:
        """The row `signature`: as many keys signed the passport itself as one of their roles needs.

        Below that a single key could put its own passport around what others have stated.
        """
        counting = self.passport.counting(None)
        by_role = ((role, len(self.passport.counting(role))) for role in _SIGNING_PASSPORTS)
        if any(found >= self.policy.threshold(role) for role, found in by_role):
            return Check(name="signature", status="pass", detail=self._who(counting))
        reason = self._reason([self.passport], None, missing=False, partial=bool(counting))
        return _fail("signature", reason, self._detail([self.passport], None))

    def revokes(self, statement: RoleStatement) -> str | None:
        """Why a revocation does not count, or None when a governance key signed it."""
        return self._unsigned([statement], 1)

    def unsigned(self, same: Sequence[RoleStatement]) -> str | None:
        """Why its role has not signed a statement, or None when as many keys as needed have.

        Args:
            same: The statement, once for each envelope around it.
        """
        return self._unsigned(same, self.policy.threshold(same[0].claim.role))

    def counting(self, same: Sequence[RoleStatement]) -> set[Material]:
        """The keys that count for its role under a statement, given once for each envelope."""
        claim = same[0].claim
        signed = _Signed([one.envelope for one in same], claim.predicate_type, self)
        return signed.counting(claim.role)

    def roles(
        self, predicate: PassportPredicate, statements: Sequence[RoleStatement]
    ) -> list[Check]:
        """One row for each required role but those of the log.

        Args:
            predicate: What the passport says.
            statements: Those that it lists, that are there, and that belong to it; one for each
                envelope.
        """
        wanted = (*self.policy.required(predicate.assurance), *predicate.required_roles)
        by_digest: dict[str, list[RoleStatement]] = {}
        for one in statements:
            by_digest.setdefault(one.digest, []).append(one)
        signed = [
            (same[0], _Signed([one.envelope for one in same], same[0].claim.predicate_type, self))
            for same in by_digest.values()
        ]
        return [
            self._role(role, predicate, [pair for pair in signed if pair[0].claim.role == role])
            for role in dict.fromkeys(wanted)
            if role not in _LOG_ROLES
        ]

    def algorithms(self) -> list[str]:
        """Algorithms of the keys that count for the passport."""
        return [algorithm for algorithm, _ in self.passport.counting(None)]

    def _unsigned(self, same: Sequence[RoleStatement], needed: int) -> str | None:
        claim = same[0].claim
        signed = _Signed([one.envelope for one in same], claim.predicate_type, self)
        counting = signed.counting(claim.role)
        if len(counting) >= needed:
            return None
        if not self.policy.keys_of(claim.role):
            return "no-key"
        return self._reason([signed], claim.role, missing=False, partial=bool(counting))

    def _role(
        self,
        role: str,
        predicate: PassportPredicate,
        own: list[tuple[RoleStatement, _Signed]],
    ) -> Check:
        name = f"role:{role}"
        if role not in ROLES or not self.policy.keys_of(role):
            detail = "the trust policy names no key for it"
            return Check(name=name, status="undecided", reason="no-key", detail=detail)
        needed = self.policy.threshold(role)
        by_passport = self.passport.counting(role)
        if len(by_passport) >= needed:
            return Check(name=name, status="pass", detail=self._who(by_passport))
        units = list(_units(role, predicate, own))
        counted = [[doc.counting(role) for doc in unit] for unit in units]
        if units and all(_reach(unit, needed) for unit in counted):
            together = set().union(*(keys for unit in counted for keys in unit))
            return Check(name=name, status="pass", detail=self._who(together))
        documents = [self.passport, *(doc for _, doc in own)]
        short = [unit for unit in counted if not _reach(unit, needed)]
        partial = bool(by_passport) or any(keys for unit in short for keys in unit)
        missing = role in _BY_STATEMENT and (not units or any(not unit for unit in units))
        reason = self._reason(documents, role, missing=missing, partial=partial)
        return _fail(name, reason, self._detail(documents, role))

    def _reason(
        self, documents: Sequence[_Signed], role: str | None, *, missing: bool, partial: bool
    ) -> str:
        """The first reason that applies, in the order of the specification."""
        faults = set().union(*(document.faults(role) for document in documents))
        # Where the role has statements of its own, whoever signed only the passport is no answer.
        documents = documents[1:] or documents
        keyids = {keyid for document in documents for keyid in document.keyids}
        known = {key.key.keyid for key in self.policy.keys if role is None or role in key.roles}
        empty = not any(document.is_signed for document in documents)
        applies = {
            "compromised-key": "compromised-key" in faults,
            "not-yet-valid": "not-yet-valid" in faults,
            "wrong-predicate": "wrong-predicate" in faults,
            "below-threshold": partial,
            "missing-statement": missing,
            "wrong-role": any(document.others(role) for document in documents),
            "shared-secret": any(map(is_shared_secret_id, keyids)),
            "bad-signature": empty or bool(keyids & known),
        }
        return next((reason for reason, holds in applies.items() if holds), "unknown-key")

    def _detail(self, documents: Sequence[_Signed], role: str | None) -> str:
        signers = {key.id: key for document in documents for key in document.signers}
        if not signers:
            return "no key of the trust policy signed"
        listed = "; ".join(f"{key.id} ({', '.join(key.roles)})" for key in signers.values())
        needed = 1 if role is None else self.policy.threshold(role)
        return f"{needed} needed; signed by {listed}"

    def _who(self, materials: Iterable[Material]) -> str:
        return ", ".join(sorted(self.keys[one].id for one in materials))


def _units(
    role: str, predicate: PassportPredicate, own: list[tuple[RoleStatement, _Signed]]
) -> Iterator[list[_Signed]]:
    """The things that each need the role's signatures: training datasets, else each statement."""
    if role != "data-source":
        if own:
            yield [signed for _, signed in own]
        return
    for part in predicate.bom.data:
        if part.role == "train":
            yield [
                signed
                for statement, signed in own
                if isinstance(statement.claim, DataSourceStatement)
                and statement.claim.records_root == part.content_hash
            ]


def _material(key: VerificationKey) -> Material:
    """What a key is counted by."""
    return key.algorithm, key.material


def _reach(unit: Sequence[set[Material]], needed: int) -> bool:
    return any(len(keys) >= needed for keys in unit)


def _fail(name: str, reason: str, detail: str) -> Check:
    return Check(name=name, status="fail", reason=reason, detail=detail)
