"""What a log shows of a passport.

A proof shows that a line hangs in a tree. Which tree that is, only a checkpoint tells that somebody
trusted has signed, or that the verifier has kept. The rows and their reasons are those of
`docs/reference/verification.md`, "The log".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.attest.checkpoint import read_checkpoint
from provenir.attest.event import LogEntry
from provenir.attest.log import EventLog, LogState, inclusion_holds
from provenir.core.clock import parse_utc
from provenir.core.errors import InputError
from provenir.governance.checkpoint_check import CheckpointCheck
from provenir.governance.issue import named_envelopes, proof_from_log, signed_parts
from provenir.governance.log_trees import Trees
from provenir.governance.passport_proof import PassportProof
from provenir.governance.verdict import Check
from provenir.provenance.run_layout import PASSPORT_PROOF

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from datetime import datetime

    from provenir.attest.dsse import Envelope
    from provenir.governance.predicate import PassportPredicate
    from provenir.governance.question import Question

__all__ = ["LogEvidence"]

_ENTRY: Final = "log entry"
_BEFORE: Final = "log before issue"
_HELD: Final = "held checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A tree that the verifier kept.

    Attributes:
        name: What its row is called; None where it comes out of the verifier's state.
        origin: Of which log it is.
        tree: Its size and root.
        seen_at: When it was first seen; None where the verifier hands it over as older.
    """

    name: str | None
    origin: str
    tree: LogState
    seen_at: datetime | None = None


