"""Both questions that a ledger answers: what did this example feed, and what fed this block.

An answer comes from the index, and each line of it can be had with its proof, made of the files and
checked against the ledger's root before it is handed out.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from heapq import nlargest
from operator import neg
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from provenir.core.digest import is_digest
from provenir.core.errors import EvidenceError, InputError, UndecidedError, UsageError
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.contributions import UNFED, Fed
from provenir.provenance.ledger.indexing import open_index
from provenir.provenance.ledger.proofs import LedgerProof
from provenir.provenance.ledger.proving import Prover
from provenir.provenance.ledger.records import FULL_WEIGHT
from provenir.provenance.ledger.weights import read_route_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

__all__ = ["LedgerQuery", "RankedRow", "Ranking", "Visit"]

_Pair: TypeAlias = tuple[float, int]


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
        closed: Whether the ledger is closed; another root is none that a passport states.
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
        self.closed = bool(meta["closed"])
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

    def prove(self, visit: Visit) -> bytes:
        """Prove a visit; what the index said of it is held against the entry that is proved.

        Raises:
            EvidenceError: The files say something else of it than the index.
        """
        for data in self.prover.entry(visit.step, visit.row):
            proof = LedgerProof.from_bytes(data, where="proof")
            said = (visit.place, visit.seq, visit.route, visit.factor, visit.skipped)
            entry, record = proof.entry, proof.record
            kept = (entry["route"], entry["factor"], record["skipped"] is not None)
            if (proof.index, record["seq"], *kept) == said:
                return data
        raise EvidenceError(
            f"the index says something else of row {visit.row} in step {visit.step}",
            reason="ledger-mismatch",
            where=str(self._index.path),
            mend="remove this file: it is made anew",
        )

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
            UndecidedError: There is no step yet.
        """
        self._known(block)
        if not self.steps:
            raise UndecidedError("no step was made yet", where=str(self.folder), mend="ask later")
        last = self.steps if stop is None else stop
        if not 1 <= start <= last <= self.steps:
            raise UsageError(
                f"steps {start} to {last} of a run with {self.steps}", mend="count steps from 1"
            )
        fed = self._fed(block, start, last)
        pairs, n = self._sums(block, fed, whole=last - start + 1 == self.steps)
        # Tuples of the value and the negated row: the largest value, and of equals the first row.
        most = nlargest(n if limit is None else min(n, limit), pairs)
        rows = tuple(self._ranked(-negated, fed) for _, negated in most)
        by: Literal["weight-norm", "weight"] = "weight" if fed.norms is None else "weight-norm"
        return Ranking(by=by, rows=rows, n=n, entries=len(fed.weights))

    def totals(self, block: str) -> dict[int, float]:
        """What each row gave a block over the whole run, as `ranking` sums it up.

        Args:
            block: Name of a block.

        Returns:
            Weight times norm, or weight alone, by row; rows without a weight there are left out.

        Raises:
            UsageError: There is no such block.
        """
        totals = self._index.totals(self._known(block))
        return {row: value / FULL_WEIGHT for row, value in enumerate(totals) if value != UNFED}

    def is_measured(self, block: str) -> bool:
        """Whether the norms of all that fed a block are known, so that they count.

        Raises:
            UsageError: There is no such block.
        """
        self._known(block)
        return self.steps > 0 and self._fed(block, 1, self.steps).norms is not None

    def times(self) -> Counter[int]:
        """How often each row stood in the batch of a step that made an update."""
        rows = self._index.column("row", 0, self.entries)
        times = Counter(rows)
        for first, behind in self._skipped(1, self.steps):
            times.subtract(rows[first:behind])
        return times

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

    def _known(self, block: str) -> str:
        if block not in self.table.blocks:
            raise UsageError(
                f"no block {block!r}", mend="one of " + ", ".join(self.table.blocks[:40])
            )
        return block

    def _fed(self, block: str, start: int, last: int) -> Fed:
        """What the entries of a range of steps gave a block."""
        low, high = self._bounds(start, last)
        return Fed.of(
            self.table,
            block,
            low=low,
            routes=self._index.column("route", low, high),
            factors=self._index.column("factor", low, high),
            skipped=self._skipped(start, last),
            norms=self._index.norms(block, low, high),
        )

    def _bounds(self, start: int, last: int) -> tuple[int, int]:
        """The entries of a range of steps."""
        first = self._index.of_steps("first")
        return first[start - 1], first[last] if last < self.steps else self.entries

    def _skipped(self, start: int, last: int) -> Iterator[tuple[int, int]]:
        """The entries of the steps of a range that made no update."""
        for step, skipped in enumerate(self._index.of_steps("skipped")[start - 1 : last], start):
            if skipped:
                yield self._bounds(step, step)

    def _sums(self, block: str, fed: Fed, *, whole: bool) -> tuple[Iterable[_Pair], int]:
        """What each row gave, with the negated row, and how many rows gave anything."""
        if whole:
            totals = self._index.totals(block)
            rows = range(0, -len(totals), -1)
            return zip(totals, rows, strict=True), len(totals) - totals.count(UNFED)
        given = fed.by_row(self._index.column("row", fed.low, fed.low + len(fed.weights)))
        return zip(given.values(), map(neg, given), strict=True), len(given)

    def _ranked(self, row: int, fed: Fed) -> RankedRow:
        example, content = self._index.example(row)
        numbers = [number for number in self._index.entries_of(row) if fed.weight(number)]
        contribution = sum(map(fed.given, numbers)) / FULL_WEIGHT
        return RankedRow(
            row=row,
            example=example,
            content=content,
            visits=len(numbers),
            weight=sum(map(fed.weight, numbers)),
            contribution=None if fed.norms is None else contribution,
            step=self._step_of(max(numbers, key=fed.given)),
        )

    def _step_of(self, number: int) -> int:
        """The step that an entry is of."""
        return bisect_right(self._index.of_steps("first"), number)

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
            seq=self._index.of_steps("seq")[step - 1],
            row=row,
            place=number - self._index.of_steps("first")[step - 1],
            route=route,
            factor=factor,
            weights=weights,
            skipped=bool(self._index.of_steps("skipped")[step - 1]),
            norms=norms,
        )
