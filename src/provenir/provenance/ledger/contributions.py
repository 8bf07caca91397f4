"""What entries gave a block: their weights, times the norms of their gradients where known."""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from dataclasses import dataclass
from itertools import compress, repeat
from operator import mul
from typing import TYPE_CHECKING, Final, Self

from provenir.provenance.ledger.records import FULL_WEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from provenir.provenance.ledger.weights import RouteTable

__all__ = ["UNFED", "Fed"]

UNFED: Final = -1.0
"""Stands in the totals of a row that gave nothing; no sum is below zero."""


@dataclass(frozen=True, slots=True)
class Fed:
    """What the entries of a range gave one block.

    Attributes:
        low: Number of the first entry.
        weights: The weight of each; zero where its step made no update, or no parameter of the
            block is trained.
        norms: The norm of each; None where that of an entry with a weight above zero is not known,
            and weights alone count.
    """

    low: int
    weights: Sequence[int]
    norms: Sequence[float] | None

    @classmethod
    def of(
        cls,
        table: RouteTable,
        block: str,
        *,
        low: int,
        routes: Sequence[int],
        factors: array[int],
        skipped: Iterable[tuple[int, int]],
        norms: array[float] | None,
    ) -> Self:
        """Weigh the entries of a range.

        Args:
            table: Blocks and routes of the run.
            block: One of the blocks.
            low: Number of the first entry.
            routes: The route of each entry.
            factors: The factor of each entry.
            skipped: First entry, and one past the last, of each step without an update.
            norms: The norms of the block by entry, where there are any.
        """
        if block not in table.trained:
            return cls(low, [0] * len(routes), None)
        at = table.blocks.index(block)
        of_route = [vector[at] for vector in table.routes]
        weights = list(map(of_route.__getitem__, routes))
        if factors.count(FULL_WEIGHT) < len(factors):
            weights = [w * f // FULL_WEIGHT for w, f in zip(weights, factors, strict=True)]
        for first, behind in skipped:
            weights[first - low : behind - low] = [0] * (behind - first)
        # Of a step that made no update, such as one with a loss that is no number, nothing counts.
        counted = list(compress(norms or (), weights))
        known = (
            norms is not None and all(map(math.isfinite, counted)) and min(counted, default=0) >= 0
        )
        return cls(low, weights, norms if known else None)

    def weight(self, number: int) -> int:
        """The weight of an entry, zero outside the range."""
        at = number - self.low
        return self.weights[at] if 0 <= at < len(self.weights) else 0

    def given(self, number: int) -> float:
        """Weight times norm of an entry of the range, in thousandths."""
        at = number - self.low
        return self.weights[at] * (1.0 if self.norms is None else self.norms[at])

    def by_row(self, rows: Iterable[int]) -> dict[int, float]:
        """The sums of the rows that have a weight above zero."""
        sums: defaultdict[int, float] = defaultdict(float)
        given = map(mul, self.weights, self.norms or repeat(1.0))
        for row, value in compress(zip(rows, given, strict=False), self.weights):
            sums[row] += value
        return sums

    def totals(self, rows: Iterable[int], n: int) -> array[float]:
        """The sums of all `n` rows, `UNFED` where there is none."""
        totals = array("d", [UNFED]) * n
        for row, value in self.by_row(rows).items():
            totals[row] = value
        return totals
