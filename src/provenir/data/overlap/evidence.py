"""Stage 2 of a scan: candidate rows are read, aligned with their items, judged, and quoted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.data.overlap.align import align_pairs, common_grams
from provenir.data.overlap.compiled import jit
from provenir.data.overlap.hits import RawHit, Span
from provenir.data.overlap.rules import Evidence
from provenir.data.text.tokens import tokenise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from provenir.data.overlap.fields import FieldText
    from provenir.data.overlap.index import EvalIndex
    from provenir.data.overlap.rules import Rule

__all__ = ["RowTexts", "find_hits"]

_BETWEEN: Final = "\n\n"
"""What parts texts once they are joined: it ends a word, and no hyphen joins across it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTexts:
    """A row and its texts.

    Attributes:
        row: Number of the row in its block.
        offset: Byte of the block at which it begins.
        length: Its bytes.
        texts: Its texts.
    """

    row: int
    offset: int
    length: int
    texts: Sequence[FieldText]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Words:
    """The words of many rows, one after the other.

    Attributes:
        hashes: uint64.
        starts: int64, in characters of the word's text.
        ends: int64, the same.
        fields: int64, the number of the word's text among all texts.
        edges: int64[rows + 1], where each row's words begin.
        first_field: int64[rows], the number of each row's first text.
    """

    hashes: NDArray[Any]
    starts: NDArray[Any]
    ends: NDArray[Any]
    fields: NDArray[Any]
    edges: NDArray[Any]
    first_field: NDArray[Any]


def find_hits(
    rows: Sequence[RowTexts], items: Sequence[NDArray[Any]], index: EvalIndex, rule: Rule
) -> tuple[list[RawHit], NDArray[Any]]:
    """Judge rows by the items that they may hold.

    Args:
        rows: The rows.
        items: For each of them int64, numbers of items.
        index: The eval sets.
        rule: What counts as a hit.

    Returns:
        The hits in the order given; and int64, the places in `EvalIndex.words` of the words that
        rows had in common with items without being hits, once for each pair.
    """
    if not rows:
        return [], np.empty(0, np.int64)
    words = _words_of(rows)
    row_of: NDArray[Any] = np.repeat(np.arange(len(rows)), [len(found) for found in items])
    item_of = np.concatenate(items)
    pairs = np.stack(
        [
            index.bounds[item_of],
            index.bounds[item_of + 1],
            words.edges[row_of],
            words.edges[row_of + 1],
        ],
        axis=1,
    )
    evidence = _evidence(pairs, item_of, words, index, rule)
    verdicts = rule.judge(evidence)
    hits = []
    for pair in np.flatnonzero(verdicts.value > 0).tolist():
        row = rows[int(row_of[pair])]
        at = evidence.at[evidence.edges[pair] : evidence.edges[pair + 1]]
        if rule.ngram:
            at = _spread(at, rule.ngram)
        runs, places = _quote(at, pairs[pair], words, index)
        places[:, 3] -= words.first_field[row_of[pair]]
        paths = [entry.path for entry in row.texts]
        hits.append(
            RawHit(
                row=row.row,
                offset=row.offset,
                length=row.length,
                item=int(item_of[pair]),
                score=verdicts.score(pair),
                spans=tuple(
                    Span(segment, start, end, paths[field], row_start, row_end)
                    for segment, start, end, field, row_start, row_end in places.tolist()
                ),
                runs=tuple(tuple(run) for run in runs.tolist()),
            )
        )
    place = np.arange(len(evidence.at)) - np.repeat(
        evidence.edges[:-1] - pairs[:, 0], np.diff(evidence.edges)
    )
    missed = np.repeat(verdicts.value == 0, np.diff(evidence.edges)) & (evidence.at >= 0)
    return hits, place[missed]


def _words_of(rows: Sequence[RowTexts]) -> _Words:
    """Take the words of all rows at once."""
    texts = [entry.text for row in rows for entry in row.texts]
    joined = _BETWEEN.join(texts)
    data = joined.encode("utf-8", "surrogatepass")
    buf = np.frombuffer(data, np.uint8)
    found = tokenise(buf)
    starts, ends = found.starts.astype(np.int64), found.ends.astype(np.int64)
    if len(data) != len(joined):
        before = np.concatenate([[0], np.cumsum((buf & 0xC0) != 0x80)])
        starts, ends = before[starts], before[ends]
    sizes = np.array([len(text) + len(_BETWEEN) for text in texts], np.int64)
    begins = np.concatenate([[0], np.cumsum(sizes)])
    fields = np.searchsorted(begins, starts, side="right") - 1
    counts = np.array([len(row.texts) for row in rows], np.int64)
    first_field = np.concatenate([[0], np.cumsum(counts)])
    return _Words(
        hashes=found.hashes,
        starts=starts - begins[fields],
        ends=ends - begins[fields],
        fields=fields,
        edges=np.searchsorted(fields, first_field),
        first_field=first_field[:-1],
    )


def _evidence(
    pairs: NDArray[Any], items: NDArray[Any], words: _Words, index: EvalIndex, rule: Rule
) -> Evidence:
    if rule.ngram:
        parts = [
            common_grams(index.words[lo:hi], words.hashes[begin:end], rule.ngram)
            for lo, hi, begin, end in pairs.tolist()
        ]
        at, found = np.concatenate(parts), np.zeros((len(pairs), index.mass.shape[1]))
    else:
        at, found = align_pairs(pairs, index.words, index.weights, index.roles, words.hashes)
    return Evidence(
        at=at,
        edges=np.concatenate([[0], np.cumsum(pairs[:, 1] - pairs[:, 0])]),
        found=found,
        total=index.mass[items],
        words=index.sizes[items],
    )


def _quote(
    at: NDArray[Any], pair: NDArray[Any], words: _Words, index: EvalIndex
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The runs and places of a hit; fields are numbered among those of all rows."""
    lo, hi, begin, end = pair.tolist()
    runs: NDArray[Any] = np.empty((len(at), 3), np.int32)
    runs = runs[: common_runs(at, index.segments[lo:hi], words.fields[begin:end], runs)].copy()
    own, theirs = lo + runs[:, 0], begin + runs[:, 1]
    own_last, their_last = own + runs[:, 2] - 1, theirs + runs[:, 2] - 1
    columns = [
        index.segments[own],
        index.starts[own],
        index.ends[own_last],
        words.fields[theirs],
        words.starts[theirs],
        words.ends[their_last],
    ]
    return runs, np.stack(columns, axis=1)


def _spread(at: NDArray[Any], n: int) -> NDArray[Any]:
    """Turn places of n-grams into places of words."""
    spread = at.copy()
    for begin in np.flatnonzero(at >= 0).tolist():
        spread[begin : begin + n] = at[begin] + np.arange(n)
    return spread


@jit
def common_runs(
    at: NDArray[Any], segments: NDArray[Any], fields: NDArray[Any], runs: NDArray[Any]
) -> int:
    """Write the stretches in which both sides run on within one text; return their number."""
    count = 0
    i = 0
    while i < len(at):
        if at[i] < 0:
            i += 1
            continue
        n = 1
        while (
            i + n < len(at)
            and at[i + n] == at[i] + n
            and segments[i + n] == segments[i]
            and fields[at[i + n]] == fields[at[i]]
        ):
            n += 1
        runs[count, 0] = i
        runs[count, 1] = at[i]
        runs[count, 2] = n
        count += 1
        i += n
    return count
