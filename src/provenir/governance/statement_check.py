"""The statements that a passport lists, and what was revoked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.core.digest import digest_bytes
from provenir.core.errors import EvidenceError, InputError
from provenir.governance.statements import Revocation, RoleStatement
from provenir.governance.verdict import Check

if TYPE_CHECKING:
    from provenir.attest.dsse import Envelope
    from provenir.governance.predicate import PassportPredicate
    from provenir.governance.question import Question
    from provenir.governance.role_check import RoleCheck

__all__ = ["ListedStatements", "listed_statements", "revocation_row"]

_SHOWN_HEX: Final = 15
_REVOCATION: Final = "revocation"
_MAX_SAME: Final = 8
"""Envelopes of one statement that are read: each costs a try of every key on every signature."""


@dataclass(frozen=True, slots=True)
class ListedStatements:
    """What a passport's list came to.

    Attributes:
        rows: One for each listed digest.
        belonging: Those that are there and belong to the passport, one for each envelope.
    """

    rows: tuple[Check, ...]
    belonging: tuple[RoleStatement, ...]


def listed_statements(
    predicate: PassportPredicate, question: Question, roles: RoleCheck | None
) -> ListedStatements:
    """Look up every statement that a passport lists, and see whether it belongs to it.

    Args:
        predicate: What the passport says.
        question: What was handed over.
        roles: Whose signature counts; None without a trust policy.
    """
    there: dict[str, dict[Envelope, None]] = {}
    for digest, envelope in question.evidence.statements:
        same = there.setdefault(digest, {})
        if len(same) < _MAX_SAME:
            same[envelope] = None
    rows: list[Check] = []
    belonging: list[RoleStatement] = []
    for digest in dict.fromkeys(predicate.statements):
        name = f"statement:{digest[:_SHOWN_HEX]}"
        if digest not in there:
            rows.append(_absent(name, question))
            continue
        read = [_read(name, envelope, predicate) for envelope in there[digest]]
        found = [one for one in read if isinstance(one, RoleStatement)]
        faults = [one for one in read if isinstance(one, Check)]
        rows.append(_there(name, found, roles) if found else faults[0])
        belonging += found
    return ListedStatements(tuple(rows), tuple(belonging))


def revocation_row(
    envelope: Envelope, predicate: PassportPredicate, question: Question, roles: RoleCheck
) -> Check:
    """Whether the passport, or a statement that it lists, was taken back.

    Args:
        envelope: The passport.
        predicate: What it says.
        question: What was handed over.
        roles: Who may revoke.
    """
    if not question.evidence.revocations:
        return Check(name=_REVOCATION, status="not-checked", reason="not-given")
    bound = {digest_bytes(envelope.payload), *predicate.statements}
    doubts = []
    for where, data in question.evidence.revocations:
        try:
            statement = RoleStatement.from_bytes(data, where=where)
        except EvidenceError as fault:
            doubts.append(_doubt(fault.reason or "malformed", f"{where}: {fault.what}"))
            continue
        except InputError as fault:
            doubts.append(_doubt("malformed", f"{where}: {fault.what}"))
            continue
        claim = statement.claim
        if not isinstance(claim, Revocation):
            doubts.append(_doubt("wrong-predicate", f"{where} is no revocation"))
        elif (why := roles.revokes(statement)) is not None:
            doubts.append(_doubt(why, f"{where}: no governance key took anything back with it"))
        elif claim.revoked in bound:
            detail = f"this {claim.what} was taken back: {claim.reason}"
            return Check(name=_REVOCATION, status="fail", reason="revoked", detail=detail)
    if doubts:
        return doubts[0]
    detail = f"none of {len(question.evidence.revocations)} speaks of this passport"
    return Check(name=_REVOCATION, status="pass", detail=detail)


def _absent(name: str, question: Question) -> Check:
    if question.run is None:
        return Check(name=name, status="not-checked", reason="not-given")
    detail = "it is not among the statements of the run folder"
    return Check(name=name, status="fail", reason="missing-statement", detail=detail)


def _read(name: str, envelope: Envelope, predicate: PassportPredicate) -> RoleStatement | Check:
    try:
        statement = RoleStatement.of(envelope)
    except EvidenceError as fault:
        return Check(name=name, status="fail", reason="wrong-predicate", detail=fault.what)
    except InputError as fault:
        return Check(name=name, status="fail", reason="malformed", detail=fault.what)
    contradiction = statement.claim.contradiction(predicate)
    if contradiction is None:
        return statement
    return Check(name=name, status="fail", reason="statement-mismatch", detail=contradiction)


def _there(name: str, same: list[RoleStatement], roles: RoleCheck | None) -> Check:
    """The row of a statement that belongs to the passport: has its role signed it?"""
    claim = same[0].claim
    label = claim.subject().name
    if roles is None:
        detail = f"{label}: who may sign it is said by a trust policy"
        return Check(name=name, status="not-checked", reason="no-trust-policy", detail=detail)
    reason = roles.unsigned(same)
    if reason is None:
        return Check(name=name, status="pass", detail=f"{label}, signed by the role {claim.role}")
    detail = f"{label}: the role {claim.role} has not signed it"
    return Check(name=name, status="not-checked", reason=reason, detail=detail)


def _doubt(reason: str, detail: str) -> Check:
    return Check(name=_REVOCATION, status="undecided", reason=reason, detail=detail)
