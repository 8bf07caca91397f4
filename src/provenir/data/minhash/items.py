"""Which rows nearly are which items of an eval set, in a memory that does not grow with the rows.

A row and an item are near when their sets of five-word runs are. So a row that *holds* an item
among much else is not near it: finding those is the work of `provenir.data.overlap`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from provenir.data.minhash.banding import band_keys, check_threshold, margin, shape
from provenir.data.minhash.kernels import SIZE
from provenir.data.minhash.parts import Textual, parts_of
from provenir.data.minhash.signing import Block, jaccard, shingle_set, signatures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class NearItem:
    """A row that nearly is an item.

    Attributes:
        row: Number of the row, from 0.
        item: Number of the item, from 0.
        similarity: Jaccard similarity of their sets of five-word runs, counted, not estimated.
    """

    row: int
    item: int
    similarity: float


def near_items(
    train_rows: Iterable[Textual],
    items: Sequence[Textual],
    threshold: float = 0.8,
    *,
    fields: tuple[str, ...] | None = None,
) -> Iterator[NearItem]:
    """Yield the rows that nearly are an item, in the order of the rows.

    Args:
        train_rows: Rows or texts; read once.
        items: Rows or texts; their shingles are held.
        threshold: Least Jaccard similarity, from 0.2 to 1.
        fields: The only top-level fields of a row to look at; items are taken whole.

    Yields:
        Each near pair once. A text without words is near nothing.

    Raises:
        UsageError: The threshold is no such number, or a row is neither a mapping nor a text.
    """
    index = ItemBands(items, check_threshold(threshold))
    block, held, number = Block(), list[list[bytes]](), 0
    for row in train_rows:
        parts = parts_of(row, fields)
        block.add(parts)
        held.append(parts)
        if block.full:
            yield from index.near(block, held, number)
            number, held = number + len(held), []
    yield from index.near(block, held, number)


class ItemBands:
    """The items by the keys of their bands."""

    def __init__(self, items: Sequence[Textual], threshold: float) -> None:
        self.threshold = threshold
        self.sets = [shingle_set(parts_of(item)) for item in items]
        self.sketches = signatures(items)
        self.bands, self.rows = shape(threshold)
        self.least = np.ceil(SIZE * (threshold - margin(threshold)))
        self.full = np.array([k for k, found in enumerate(self.sets) if len(found)], np.int64)
        self.keys, self.order = [], []
        for band in range(self.bands):
            keys = band_keys(self.sketches[self.full], self.rows, band)
            order = np.argsort(keys, kind="stable")
            self.keys.append(keys[order])
            self.order.append(self.full[order])

    def near(self, block: Block, held: list[list[bytes]], number: int) -> Iterator[NearItem]:
        """Yield what is near in a block of rows, the first of which has a number."""
        signed = block.sign()
        full = np.flatnonzero(signed.seen)
        last, shingles = -1, None
        for row, item in self._meetings(signed.sketches[full]).tolist():
            row = int(full[row])
            if row != last:
                last, shingles = row, shingle_set(held[row])
            similarity = jaccard(shingles, self.sets[item])
            if similarity >= self.threshold:
                yield NearItem(number + row, item, similarity)

    def _meetings(self, sketches: Any) -> Any:
        """Pairs of a signature and an item that share a band and seem near, in order."""
        pairs: list[Any] = [np.zeros((0, 2), np.int64)]
        for band in range(self.bands):
            keys = band_keys(sketches, self.rows, band)
            low = np.searchsorted(self.keys[band], keys, side="left")
            counts = np.searchsorted(self.keys[band], keys, side="right") - low
            rows: Any = np.repeat(np.arange(len(keys)), counts)
            at = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts - low, counts)
            near = np.stack([rows, self.order[band][at]], axis=1)
            equal = (sketches[near[:, 0]] == self.sketches[near[:, 1]]).sum(axis=1)
            pairs.append(near[equal >= self.least])
        return np.unique(np.concatenate(pairs), axis=0)