class LogEvidence:
    """The proof of one passport, against checkpoints and a log.

    Args:
        envelope: The passport.
        asked: What was handed over; log keys and witnesses are those of its trust policy.

    Raises:
        InputError: A checkpoint that the verifier handed over is none.
    """

    def __init__(self, envelope: Envelope, asked: Question) -> None:
        self._envelope = envelope
        self._asked = asked
        self._kept = list(_kept(asked))
        self._subjects: frozenset[str] = frozenset()
        self._fault: Check | None = None
        self._proof: PassportProof | None = None
        try:
            self._proof = self._read()
        except InputError as fault:
            self._fault = _fail(_ENTRY, "malformed", fault.what)
        proofs = () if self._proof is None else self._proof.consistency
        trees = (self._tree, *(kept.tree for kept in self._kept))
        sizes = {tree.size for tree in trees if tree is not None}
        self._trees = Trees(proofs, asked.evidence.log, sizes=sizes)
        note = None if self._proof is None else self._proof.checkpoint
        self._checkpoint = CheckpointCheck(note, self._tree, asked.trust.policy, asked.at)

    def rows(self, predicate: PassportPredicate) -> list[Check]:
        """Every row about the log; none where nothing of it was handed over or asked for."""
        rows = [] if self._nothing_given else [self._entry_row()]
        if self._proof is not None:
            rows.append(self._checkpoint.row())
        rows += self._before(predicate)
        rows += [self._held(kept) for kept in self._kept if kept.name or self._contradicts(kept)]
        return [*rows, *self._checkpoint.roles(predicate)]

    def older(self, envelope: Envelope, instant: datetime) -> Envelope | None:
        """The part of an envelope that was in the log before an instant, None for nothing of it.

        Signatures that were added behind those of the logged envelope are not part of it.
        """
        if self._fault is not None:
            return None
        part = _logged_part(envelope, self._subjects)
        if part is None:
            return None
        kept = any(self._includes(kept, instant) for kept in self._kept)
        return part if kept or self._checkpoint.witnessed_before(instant) else None

    @property
    def _tree(self) -> LogState | None:
        proof = self._proof
        return None if proof is None else LogState(size=proof.size, root=proof.root)

    @property
    def _nothing_given(self) -> bool:
        given = self._proof, self._fault, self._asked.evidence.log
        return all(one is None for one in given)

    def _read(self) -> PassportProof | None:
        """Read the proof, or make it from the log, and take what its line speaks of.

        What the line speaks of counts only where the proof fits itself.
        """
        evidence = self._asked.evidence
        if evidence.proof is not None:
            proof = PassportProof.parse(evidence.proof, where=PASSPORT_PROOF)
        elif evidence.log is not None:
            found = proof_from_log(EventLog(evidence.log), self._envelope)
            if found is None:
                self._fault = _fail(_ENTRY, "not-in-log", "the log has no line about this passport")
                return None
            proof = found
        else:
            return None
        entry = LogEntry.from_bytes(proof.entry.encode("utf-8", "replace"), where=_ENTRY)
        if not inclusion_holds(proof.model_dump(mode="json")):
            self._fault = _fail(_ENTRY, "log-inconsistent", "the proof does not fit the line")
            return proof
        self._subjects = named_envelopes(entry)
        if _logged_part(self._envelope, self._subjects) is None:
            self._fault = _fail(_ENTRY, "not-in-log", "the log's line names another passport")
        return proof

    def _entry_row(self) -> Check:
        if self._fault is not None:
            return self._fault
        proof, tree = self._proof, self._tree
        if proof is None or tree is None:
            return Check(name=_ENTRY, status="not-checked", reason="not-given")
        if (by_log := self._trees.in_log(tree)) in ("log-inconsistent", "log-truncated"):
            return _fail(_ENTRY, by_log, "the log that was handed over is not that of the proof")
        where = f"index {proof.index}, log of size {proof.size}"
        if self._checkpoint.holds or any(self._includes(kept, None) for kept in self._kept):
            return Check(name=_ENTRY, status="pass", detail=where)
        detail = f"{where}, in a tree that nobody vouches for"
        return Check(name=_ENTRY, status="not-checked", reason="no-checkpoint", detail=detail)

    def _before(self, predicate: PassportPredicate) -> list[Check]:
        stated, tree = predicate.log_checkpoint, self._tree
        if stated is None:
            return []
        if tree is None or self._fault is not None:
            return [Check(name=_BEFORE, status="not-checked", reason="not-given")]
        relation = self._trees.relation(LogState(size=stated.size, root=stated.root), tree)
        if relation == "no-consistency-proof":
            return [Check(name=_BEFORE, status="not-checked", reason=relation)]
        if relation == "prefix" and stated.size < tree.size:
            detail = f"entries then: {stated.size}, now: {tree.size}"
            return [Check(name=_BEFORE, status="pass", detail=detail)]
        detail = "the log that the passport names is not the beginning of the proof's"
        return [_fail(_BEFORE, "log-inconsistent", detail)]

    def _held(self, kept: _Kept) -> Check:
        name = kept.name or "remembered checkpoint"
        origin, tree = self._checkpoint.origin, self._tree
        if origin is not None and origin != kept.origin:
            return _fail(name, "wrong-log", f"it is of {kept.origin}, the proof's is of {origin}")
        if tree is None:
            return Check(name=name, status="undecided", reason="not-given")
        by_log = self._trees.in_log(kept.tree)
        relation = self._trees.relation(kept.tree, tree)
        worst = by_log if by_log in ("log-truncated", "log-inconsistent") else relation
        if worst == "prefix":
            return Check(
                name=name, status="pass", detail=f"{kept.origin}, {kept.tree.size} entries"
            )
        if worst == "no-consistency-proof":
            return Check(name=name, status="undecided", reason=worst)
        return _fail(name, worst, f"{kept.origin} at {kept.tree.size} entries is another log")

    def _contradicts(self, kept: _Kept) -> bool:
        """Whether what is remembered speaks against the proof; that it cannot be told is no row."""
        same = self._checkpoint.origin == kept.origin
        return same and self._held(kept).status == "fail"

    def _includes(self, kept: _Kept, before: datetime | None) -> bool:
        """Whether a kept tree holds the line, and was kept before an instant."""
        proof, tree = self._proof, self._tree
        if proof is None or tree is None or self._checkpoint.origin not in (None, kept.origin):
            return False
        if before is not None and kept.seen_at is not None and kept.seen_at >= before:
            return False
        holds = kept.tree.size > proof.index
        return holds and self._trees.relation(kept.tree, tree) == "prefix"


def _logged_part(envelope: Envelope, named: Container[str]) -> Envelope | None:
    """The largest part of an envelope whose digest the log names."""
    return next((part for part, digest in signed_parts(envelope) if digest in named), None)


def _kept(asked: Question) -> Iterator[_Kept]:
    for where, data in asked.evidence.checkpoints:
        checkpoint, _ = read_checkpoint(data, where=where)
        tree = LogState(size=checkpoint.size, root=checkpoint.root_digest)
        yield _Kept(name=_HELD, origin=checkpoint.origin, tree=tree)
    if asked.trust.state is not None:
        for origin, found in asked.trust.state.checkpoints.items():
            for one in found:
                tree = LogState(size=one.size, root=one.root)
                seen_at = parse_utc(one.seen_at)
                yield _Kept(name=None, origin=origin, tree=tree, seen_at=seen_at)


def _fail(name: str, reason: str, detail: str) -> Check:
    return Check(name=name, status="fail", reason=reason, detail=detail)
