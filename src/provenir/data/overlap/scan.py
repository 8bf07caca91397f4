r"""Which rows of a block share seeds with which items: the first stage of the engine.

It reads raw bytes and parses nothing. It finds too much rather than too little; what it names is
aligned word by word afterwards. What a row says in other scripts it does not see, so it names the
rows in which there is such text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from provenir.data.overlap.compiled import COMPILED, address
from provenir.data.overlap.plain import find_foreign, find_seeds
from provenir.data.overlap.seeds import lookup

if TYPE_CHECKING:
    from provenir.data.overlap.compiled import Array
    from provenir.data.overlap.seeds import SeedTable

__all__ = ["MIN_SEEDS", "Candidates", "find_candidates"]

MIN_SEEDS: Final = 2
"""Distinct seeds of an item that make a row a candidate for it."""

_BYTES_PER_HIT: Final = 16
"""A block with more hits is scanned twice, the second time with enough room."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    r"""Pairs of a row and an item, ascending by row, then item; and what the scan cannot judge.

    Attributes:
        row: int32, the number of the row in the block.
        item: int32, the number of the item in the table.
        seeds: int32, how many distinct seeds of the item are in the row.
        first: int64, the offset in the buffer at which the first of these seeds begins.
        last: int64, the offset at which the last of these seeds ends (exclusive).
        foreign: bool for each row of the block: it has a non-ASCII byte or a `\u` escape.
        dense: bool for each row of the block: within some 64 consecutive bytes it has eight
            non-ASCII bytes or four `\u` escapes, dashes, quotation marks and dots aside.
    """

    row: Array
    item: Array
    seeds: Array
    first: Array
    last: Array
    foreign: Array
    dense: Array


def find_candidates(
    buf: Array,
    starts: Array,
    *,
    json: bool,
    table: SeedTable,
    min_seeds: int = MIN_SEEDS,
) -> Candidates:
    """Find the rows of a block that share seeds with an item.

    Memory is bounded by the block, whatever the size of the corpus.

    Args:
        buf: uint8, with `plain.PADDING` readable bytes after the last row.
        starts: int64[n + 1], where rows begin and the last one ends; every row but the last ends in
            a byte that is no letter and no digit. Bytes outside belong to no row.
        json: whether rows are JSON, whose escapes part words, or plain text.
        table: the seeds of the items.
        min_seeds: distinct seeds that a candidate needs; an item with fewer needs all of its own.
    """
    needed = table.needed(min_seeds)
    if not COMPILED:
        return search_rows(buf, starts, json=json, table=table, needed=needed)
    from provenir.data.overlap.count_kernel import mark_rows
    from provenir.data.overlap.scan_kernel import WORKSPACE, find_hits

    starts = np.require(starts, np.int64, ["C", "W"])
    base, lo, hi = address(buf), int(starts[0]), int(starts[-1])
    space: Array = np.empty(WORKSPACE, dtype=np.int64)
    spots: Array = np.empty(((hi - lo) // 64 + 1, 3), dtype=np.int64)
    room, found = 0, (hi - lo) // _BYTES_PER_HIT + 64
    while found > room:
        room = found
        hits: Array = np.empty((room, 3), dtype=np.int64)
        found, many = find_hits(base, lo, hi, json, table.addresses(), address(space), hits, spots)
    rows = len(starts) - 1
    foreign: Array = np.zeros(rows, dtype=np.bool_)
    dense: Array = np.zeros(rows, dtype=np.bool_)
    if many:
        mark_rows(base, hi, spots, many, starts, foreign, dense)
    return _candidates(_count(hits, found, starts, table, needed), foreign, dense)


def _count(hits: Array, found: int, starts: Array, table: SeedTable, needed: Array) -> list[Array]:
    """The columns of the pairs of rows and items that have seeds enough."""
    if not found:
        return _no_pairs()
    from provenir.data.overlap.count_kernel import count_pairs

    addresses = (address(table.bounds), address(table.items), address(needed))
    room, many = found // 4 + 64, -1
    while many < 0:
        room *= 4
        pairs: Array = np.empty((room, 5), dtype=np.int64)
        places: Array = np.full(len(needed), -1, dtype=np.int64)
        many = count_pairs(hits, found, starts, addresses, places, pairs)
    pairs = pairs[:many]
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return list(pairs[order].T)


def search_rows(
    buf: Array, starts: Array, *, json: bool, table: SeedTable, needed: Array
) -> Candidates:
    """Do what `find_candidates` does in numpy: where nothing is compiled, and as the oracle."""
    foreign, dense = find_foreign(buf, starts, json=json)
    seeds = find_seeds(buf, starts, json=json)
    number = lookup(table, seeds.hashes)
    known = number >= 0
    pairs = _pairs(
        np.searchsorted(starts, seeds.starts[known], side="right") - 1,
        number[known],
        seeds.starts[known],
        seeds.ends[known],
        table,
    )
    enough = pairs[2] >= needed[pairs[1]]
    return _candidates([column[enough] for column in pairs], foreign, dense)


def _candidates(pairs: list[Array], foreign: Array, dense: Array) -> Candidates:
    row, item, seeds, first, last = pairs
    return Candidates(
        row=row.astype(np.int32),
        item=item.astype(np.int32),
        seeds=seeds.astype(np.int32),
        first=first,
        last=last,
        foreign=foreign,
        dense=dense,
    )


def _no_pairs() -> list[Array]:
    return [np.empty(0, dtype=np.int64) for _ in range(5)]


def _pairs(
    row: Array,
    number: Array,
    begin: Array,
    end: Array,
    table: SeedTable,
) -> list[Array]:
    """Row, item, distinct seeds, begin of the first and end of the last, of every pair."""
    width = np.diff(table.bounds)[number]
    hit: Array = np.repeat(np.arange(len(number)), width)
    place = np.arange(len(hit)) - np.repeat(np.cumsum(width) - width, width)
    item = table.items[table.bounds[number[hit]] + place]
    order = np.lexsort((number[hit], item, row[hit]))
    hit, item = hit[order], item[order]
    new_pair: Array = np.ones(len(hit), dtype=np.bool_)
    new_pair[1:] = (np.diff(item) != 0) | (np.diff(row[hit]) != 0)
    new_seed = new_pair.copy()
    new_seed[1:] |= np.diff(number[hit]) != 0
    at = np.flatnonzero(new_pair)
    if not len(at):
        return _no_pairs()
    return [
        row[hit][at],
        item[at],
        np.add.reduceat(new_seed.astype(np.int64), at),
        np.minimum.reduceat(begin[hit], at),
        np.maximum.reduceat(end[hit], at),
    ]
