"""The batches of a ledger: their details are their own, of admitted rows, under their routes.

Row `V1 batches`: whatever can be said of a batch without knowing what its rows are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.core.digest import digest_bytes
from provenir.core.errors import EvidenceError, InputError
from provenir.governance.ledger_check.files import MAX_DETAILS_BYTES, need
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.lines import line_bytes
from provenir.provenance.ledger.plan import lines_root
from provenir.provenance.ledger.records import FULL_WEIGHT, Details
from provenir.provenance.ledger.weights import MAX_STEP_WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenir.governance.ledger_check.documents import BoundFiles
    from provenir.governance.ledger_check.files import LedgerFiles
    from provenir.provenance.ledger.records import (
        BatchEntry,
        BlockEntry,
        Header,
        Intervention,
        Step,
    )

__all__ = ["Batches", "Standing"]

_DETAILS = "details-mismatch"
_ROUTE = "route-mismatch"


class Standing:
    """What the interventions so far make of each row; the latest of a row counts."""

    def __init__(self) -> None:
        self._factors: dict[int, int] = {}
        self._excluded: set[int] = set()

    def take(self, record: Intervention) -> None:
        """Go on by an intervention, which holds from the next step on."""
        if record.action == "exclude":
            self._excluded.add(record.row)
        elif record.action == "lower" and record.factor is not None:
            self._excluded.discard(record.row)
            self._factors[record.row] = record.factor

    def factor(self, row: int) -> int:
        """The weight that is left of a row, in thousandths."""
        return self._factors.get(row, FULL_WEIGHT)

    def is_excluded(self, row: int) -> bool:
        """Whether a row was taken out."""
        return row in self._excluded


class Batches:
    """Reads `details.jsonl` along with the steps.

    Args:
        files: The ledger's folder.
        header: What was fixed before the first step.
        bound: The files that it binds.
        standing: What the interventions so far came to.
    """

    def __init__(
        self, files: LedgerFiles, header: Header, bound: BoundFiles, standing: Standing
    ) -> None:
        self._header = header
        self._bound = bound
        self._standing = standing
        self._lines = self._read(files)

    def step(self, step: Step) -> Details:
        """Return the details of a step that holds.

        Raises:
            EvidenceError: `missing-report`, `details-mismatch`, `not-admitted`, `route-mismatch`.
        """
        where = f"step {step.step}"
        details = self._details(step, where)
        for entry in details.batch:
            known = entry.row < len(self._bound.admitted)
            given = known and self._bound.admitted[entry.row].is_given
            what = f"row {entry.row} is not admitted, or was excluded"
            held = given and not self._standing.is_excluded(entry.row)
            need(held, "not-admitted", what, where)
        matrix = self._matrix(details.batch, where)
        found = digest_bytes(line_bytes(matrix))
        need(found == step.w_digest, _ROUTE, "the weights are not those of the routes", where)
        full = self._header.routing == "routed" or all(
            weight == FULL_WEIGHT for weights in matrix for weight in weights
        )
        need(full, _ROUTE, "a weight is not whole, and nothing was to be routed", where)
        self._units(step, details.units, matrix, where)
        return details

    def end(self) -> None:
        """Make sure that there are no details beyond the last step.

        Raises:
            EvidenceError: `details-mismatch`.
        """
        need(next(self._lines, None) is None, _DETAILS, "lines of steps that there are not")

    def _read(self, files: LedgerFiles) -> Iterator[tuple[str, bytes]]:
        try:
            yield from files.lines(layout.DETAILS, max_bytes=MAX_DETAILS_BYTES)
        except EvidenceError as fault:
            if fault.reason != "malformed":
                raise
            raise EvidenceError(fault.what, reason=_DETAILS, where=fault.where) from fault

    def _details(self, step: Step, where: str) -> Details:
        _, line = next(self._lines, (where, b""))
        try:
            details = Details.from_line(line, where=where)
        except InputError as fault:
            raise EvidenceError(fault.what, reason=_DETAILS, where=where) from fault
        same = (
            details.step == step.step
            and lines_root(entry.line() for entry in details.batch) == step.batch
            and lines_root(unit.line() for unit in details.units) == step.units
            and sum(step.micro) == len(details.batch)
            and (not details.batch) == (step.skipped == "empty-batch")
        )
        need(same, _DETAILS, "the details are not those of the step", where)
        few = len(details.batch) * len(self._bound.blocks.blocks) <= MAX_STEP_WEIGHTS
        need(few, _DETAILS, "more rows times blocks than a step may have", where)
        return details

    def _matrix(self, batch: Sequence[BatchEntry], where: str) -> list[list[int]]:
        routes = self._bound.routes.routes
        matrix = []
        for entry in batch:
            known = entry.route < len(routes)
            need(known, _ROUTE, f"row {entry.row} has a route that there is not", where)
            same = entry.factor == self._standing.factor(entry.row)
            need(same, _ROUTE, f"row {entry.row} has another factor than it was left", where)
            vector = routes[entry.route]
            matrix.append([weight * entry.factor // FULL_WEIGHT for weight in vector])
        return matrix

    def _units(
        self, step: Step, units: Sequence[BlockEntry], matrix: list[list[int]], where: str
    ) -> None:
        blocks = self._bound.blocks.blocks
        columns = zip(*matrix, strict=True) if matrix else ((0,) for _ in blocks)
        need(len(units) == len(blocks), _ROUTE, "not one entry for each block", where)
        for block, unit, column in zip(blocks, units, columns, strict=True):
            total = sum(column)
            moved = total > 0 and step.skipped is None
            state = ("moved" if moved else "skipped") if block in self._bound.trained else "frozen"
            same = (unit.block, unit.weight_sum, unit.state) == (block, total, state)
            need(same, _ROUTE, f"{block} is not as the weights leave it", where)
            still = state == "moved" or unit.delta_norm in (None, "0.0")
            need(still, _ROUTE, f"{block} moved, and should not have", where)
