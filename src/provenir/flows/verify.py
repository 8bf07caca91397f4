"""Verifying what somebody was handed: a run folder or a passport, under keys or a trust policy.

The conductor: it finds the passport, follows the trust policy's versions, gathers what lies beside
them, asks `provenir.governance.verification`, and remembers what a good verdict shows. It needs the
base install alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from provenir.attest.checkpoint import read_checkpoint
from provenir.attest.trust_chain import load_trust
from provenir.attest.verifier_state import VerifierState, update_state
from provenir.core.clock import SystemClock
from provenir.core.errors import EvidenceError, InputError, LockedError
from provenir.governance.handover import Handover
from provenir.governance.model_passport import ModelPassport
from provenir.governance.passport_proof import PassportProof
from provenir.governance.run_check import verify_run
from provenir.governance.signature_check import verification_keys
from provenir.governance.verdict import Check, Verdict, note_line
from provenir.governance.verdict_document import VerdictDocument, verdict_document
from provenir.governance.verification import trust_scope, verify_passport
from provenir.provenance.run_layout import PASSPORT, PASSPORT_PROOF

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from provenir.attest.keys import VerificationKey
    from provenir.attest.trust_policy import TrustPolicy
    from provenir.governance.ledger_check import Level
    from provenir.governance.signature_check import KeySpec

__all__ = ["Judged", "Order", "verify"]

_Change: TypeAlias = "Callable[[VerifierState], VerifierState]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody wants verified.

    Attributes:
        target: A run folder, or a passport's file.
        keys: Keys that must have signed.
        trust: The trust policy's file.
        state: Where versions and checkpoints are remembered; None remembers nothing.
        evidence: Statements, revocations, proof, checkpoints and log that were named.
        artifacts: Model folders or files.
        run: The run folder, where the target is a passport.
        model: The model that it must be of.
        level: Up to which level the training ledger is asked about; None asks for whatever can be
            decided.
        at: The verifier's clock; now unless given.
    """

    target: Path
    keys: tuple[KeySpec, ...] = ()
    trust: Path | None = None
    state: Path | None = None
    evidence: Handover = field(default_factory=Handover)
    artifacts: tuple[Path, ...] = ()
    run: Path | None = None
    model: str | None = None
    level: Level | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The answer.

    Attributes:
        verdict: Row by row.
        document: The same as a document.
        unremembered: Why what was seen could not be kept in `Order.state`; None where it was.
    """

    verdict: Verdict
    document: VerdictDocument
    unremembered: str | None = None


def verify(order: Order, *, progress: Callable[[int], None] | None = None) -> Judged:
    """Verify a run folder or a passport.

    Args:
        order: What is asked.
        progress: Called with the number of artifact bytes read since the last call.

    Returns:
        The verdict. An accepted trust policy and a good passport are remembered in `order.state`;
        where that cannot be written the verdict carries the note `not_remembered`.

    Raises:
        InputError: Something that was named does not exist or cannot be read, or the state cannot
            be read or written.
        UsageError: A key is none, or the time has no zone.
        EvidenceError: Another process remembered something else in the meantime.
    """
    keys = verification_keys(order.keys)
    at = order.at or SystemClock().now()
    passport, run = _located(order)
    if passport is None:
        found = verify_run(order.target, level=order.level)
        verdict = _unsigned(found, asked=_asks_for_more(order))
        return _judged(order, verdict, at=at, keys=keys)
    state = None if order.state is None else VerifierState.load(order.state)
    try:
        policy = None if order.trust is None else load_trust(order.trust, state=state, at=at)
    except EvidenceError as fault:
        refused = _untrusted(fault)
        return _judged(order, refused, at=at, keys=keys, digest=passport.digest())
    evidence = order.evidence.beside(passport.source.parent if passport.source else order.target)
    if order.trust is not None:
        evidence = evidence.revoked_beside(order.trust.parent)
    verdict = verify_passport(
        passport.envelope,
        keys=keys,
        trust=policy,
        state=state,
        evidence=evidence,
        model=order.model,
        level=order.level,
        artifacts=order.artifacts,
        run_dir=run,
        beside=None if passport.source is None else passport.source.parent,
        at=at,
        progress=progress,
    )
    unremembered = None
    if order.state is not None and state is not None:
        news = _news(passport, policy, verdict, evidence, trust_scope(policy, keys))
        unremembered = _remember(order.state, state, news)
    if unremembered is not None:
        verdict = replace(verdict, notes=(*verdict.notes, note_line("not_remembered")))
    judged = _judged(order, verdict, at=at, keys=keys, policy=policy, digest=passport.digest())
    return replace(judged, unremembered=unremembered)


def _located(order: Order) -> tuple[ModelPassport | None, Path | None]:
    """The passport and the run folder of a target; no passport where a run is not signed."""
    target = order.target
    if not target.is_dir():
        return ModelPassport.read(target), order.run
    if order.run is not None:
        raise InputError(
            "a run folder was given twice", where=str(target), mend="give the passport's file"
        )
    if not (target / PASSPORT).exists():
        return None, target
    return ModelPassport.read(target / PASSPORT), target


def _asks_for_more(order: Order) -> bool:
    """Whether something is asked that only a passport answers."""
    named = (order.keys, order.trust, order.artifacts, order.model)
    return any(named) or order.evidence != Handover()


def _unsigned(verdict: Verdict, *, asked: bool) -> Verdict:
    """A run without a passport: whoever asked about what it would say has no answer."""
    if not asked:
        return verdict
    detail = f"there is no {PASSPORT} in the folder: nobody signed this run"
    row = Check(name="passport", status="undecided", reason="not-given", detail=detail)
    return replace(verdict, checks=(*verdict.checks, row))


def _untrusted(fault: EvidenceError) -> Verdict:
    """A trust policy that cannot be gone by: nothing is judged under it."""
    reason = fault.reason or "bad-rotation"
    return Verdict(
        checks=(
            Check(name="trust policy", status="fail", reason=reason, detail=fault.what),
            Check(name="content", status="not-checked", reason="not-reached"),
        )
    )


def _news(
    passport: ModelPassport,
    policy: TrustPolicy | None,
    verdict: Verdict,
    evidence: Handover,
    scope: str,
) -> list[_Change]:
    """What is worth remembering: an accepted policy, and what a good verdict saw."""
    news: list[_Change] = []
    if policy is not None:  # accepted, whatever came of the passport
        news.append(partial(_with_policy, policy))
    if verdict:
        news += [partial(_with_passport, passport, scope), *_seen_checkpoint(verdict, evidence)]
    return news


def _remember(path: Path, state: VerifierState, news: Sequence[_Change]) -> str | None:
    """Keep what is new, and say why where that cannot be done.

    The verdict stands either way: it was judged by what is remembered. That the next one will be
    judged by less must be said.
    """

    def changed(known: VerifierState) -> VerifierState:
        for change in news:
            known = change(known)
        return known

    if changed(state) == state:
        return None
    try:
        update_state(path, changed)
    except (InputError, LockedError) as fault:
        return str(fault)
    return None


def _with_policy(policy: TrustPolicy, state: VerifierState) -> VerifierState:
    return state.remember_policy(policy.name, policy.version, policy.digest)


def _with_passport(passport: ModelPassport, scope: str, state: VerifierState) -> VerifierState:
    predicate = passport.predicate
    return state.remember_passport(
        scope, predicate.bom.model_id, predicate.version, passport.digest()
    )


def _seen_checkpoint(verdict: Verdict, evidence: Handover) -> list[_Change]:
    """The checkpoint that a good verdict found signed, with the time of the real clock.

    By the clock and not by `Order.at`: whoever judges by a time in the past has not seen it then.
    """
    signed = any(row.name == "checkpoint" and row.status == "pass" for row in verdict.checks)
    if not signed or evidence.proof is None:
        return []
    proof = PassportProof.parse(evidence.proof, where=PASSPORT_PROOF)
    seen, _ = read_checkpoint((proof.checkpoint or "").encode(), where="checkpoint")
    now = SystemClock().now()
    return [lambda state: state.remember_checkpoint(seen.origin, seen.size, seen.root_digest, now)]


def _judged(
    order: Order,
    verdict: Verdict,
    *,
    at: datetime,
    keys: Sequence[VerificationKey],
    policy: TrustPolicy | None = None,
    digest: str | None = None,
) -> Judged:
    document = verdict_document(
        verdict, subject=str(order.target), digest=digest, at=at, trust=policy, keys=keys
    )
    return Judged(verdict=verdict, document=document)
