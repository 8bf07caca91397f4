"""The scan: rows in, hits out; the same for a thread, a process and a worker of a cluster.

Stage 1 finds by seeds, on raw bytes, which rows may hold which items. Stage 2 reads those rows
alone: it parses them, takes the words of all of them at once, aligns them with the items, and asks
the rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import orjson

from provenir.data.json_parser import repeated_key
from provenir.data.overlap.evidence import RowTexts, find_hits
from provenir.data.overlap.fields import field_texts
from provenir.data.overlap.frame import frame
from provenir.data.overlap.hits import RawHit, Span
from provenir.data.overlap.reach import find_reach
from provenir.data.overlap.rules import Evidence
from provenir.data.overlap.scan import MIN_SEEDS, find_candidates
from provenir.data.overlap.wide import find_wide_candidates

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from provenir.data.overlap.complete import CommonRuns
    from provenir.data.overlap.fields import FieldText
    from provenir.data.overlap.index import EvalIndex
    from provenir.data.overlap.rules import Rule

__all__ = ["BlockResult", "RawHit", "RowSource", "Span", "scan_block", "unexamined"]

FEW_ROWS: Final = 4
"""Rows of a block that are looked at for what else than a leak they have in common with an item."""
_LINE_END: Final = b" \t\r\n"


class RowSource(Protocol):
    """A block of rows: what `scan_block` needs of it."""

    @property
    def buf(self) -> NDArray[Any]:
        """uint8, JSON Lines, with `plain.PADDING` readable bytes after the last row."""
        ...

    @property
    def size(self) -> int:
        """How many of the bytes are rows."""
        ...


def _none() -> NDArray[Any]:
    return np.empty((0, 2), np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockResult:
    """What a block holds.

    Attributes:
        hits: By row, then item.
        rows: Rows of the block, those that were skipped among them.
        skipped: Numbers of the rows that are no JSON objects, and of those without a hit in which
            a key stands twice where it matters; they were not examined.
        candidates: Rows that stage 2 read.
        seen: int64[n, 2], stretches of the index's words (first in `EvalIndex.words`, the one
            behind the last) that a row had in common with an item without being a hit of it.
    """

    hits: tuple[RawHit, ...]
    rows: int
    skipped: tuple[int, ...]
    candidates: int
    seen: NDArray[Any] = field(default_factory=_none, compare=False)


def unexamined(index: EvalIndex, rule: Rule) -> tuple[int, ...]:
    """Return the numbers of the items that a rule cannot find: too short, or all boilerplate."""
    examined = rule.examines(index.mass, index.sizes)[index.first] & ~index.seedless()
    return tuple(np.flatnonzero(~examined).tolist())


def scan_block(
    block: RowSource,
    index: EvalIndex,
    rule: Rule,
    *,
    fields: Collection[str] | None = None,
    common: CommonRuns | None = None,
) -> BlockResult:
    """Find the rows of a block that hold items of an index.

    Args:
        block: The rows.
        index: The eval sets.
        rule: What counts as a hit.
        fields: Top-level names or paths of the rows that are examined; None for all.
        common: Finds what is a hit whatever the rule says; for an exhaustive search.
    """
    starts, suspect = frame(block.buf, block.size)
    skipped = [
        row for row in np.flatnonzero(suspect).tolist() if _parsed(block, starts, row) is None
    ]
    rows, items, likely = _candidate_pairs(block, starts, index, rule)
    near, passed = _within_reach(block, starts, (rows, items), index, rule)
    near &= likely
    if common is None:
        rows, items, near = rows[near], items[near], near[near]
    names, first = np.unique(rows, return_index=True)
    texts: list[RowTexts] = []
    values: dict[int, dict[str, Any]] = {}
    kept: list[NDArray[Any]] = []
    sure: list[NDArray[Any]] = []
    edges = [*first.tolist(), len(items)]
    for row, (begin, end) in zip(names.tolist(), pairwise(edges), strict=True):
        value = _parsed(block, starts, row)
        if value is None:
            skipped.append(row)
            continue
        found, own, wanted = field_texts(value, fields), items[begin:end], near[begin:end]
        shared: NDArray[Any] = np.zeros(len(own), np.bool_)
        if common is not None:
            shared = np.isin(own, common.items_of(text.text for text in found))
            wanted = wanted | shared
            if not wanted.any():
                continue
        texts.append(_row_texts(block, starts, row, found))
        kept.append(own[wanted])
        sure.append(shared[wanted])
        values[row] = value
    hits, seen = find_hits(texts, kept, index, rule, sure=sure)
    for row in {hit.row for hit in hits}:
        del values[row]
    skipped += _ambiguous(block, starts, values)
    return BlockResult(
        hits=tuple(hits),
        rows=len(starts) - 1,
        skipped=tuple(sorted(set(skipped))),
        candidates=len(texts),
        seen=np.concatenate([passed, seen]),
    )


def _row_texts(
    block: RowSource, starts: NDArray[Any], row: int, texts: list[FieldText]
) -> RowTexts:
    lo = int(starts[row])
    length = len(bytes(block.buf[lo : int(starts[row + 1])]).rstrip(_LINE_END))
    return RowTexts(row=row, offset=lo, length=length, texts=texts)


def _ambiguous(
    block: RowSource, starts: NDArray[Any], values: dict[int, dict[str, Any]]
) -> list[int]:
    """The rows in which a key stands twice: what was found may stand in the value that is lost."""
    found = []
    for row, value in values.items():
        line = bytes(block.buf[int(starts[row]) : int(starts[row + 1])])
        if repeated_key(line, value) is not None:
            found.append(row)
    return found


def _candidate_pairs(
    block: RowSource, starts: NDArray[Any], index: EvalIndex, rule: Rule
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Pairs of a row and an item that share seeds, by row and item.

    Where a row has but few of an item's many seeds, it has no leak of it but maybe a phrase that is
    common; of such rows the first `FEW_ROWS` of an item tell enough. How many seeds are few the
    rule says (`Rule.one_seed_in`); none are for an exhaustive search.

    Returns:
        The rows, the items, and whether there are seeds enough for a leak.
    """
    least = 1 if index.exhaustive else MIN_SEEDS
    found = find_candidates(block.buf, starts, json=True, table=index.seeds, min_seeds=least)
    parts = [(found, index.seeds)]
    looked_at = np.flatnonzero(found.foreign if index.exhaustive else found.dense)
    if len(looked_at):
        wide = find_wide_candidates(
            block.buf,
            starts,
            looked_at,
            json=True,
            table=index.wide,
            min_seeds=least,
            exhaustive=index.exhaustive,
        )
        parts.append((wide, index.wide))
    width, keys = len(index.items), []
    for part, table in parts:
        needed = table.needed(least, 0 if index.exhaustive else rule.one_seed_in)
        few = part.seeds < needed[part.item]
        pairs = part.row.astype(np.int64) * width + index.units[part.item]
        keys.append(pairs << 1 | few)
    pairs = np.unique(np.concatenate(keys))
    pairs = pairs[np.concatenate([[True], np.diff(pairs >> 1) > 0])[: len(pairs)]]
    likely, pairs = pairs & 1 == 0, pairs >> 1
    rows, items = pairs // width, pairs % width
    wanted = likely.copy()
    others = np.flatnonzero(~likely)
    order = others[np.argsort(items[others], kind="stable")]
    first = np.searchsorted(items[order], items[order])
    wanted[order[np.arange(len(order)) - first < FEW_ROWS]] = True
    return rows[wanted], items[wanted], likely[wanted]


def _within_reach(
    block: RowSource,
    starts: NDArray[Any],
    pairs: tuple[NDArray[Any], NDArray[Any]],
    index: EvalIndex,
    rule: Rule,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Which pairs may be hits, and the stretches that the others have in common."""
    rows, items = pairs
    if rule.ngram or not len(rows):
        return np.ones(len(rows), np.bool_), _none()
    reach = find_reach(block.buf, starts, rows, items, index)
    evidence = Evidence(
        at=np.empty(0, np.int32),
        edges=np.zeros(len(rows) + 1, np.int64),
        found=reach.found,
        total=index.mass[items],
        words=index.sizes[items],
    )
    near: NDArray[Any] = rule.judge(evidence).value > 0
    passed = reach.stretches[~near[reach.stretches[:, 0]]]
    return near, passed[:, 1:]


def _parsed(block: RowSource, starts: NDArray[Any], row: int) -> dict[str, Any] | None:
    """The row as an object, None where it is none."""
    raw = memoryview(block.buf)[int(starts[row]) : int(starts[row + 1])]
    try:
        value = orjson.loads(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
