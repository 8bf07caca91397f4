"""A training ledger against what was signed, level by level.

The rows and their reasons are those of `docs/reference/ledger.md`, "Levels, rows and reasons". V0
asks who signed what, V1 whether anything is missing between the first parameters and the last, V2
whether policy, profiles and sampler give again what the operator wrote down. The ledger is read
line by line, twice: once to know how it ends, once along with the details of its steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from provenir.core.digest import digest_bytes, format_digest
from provenir.core.errors import EvidenceError
from provenir.core.merkle import Frontier
from provenir.governance.ledger_check.answers import FOLLOWING, Answers
from provenir.governance.ledger_check.decisions import Decisions
from provenir.governance.ledger_check.disclosed import read_contents, read_metadata
from provenir.governance.ledger_check.documents import read_bound_files
from provenir.governance.ledger_check.ends import check_intent, check_model, check_passport
from provenir.governance.ledger_check.files import LedgerFiles, need
from provenir.governance.ledger_check.signatures import Signatures, read_closing
from provenir.governance.ledger_check.steps import StepCheck
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.chain import Chain
from provenir.provenance.ledger.records import Close, Header, Root

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from provenir.governance.ledger_check.answers import Level
    from provenir.governance.ledger_check.documents import BoundFiles
    from provenir.governance.predicate import Assurance, PassportPredicate
    from provenir.governance.role_check import RoleCheck
    from provenir.governance.statements import RoleStatement
    from provenir.governance.verdict import Check
    from provenir.provenance.ledger.records import Record

__all__ = ["LedgerVerdict", "check_ledger"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerVerdict:
    """What a ledger came to.

    Attributes:
        checks: One row for each question, in order.
        reached: The highest level all of whose rows, and those below, pass; None where none does.
        is_foreign: Whether another sampler than ours drew the batches: V1 is then the most.
        assurance: What may rest on it: L2 at V2, L1 where nothing was routed, else None.
    """

    checks: tuple[Check, ...]
    reached: Level | None
    is_foreign: bool
    assurance: Assurance | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ledger:
    """What the first reading of `ledger.jsonl` came to."""

    header: Header
    close: Close
    close_digest: str
    records: Root
    whole: Root


def check_ledger(
    folder: Path,
    *,
    level: Level | None,
    predicate: PassportPredicate | None = None,
    roles: RoleCheck | None = None,
    statements: Sequence[RoleStatement] = (),
) -> LedgerVerdict:
    """Verify a training ledger.

    Args:
        folder: `governed/` of a run folder; it need not be there.
        level: Up to which level it is asked about; None asks for whatever can be decided.
        predicate: The passport that binds it, its signature checked; None where there is none.
        roles: Whose signature counts; None without a trust policy.
        statements: The statements that the passport lists and that belong to it.
    """
    check = _LedgerCheck(LedgerFiles(folder), level, predicate)
    check.run(Signatures(roles, statements))
    reached = check.answers.reached()
    return LedgerVerdict(
        checks=check.answers.checks(),
        reached=reached,
        is_foreign=check.is_foreign,
        assurance=check.shown if reached == "V2" else None,
    )


class _LedgerCheck:
    """One ledger; `run` asks everything."""

    def __init__(
        self, files: LedgerFiles, level: Level | None, predicate: PassportPredicate | None
    ) -> None:
        self.answers = Answers(level)
        self.is_foreign = False
        self.shown: Assurance | None = None
        self._files = files
        self._predicate = predicate

    def run(self, signatures: Signatures) -> None:
        """Ask every row that is asked for, in order."""
        answers = self.answers
        try:
            ledger = self._read_ledger()
        except EvidenceError as fault:
            answers.note("V0 ledger", fault)
            answers.give_up()
            return
        header, close = ledger.header, ledger.close
        self.is_foreign = header.sampler.version is None
        self.shown = "L2" if header.routing == "routed" else "L1"
        every = (
            f"hashed every {header.hash_every:,} steps; between these they are the operator's word"
        )
        if header.hash_every > 1:
            answers.tell("V1 parameters", every)
        closing = self._closing(ledger, signatures)
        bound = self._bound_files(header)
        answers.attempt("V0 roles", partial(_need_roles, signatures, header, closing))
        if bound is not None:
            answers.attempt(
                "V0 model", partial(check_model, self._files, close, bound, self._predicate)
            )
            answers.attempt("V1 intent", partial(check_intent, header, close, bound))
        decisions = None
        if bound is not None and answers.is_worth_asking("V2 dataset"):
            decisions = self._disclosed(header, bound, signatures)
        if answers.is_worth_asking("V1 parameters"):
            steps = StepCheck(self._files, header, close, bound, answers)
            steps.run((record for record, _ in self._records()), decisions)

    def _records(self) -> Iterator[tuple[Record, bytes]]:
        return self._files.records(layout.LEDGER)

    def _read_ledger(self) -> _Ledger:
        """Read it once, and see whether one record follows the other (row `V1 chain`)."""
        frontier, chain = Frontier(), Chain()
        header = close = None
        records, line, is_chain = Root(n=0, root=_root(frontier)), b"", True
        for record, line in self._records():
            if frontier.n == 0 and isinstance(record, Header):
                header = record
            refusal = chain.refusal(record) if is_chain else None
            if refusal is not None and refusal.reason not in _JUDGED_ELSEWHERE:
                fault = EvidenceError(refusal.what, reason=refusal.reason)
                self.answers.note("V1 chain", fault)
                is_chain = False
            if is_chain:
                chain.take(record, line)
            close = record if isinstance(record, Close) else None
            if close is not None:
                records = Root(n=frontier.n, root=_root(frontier))
            frontier.append(line)
        what = "it does not begin with a header and end with a close"
        if header is None or close is None:
            raise EvidenceError(what, reason="ledger-mismatch", where=layout.LEDGER)
        return _Ledger(
            header=header,
            close=close,
            close_digest=digest_bytes(line),
            records=records,
            whole=Root(n=frontier.n, root=_root(frontier)),
        )

    def _closing(self, ledger: _Ledger, signatures: Signatures) -> RoleStatement | None:
        """Row `V0 ledger`: operator and passport speak of this ledger."""
        found: list[RoleStatement] = []

        def ask() -> None:
            statement, claim = read_closing(self._files)
            found.append(statement)
            stated = (claim.run_id, claim.n, claim.root, claim.close)
            whole = ledger.whole
            same = stated == (ledger.header.run_id, whole.n, whole.root, ledger.close_digest)
            need(same, "ledger-mismatch", "the close is of another ledger", layout.CLOSE)
            same = ledger.close.records == ledger.records
            need(same, "ledger-mismatch", "the close has other records before it", layout.CLOSE)
            if self._predicate is not None:
                check_passport(self._predicate, ledger.header, claim, statement.digest)
            signatures.close(statement)

        self.answers.attempt("V0 ledger", ask)
        return found[0] if found else None

    def _bound_files(self, header: Header) -> BoundFiles | None:
        try:
            return read_bound_files(self._files, header)
        except EvidenceError as fault:
            self.answers.note("V0 files", fault)
            return None

    def _disclosed(
        self, header: Header, bound: BoundFiles, signatures: Signatures
    ) -> Decisions | None:
        """Rows `V2 dataset` and `V2 metadata`, and what can be decided again from them."""
        answers, again = self.answers, FOLLOWING["V2 dataset"]
        contents = metadata = None
        try:
            contents = read_contents(self._files, header, bound.commits)
        except EvidenceError as fault:
            answers.note("V2 dataset", fault)
            answers.rest_on("V2 dataset", again)
        try:
            metadata = read_metadata(self._files, header)
        except EvidenceError as fault:
            answers.note("V2 metadata", fault)
            answers.rest_on("V2 metadata", again)
        else:
            answers.attempt("V2 metadata", partial(signatures.metadata, header))
        if contents is None or metadata is None:
            return None
        signed = not (answers.is_failed("V0 roles") or answers.is_open("V0 roles"))
        decisions = Decisions(header, bound, contents, metadata, bounded=not signed)
        answers.attempt("V2 admission", decisions.check_admission)
        answers.attempt("V2 profiles", decisions.check_routes)
        return decisions


_JUDGED_ELSEWHERE = frozenset({"parameter-break", "ledger-mismatch"})
"""What the chain refuses for the sake of rows `V1 parameters` and `V0 ledger`."""


def _need_roles(signatures: Signatures, header: Header, closing: RoleStatement | None) -> None:
    """Row `V0 roles`: three parties signed, and they are three."""
    signatures.policy(header)
    signatures.dataset(header)
    signatures.metadata(header)
    signatures.close(closing)
    signatures.are_distinct()


def _root(frontier: Frontier) -> str:
    return format_digest(frontier.root())
