"""The scan: rows in, hits out; the same for a thread, a process and a worker of a cluster.

Stage 1 finds by seeds which rows may hold which items. Stage 2 reads those rows alone: it parses
them, takes their words, aligns them with the items and asks the rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import orjson

from provenir.data.overlap.align import align_pairs, common_grams
from provenir.data.overlap.fields import field_texts
from provenir.data.overlap.pieces import frame, seeds, tokenise
from provenir.data.overlap.rules import Alignment, Rule, Score

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from provenir.data.overlap.index import EvalIndex

__all__ = ["BlockResult", "RawHit", "RowSource", "Span", "scan_block"]

_BETWEEN_FIELDS = "\n\n"


class RowSource(Protocol):
    """A block of rows: what `scan_block` needs of it.

    Attributes:
        buf: uint8, the bytes; JSON Lines, or the texts of rows one after the other.
        size: How many of them count.
        json: Whether the rows are JSON Lines.
        starts: int64[n + 1], where each row begins, where the rows are no JSON Lines; else None.
    """

    @property
    def buf(self) -> NDArray[np.uint8]: ...
    @property
    def size(self) -> int: ...
    @property
    def json(self) -> bool: ...
    @property
    def starts(self) -> NDArray[np.int64] | None: ...


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch that both sides have in common; places are counted in characters.

    Attributes:
        segment: Number of the segment of the item.
        start: Where it begins in the segment's text.
        end: Where it ends.
        field: Path of the field of the row.
        row_start: Where it begins in the field's text.
        row_end: Where it ends.
    """

    segment: int
    start: int
    end: int
    field: str
    row_start: int
    row_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RawHit:
    """A row of a block that holds an item.

    Attributes:
        row: Number of the row in the block, from 0.
        offset: Byte of the block at which the row begins.
        length: Bytes of the row.
        item: Number of the item in the index; `EvalIndex.twins` gives those with the same words.
        score: What the rule found.
        spans: The common stretches in the item's order.
    """

    row: int
    offset: int
    length: int
    item: int
    score: Score
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockResult:
    """What a block holds.

    Attributes:
        hits: By row and item.
        rows: Rows of the block.
        skipped: Numbers of the rows that are not JSON objects; they were not examined.
        candidates: Rows that stage 2 read.
    """

    hits: tuple[RawHit, ...]
    rows: int
    skipped: tuple[int, ...]
    candidates: int


def scan_block(
    block: RowSource, index: EvalIndex, rule: Rule, *, fields: Collection[str] | None = None
) -> BlockResult:
    """Find the rows of a block that hold items of an index.

    Args:
        block: The rows.
        index: The eval sets.
        rule: What counts as a hit.
        fields: Top-level names or paths of the rows that are examined; None for all.
    """
    if block.json:
        starts, suspect = frame(block.buf, block.size)
    else:
        assert block.starts is not None
        starts, suspect = block.starts, np.zeros(len(block.starts) - 1, bool)
    hits: list[RawHit] = []
    skipped: list[int] = []
    candidates = 0
    for row in range(len(starts) - 1):
        lo, hi = int(starts[row]), int(starts[row + 1])
        raw = block.buf[lo:hi].tobytes().rstrip(b"\r\n")
        try:
            value = orjson.loads(raw) if block.json else {"text": raw.decode("utf-8", "replace")}
        except ValueError:
            skipped.append(row)
            continue
        if not isinstance(value, dict):
            skipped.append(row)
            continue
        found = _row_hits(value, index, rule, fields)
        candidates += found is not None
        hits.extend(
            RawHit(row=row, offset=lo, length=len(raw), item=item, score=score, spans=spans)
            for item, score, spans in found or ()
        )
    return BlockResult(
        hits=tuple(hits), rows=len(starts) - 1, skipped=tuple(skipped), candidates=candidates
    )


def _row_hits(value: Any, index: EvalIndex, rule: Rule, fields: Any) -> Any:
    texts = field_texts(value, fields)
    parts = [entry.text.encode("utf-8", "replace") for entry in texts]
    words, begins, ends = tokenise(b"\n\n".join(parts))
    counts: dict[int, int] = {}
    for seed in np.unique(seeds(words)).tolist():
        for unit in index.seeds.get(seed, ()):
            counts[unit] = counts.get(unit, 0) + 1
    items = sorted({int(index.units[u]) for u, c in counts.items() if c >= 2 or True})
    if not items:
        return None
    found = []
    for item in items:
        lo, hi = index.bounds[item], index.bounds[item + 1]
        if rule.ngram:
            at = common_grams(index.words[lo:hi], words, rule.ngram)
        else:
            pairs = np.array([[lo, hi, 0, len(words)]], np.int64)
            with np.errstate(over="ignore"):
                at = align_pairs(pairs, index.words, index.weights, words)
        score = rule.score(Alignment(at=at, weights=index.weights[lo:hi], roles=index.roles[lo:hi]))
        if score is not None:
            found.append((item, score, _spans(at, rule, index, lo, texts, parts, begins, ends)))
    return found


def _spans(
    at: Any, rule: Any, index: Any, lo: Any, texts: Any, parts: Any, begins: Any, ends: Any
) -> Any:
    edges = np.cumsum([0] + [len(p) + 2 for p in parts])
    field_of = np.searchsorted(edges, begins, side="right") - 1
    item_of = index.items[int(np.searchsorted(index.bounds, lo, side="right") - 1)]
    spans = []
    n = len(at)
    segs = index.segments[lo : lo + n]
    k = 0
    while k < n:
        if at[k] < 0:
            k += 1
            continue
        m = k
        while (
            m + 1 < n
            and at[m + 1] == at[m] + 1
            and segs[m + 1] == segs[k]
            and field_of[at[m + 1]] == field_of[at[k]]
        ):
            m += 1
        last = at[m]
        f = int(field_of[at[k]])
        text = item_of.segments[int(segs[k])].text.encode("utf-8", "replace")
        spans.append(
            Span(
                int(segs[k]),
                _chars(text, index.starts[lo + k]),
                _chars(text, index.ends[lo + m]),
                texts[f].path,
                _chars(parts[f], begins[at[k]] - edges[f]),
                _chars(parts[f], ends[last] - edges[f]),
            )
        )
        k = m + 1
    return tuple(spans)


def _chars(text: bytes, place: Any) -> int:
    return len(text[: int(place)].decode("utf-8", "replace"))
