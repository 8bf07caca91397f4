"""Both questions that a ledger answers: what did this example feed, and what fed this block.

An answer comes from the index, and each line of it can be had with its proof, made of the files and
checked against the ledger's root before it is handed out.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from provenir.core.digest import is_digest
from provenir.core.errors import InputError, UndecidedError, UsageError
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.indexing import open_index
from provenir.provenance.ledger.proving import Prover
from provenir.provenance.ledger.records import FULL_WEIGHT
from provenir.provenance.ledger.weights import read_route_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

__all__ = ["LedgerQuery", "RankedRow", "Ranking", "Visit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One entry of a batch: a step that a row fed.

    Attributes:
        step: From 1.
        seq: Number of the step's line in the ledger.
        row: Number of the row in the dataset.
        place: Place in the batch, from 0.
        route: Index of its weight vector.
        factor: What an intervention left of its weights, in thousandths.
        weights: For each block its weight, in thousandths.
        skipped: Whether the step made no update: then it moved nothing.
        norms: For each block the norm of its gradient, None where it was not taken; None where
            none is known here.
    """

    step: int
    seq: int
    row: int
    place: int
    route: int
    factor: int
    weights: dict[str, int]
    skipped: bool
    norms: dict[str, float | None] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedRow:
    """What a row gave a block within a range of steps.

    Attributes:
        row: Number of the row in the dataset.
        example: Its commitment.
        content: Digest of its content, where that is known here.
        visits: In how many entries it had a weight above zero, steps without an update left out.
        weight: Sum of its weights, in thousandths.
        contribution: Sum of weight times norm; None where it is ranked by weight.
        step: The step at which it gave most.
    """

    row: int
    example: str
    content: str | None
    visits: int
    weight: int
    contribution: float | None
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The rows that fed a block, the largest contribution first.

    Attributes:
        by: `weight-norm` where every norm is known, else `weight`.
        rows: The first of them.
        n: How many there are.
        entries: Entries of all rows within the range.
    """

    by: Literal["weight-norm", "weight"]
    rows: tuple[RankedRow, ...]
    n: int
    entries: int


@dataclass(slots=True)
class _Sum:
    visits: int = 0
    weight: int = 0
    given: float = 0.0
    most: float = -1.0
    number: int = 0


class LedgerQuery:
    """A ledger that is asked.

    Args:
        folder: The `governed/` folder.
        cache: Where the index is kept; the user's cache folder unless given.
        progress: Called with the bytes that were read, where the index has to be made.

    Attributes:
        table: Blocks and routes of the run.
        prover: Makes the proofs.
        root: The ledger root over the lines so far, with their number.
        steps, entries: How many there are.
        has_norms: Whether norms are known here.

    Raises:
        InputError: A file cannot be read, or a line is not what it should be.
        EvidenceError: The files contradict each other.
    """

    def __init__(
        self,
        folder: Path,
        *,
        cache: Path | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.folder = folder
        self.table = read_route_table(folder)
        self._index = open_index(folder, cache=cache, progress=progress)
        self.prover = Prover(folder, self._index)
        self.root = self.prover.root
        meta = self._index.meta
        self.steps: int = meta["steps"]
        self.entries: int = meta["entries"]
        self.has_norms = bool(meta["norms"])

    def rows_of(self, digest: str) -> list[int]:
        """Return the rows with a content digest, or with an `ex_commit`.

        Raises:
            UsageError: It is no digest.
            UndecidedError: No row has it, and the contents of the rows are not here.
            InputError: No row has it.
        """
        if not is_digest(digest):
            raise UsageError("not a digest", where=digest[:80], mend="give sha256:<64 hex digits>")
        rows = self._index.rows_of(digest)
        if not rows:
            if not (self.folder / layout.ROWS).exists():
                raise UndecidedError(
                    "no row has this commitment, and which contents they have is not disclosed",
                    where=digest,
                    mend="give an ex_commit of admission.jsonl, or ask for private/rows.jsonl",
                )
            raise InputError("no row of this run has it", where=digest, mend="check the digest")
        return rows

    def visits(self, row: int) -> Iterator[Visit]:
        """Yield the steps that a row fed, in order."""
        for number in self._index.entries_of(row):
            yield self._visit(number)

    def ranking(
        self, block: str, start: int = 1, stop: int | None = None, *, limit: int | None = None
    ) -> Ranking:
        """Rank the rows that fed a block.

        Args:
            block: Name of a block.
            start: First step.
            stop: Last step; the last of the run unless given.
            limit: How many rows are returned at most.

        Raises:
            UsageError: There is no such block, or no such steps.
        """
        if block not in self.table.blocks:
            raise UsageError(
                f"no block {block!r}", mend="one of " + ", ".join(self.table.blocks[:40])
            )
        last = self.steps if stop is None else stop
        if not 1 <= start <= last <= self.steps:
            raise UsageError(
                f"steps {start} to {last} of a run with {self.steps}", mend="count steps from 1"
            )
        low, high = self._bounds(start, last)
        sums, by_norm = self._sums(block, low, self._weights(block, start, last))
        ranked = sorted(
            sums.items(),
            key=lambda pair: (-(pair[1].given if by_norm else pair[1].weight), pair[0]),
        )
        rows = tuple(self._ranked(row, total, by_norm) for row, total in ranked[:limit])
        by: Literal["weight-norm", "weight"] = "weight-norm" if by_norm else "weight"
        return Ranking(by=by, rows=rows, n=len(ranked), entries=high - low)

    def close(self) -> None:
        """Let the index go."""
        self._index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _bounds(self, start: int, last: int) -> tuple[int, int]:
        """The entries of a range of steps."""
        low = self._index.column("first", start - 1, start)[0]
        high = self.entries
        if last < self.steps:
            high = self._index.column("first", last, last + 1)[0]
        return low, high

    def _weights(self, block: str, start: int, last: int) -> list[int]:
        """The weight of each entry; zero where the block was not moved by anything."""
        low, high = self._bounds(start, last)
        if block not in self.table.trained:
            return [0] * (high - low)
        at = self.table.blocks.index(block)
        of_route = [vector[at] for vector in self.table.routes]
        routes, factors = (self._index.column(name, low, high) for name in ("route", "factor"))
        weights = [
            of_route[route] if factor == FULL_WEIGHT else of_route[route] * factor // FULL_WEIGHT
            for route, factor in zip(routes, factors, strict=True)
        ]
        for number, skipped in enumerate(self._index.column("skipped", start - 1, last), start):
            if skipped:
                first, behind = self._bounds(number, number)
                weights[first - low : behind - low] = [0] * (behind - first)
        return weights

    def _sums(self, block: str, low: int, weights: list[int]) -> tuple[dict[int, _Sum], bool]:
        high = low + len(weights)
        rows = self._index.column("row", low, high)
        norms = self._index.norms(block, low, high)
        by_norm = norms is not None and all(map(math.isfinite, norms))
        measure = norms if norms is not None and by_norm else [1.0] * (high - low)
        sums: dict[int, _Sum] = {}
        for number, (row, weight, norm) in enumerate(
            zip(rows, weights, measure, strict=True), start=low
        ):
            if weight:
                total = sums.get(row)
                if total is None:
                    total = sums[row] = _Sum()
                total.visits += 1
                total.weight += weight
                given = weight * norm / FULL_WEIGHT
                total.given += given
                if given > total.most:
                    total.most, total.number = given, number
        return sums, by_norm

    def _ranked(self, row: int, total: _Sum, by_norm: bool) -> RankedRow:
        example, content = self._index.example(row)
        return RankedRow(
            row=row,
            example=example,
            content=content,
            visits=total.visits,
            weight=total.weight,
            contribution=total.given if by_norm else None,
            step=self._step_of(total.number),
        )

    def _step_of(self, number: int) -> int:
        """The step that an entry is of."""
        return bisect_right(self._index.column("first", 0, self.steps), number)

    def _visit(self, number: int) -> Visit:
        step = self._step_of(number)
        row, route, factor = (
            self._index.column(name, number, number + 1)[0] for name in ("row", "route", "factor")
        )
        weights = dict(zip(self.table.blocks, self.table.weights(route, factor), strict=True))
        norms: dict[str, float | None] | None = None
        if self.has_norms:
            norms = {}
            for block in self.table.blocks:
                found = self._index.norms(block, number, number + 1)
                norms[block] = found[0] if found and math.isfinite(found[0]) else None
        return Visit(
            step=step,
            seq=self._index.column("seq", step - 1, step)[0],
            row=row,
            place=number - self._index.column("first", step - 1, step)[0],
            route=route,
            factor=factor,
            weights=weights,
            skipped=bool(self._index.column("skipped", step - 1, step)[0]),
            norms=norms,
        )
