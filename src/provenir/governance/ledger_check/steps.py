"""The steps of a ledger, one after the other, each asked by every row that follows them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from provenir.core.errors import EvidenceError
from provenir.governance.ledger_check.batches import Batches, Standing
from provenir.governance.ledger_check.order import Order
from provenir.governance.ledger_check.parameters import Parameters
from provenir.provenance.ledger.records import Intervention, Resume, Snapshot, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from provenir.governance.ledger_check.answers import Answers
    from provenir.governance.ledger_check.decisions import Decisions
    from provenir.governance.ledger_check.documents import BoundFiles
    from provenir.governance.ledger_check.files import LedgerFiles
    from provenir.provenance.ledger.records import Close, Details, Header, Record

__all__ = ["StepCheck"]

_PARAMETERS = "V1 parameters"
_BATCHES = "V1 batches"
_EXPIRY = "V2 expiry"
_PROFILES = "V2 profiles"
_ORDER = "V2 order"


class StepCheck:
    """Follows a ledger's steps; each row is asked until something speaks against it.

    Args:
        files: The ledger's folder.
        header: What was fixed before the first step.
        close: How it ended.
        bound: The files that the header binds; None where they do not hold.
        answers: Where what is found is noted.
    """

    def __init__(
        self,
        files: LedgerFiles,
        header: Header,
        close: Close,
        bound: BoundFiles | None,
        answers: Answers,
    ) -> None:
        self._header = header
        self._close = close
        self._bound = bound
        self._answers = answers
        self._standing = Standing()
        blocks = None if bound is None else bound.blocks
        self._parameters = Parameters(header, blocks, files.discarded())
        self._batches = None if bound is None else Batches(files, header, bound, self._standing)
        self._asked = {_PARAMETERS} if bound is None else {_PARAMETERS, _BATCHES}

    def run(self, records: Iterable[Record], decisions: Decisions | None) -> None:
        """Ask every row of every step.

        Args:
            records: The ledger from its header to its close, in order.
            decisions: What policy and metadata give; None where V2 is not asked about steps.
        """
        order = None
        if decisions is not None and self._bound is not None:
            order = self._order(self._bound)
        for record in records:
            match record:
                case Step():
                    self._step(record, decisions, order)
                case Intervention():
                    self._standing.take(record)
                case Snapshot():
                    self._ask(_PARAMETERS, partial(self._parameters.snapshot, record))
                case Resume():
                    self._ask(_PARAMETERS, partial(self._parameters.resume, record))
                case _:
                    pass
        if self._batches is not None:
            self._ask(_BATCHES, self._batches.end)
        self._ask(_PARAMETERS, partial(self._parameters.close, self._close))

    def _order(self, bound: BoundFiles) -> Order | None:
        self._asked |= {_EXPIRY, _PROFILES}
        try:
            order = Order(self._header, self._close, bound)
        except EvidenceError as fault:
            self._answers.note(_ORDER, fault)
            return None
        self._asked.add(_ORDER)
        return order

    def _step(self, step: Step, decisions: Decisions | None, order: Order | None) -> None:
        moved = step.skipped is None
        details = self._details(step)
        if details is not None:
            moved = any(unit.state == "moved" for unit in details.units)
        if details is not None and decisions is not None:
            self._ask(_EXPIRY, partial(decisions.check_expiry, step, details))
            self._ask(_PROFILES, partial(decisions.check_profiles, step, details))
            if order is not None:
                ask = partial(order.check, step, details, decisions, self._standing)
                self._ask(_ORDER, ask)
        self._ask(_PARAMETERS, partial(self._parameters.step, step, moved=moved))

    def _details(self, step: Step) -> Details | None:
        if self._batches is None or _BATCHES not in self._asked:
            return None
        try:
            return self._batches.step(step)
        except EvidenceError as fault:
            self._answers.note(_BATCHES, fault)
            self._asked.discard(_BATCHES)
            return None

    def _ask(self, row: str, ask: Callable[[], None]) -> None:
        if row in self._asked and not self._answers.attempt(row, ask):
            self._asked.discard(row)
