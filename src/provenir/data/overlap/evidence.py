"""Stage 2 of a scan: candidate rows are read, aligned with their items, judged, and quoted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.data.overlap.align import align_pairs, common_grams
from provenir.data.overlap.company import has_lines, in_company
from provenir.data.overlap.compiled import jit
from provenir.data.overlap.compounds import spell_out
from provenir.data.overlap.hits import RawHit, Score, Span
from provenir.data.overlap.items import ROLES
from provenir.data.overlap.joined import characters_before, words_of_texts
from provenir.data.overlap.rules import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from provenir.data.overlap.fields import FieldText
    from provenir.data.overlap.index import EvalIndex
    from provenir.data.overlap.rules import Rule

__all__ = ["RowTexts", "find_hits"]

_QUESTION: Final = ROLES.index("question")


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
        starts: int64, in bytes of the word's text.
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
    rows: Sequence[RowTexts],
    items: Sequence[NDArray[Any]],
    index: EvalIndex,
    rule: Rule,
    *,
    sure: Sequence[NDArray[Any]] | None = None,
) -> tuple[list[RawHit], NDArray[Any]]:
    """Judge rows by the items that they may hold.

    Args:
        rows: The rows.
        items: For each of them int64, numbers of items.
        index: The eval sets.
        rule: What counts as a hit.
        sure: For each row bool, which of its items are hits whatever the rule says; None for none.

    Returns:
        The hits in the order given; and int64[n, 2], the stretches of `EvalIndex.words` that rows
        had in common with items without being hits, first word and the one behind the last.
    """
    if not rows:
        return [], np.empty((0, 2), np.int64)
    words = _words_of(rows, index)
    row_of: NDArray[Any] = np.repeat(np.arange(len(rows)), [len(found) for found in items])
    item_of = np.concatenate(items)
    sides = (index.bounds, item_of), (words.edges, row_of)
    pairs = np.stack([edges[n + side] for edges, n in sides for side in (0, 1)], axis=1)
    evidence = _evidence(pairs, item_of, words, index, rule)
    verdicts = rule.judge(evidence)
    named: NDArray[Any] = np.zeros(len(pairs), np.bool_) if sure is None else np.concatenate(sure)
    leaks = np.flatnonzero((verdicts.value > 0) | named)
    quotes = _quotes(leaks, pairs, evidence, words, index, rule.ngram)
    hits = []
    offsets: dict[int, NDArray[Any]] = {}
    for pair, (runs, places) in zip(leaks.tolist(), quotes, strict=True):
        number = int(row_of[pair])
        row, first = rows[number], int(words.first_field[number])
        score = _run_alone(runs, pairs[pair])
        if verdicts.value[pair] > 0:
            at = evidence.at[evidence.edges[pair] : evidence.edges[pair + 1]]
            found = verdicts.score(pair)
            found = _in_context(found, pairs[pair], at, words, row, first, index)
            score = score if named[pair] and found.severity == "info" else found
        spans = tuple(_span(row, first, place, offsets) for place in places)
        hits.append(_hit(row, int(item_of[pair]), score, spans, runs))
    missed = np.repeat(verdicts.value == 0, np.diff(evidence.edges)) & (evidence.at >= 0)
    return hits, _stretches(missed, evidence.edges, pairs[:, 0])


def _hit(
    row: RowTexts, item: int, score: Score, spans: tuple[Span, ...], runs: list[list[int]]
) -> RawHit:
    return RawHit(
        row=row.row,
        offset=row.offset,
        length=row.length,
        item=item,
        score=score,
        spans=spans,
        runs=tuple((own, theirs, length) for own, theirs, length in runs),
    )


def _run_alone(runs: list[list[int]], pair: NDArray[Any]) -> Score:
    """The score of an item of which the rule says that it is no leak: the share of its words."""
    share = sum(length for _, _, length in runs) / int(pair[1] - pair[0])
    return Score(value=share, role="item", severity="warning")


def _span(row: RowTexts, first: int, place: list[int], offsets: dict[int, NDArray[Any]]) -> Span:
    """What is common, its place in the row's text in characters; see `_quotes`.

    Args:
        row: The row.
        first: Number of its first text.
        place: Of the quote, the last two in bytes.
        offsets: `characters_before` of texts by their number, filled.
    """
    segment, start, end, field, row_start, row_end = place
    entry = row.texts[field - first]
    if not entry.text.isascii():
        if field not in offsets:
            offsets[field] = characters_before(entry.text)
        row_start, row_end = offsets[field][[row_start, row_end]].tolist()
    return Span(segment, start, end, entry.path, row_start, row_end)


def _in_context(
    score: Score,
    pair: NDArray[Any],
    at: NDArray[Any],
    words: _Words,
    row: RowTexts,
    first_field: int,
    index: EvalIndex,
) -> Score:
    """The score of a leak, graver where a short question stands as one.

    Args:
        score: What the rule says.
        pair: int64[4], as `align.align_pairs` takes it.
        at: int32, the place in the row of each word of the item, or -1.
        words: The words of all rows.
        row: The row.
        first_field: Number of its first text.
        index: The eval sets.
    """
    if score.severity != "info" or score.role != "question":
        return score
    lo, hi, begin, end = pair.tolist()
    asked = index.roles[lo:hi] == _QUESTION
    places = begin + at[asked & (at >= 0)]
    first, last = int(places.min()), int(places.max())
    field = int(words.fields[first])
    text = row.texts[field - first_field].text
    before = characters_before(text)
    own = field != words.fields[last] or has_lines(
        text, int(before[words.starts[first]]), int(before[words.ends[last]])
    )
    if own or in_company(
        index.words[lo:hi][~asked],
        index.weights[lo:hi][~asked],
        words.hashes[begin:first],
        words.hashes[last + 1 : end],
    ):
        return replace(score, severity="critical")
    return score


def _stretches(chosen: NDArray[Any], edges: NDArray[Any], first: NDArray[Any]) -> NDArray[Any]:
    """The stretches of chosen words, numbered from `first` on in each pair."""
    after: NDArray[Any] = np.zeros(len(chosen) + 1, np.bool_)
    after[1:] = chosen
    after[edges] = False
    goes_on: NDArray[Any] = np.zeros(len(chosen) + 1, np.bool_)
    goes_on[:-1] = chosen
    goes_on[edges] = False
    begin = np.flatnonzero(chosen & ~after[:-1])
    last = np.flatnonzero(chosen & ~goes_on[1:])
    shift = (first - edges[:-1])[np.searchsorted(edges, begin, side="right") - 1]
    return np.stack([begin + shift, last + 1 + shift], axis=1)


def _words_of(rows: Sequence[RowTexts], index: EvalIndex) -> _Words:
    """Take the words of all rows at once, compounds of the index spelled out."""
    found = words_of_texts([entry.text for row in rows for entry in row.texts])
    order = index.joined_order
    spelled = spell_out(found.hashes, index.joined[order], order, index.joined_size[order])
    hashes, fields, starts, ends = found.hashes, found.texts, found.starts, found.ends
    if spelled.own:
        source = spelled.source
        hashes, fields, starts, ends = (part[source] for part in (hashes, fields, starts, ends))
        for at, first, size in spelled.own:
            hashes[at : at + size] = index.words[first : first + size]
    counts = np.array([len(row.texts) for row in rows], np.int64)
    first_field = np.concatenate([[0], np.cumsum(counts)])
    return _Words(
        hashes=hashes,
        starts=starts,
        ends=ends,
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


def _quotes(
    leaks: NDArray[Any],
    pairs: NDArray[Any],
    evidence: Evidence,
    words: _Words,
    index: EvalIndex,
    ngram: int,
) -> Iterator[tuple[list[list[int]], list[list[int]]]]:
    """Give the runs and places of each leak; fields are numbered among those of all rows."""
    at = evidence.at
    if ngram:
        at = at.copy()
        for lo, hi in zip(evidence.edges[leaks], evidence.edges[leaks + 1], strict=True):
            at[lo:hi] = _spread(at[lo:hi], ngram)
    longest = int((pairs[leaks, 1] - pairs[leaks, 0]).sum())
    runs: NDArray[Any] = np.empty((longest, 4), np.int64)
    count = common_runs(leaks, pairs, evidence.edges, at, index.segments, words.fields, runs)
    runs = runs[:count]
    pair = leaks[runs[:, 0]]
    own, theirs = pairs[pair, 0] + runs[:, 1], pairs[pair, 2] + runs[:, 2]
    own_last, their_last = own + runs[:, 3] - 1, theirs + runs[:, 3] - 1
    columns = [
        index.segments[own],
        index.starts[own],
        index.ends[own_last],
        words.fields[theirs],
        words.starts[theirs],
        words.ends[their_last],
    ]
    all_runs, all_places = runs[:, 1:].tolist(), np.stack(columns, axis=1).tolist()
    edges: NDArray[Any] = np.searchsorted(runs[:, 0], np.arange(len(leaks) + 1))
    for begin, end in pairwise(edges.tolist()):
        yield all_runs[begin:end], all_places[begin:end]


def _spread(at: NDArray[Any], n: int) -> NDArray[Any]:
    """Turn places of n-grams into places of words."""
    spread = at.copy()
    for begin in np.flatnonzero(at >= 0).tolist():
        spread[begin : begin + n] = at[begin] + np.arange(n)
    return spread


@jit
def common_runs(
    leaks: NDArray[Any],
    pairs: NDArray[Any],
    edges: NDArray[Any],
    at: NDArray[Any],
    segments: NDArray[Any],
    fields: NDArray[Any],
    runs: NDArray[Any],
) -> int:
    """Write the stretches in which both sides run on within one text; return their number.

    Args:
        leaks: int64, numbers of pairs.
        pairs: int64[k, 4], as `align.align_pairs` takes them.
        edges: int64[k + 1], where each pair's words begin in `at`.
        at: int32, the place of each word of an item in its row's words, or -1.
        segments: int32, the segment of each word of the index.
        fields: int64, the text of each word of the rows.
        runs: int64[n, 4], filled with: place in `leaks`, in the item, in the row; length.
    """
    count = 0
    for k in range(len(leaks)):
        here = at[edges[leaks[k]] : edges[leaks[k] + 1]]
        own = segments[pairs[leaks[k], 0] : pairs[leaks[k], 1]]
        theirs = fields[pairs[leaks[k], 2] : pairs[leaks[k], 3]]
        i = 0
        while i < len(here):
            n = 1
            if here[i] >= 0:
                while (
                    i + n < len(here)
                    and here[i + n] == here[i] + n
                    and own[i + n] == own[i]
                    and theirs[here[i + n]] == theirs[here[i]]
                ):
                    n += 1
                runs[count, 0] = k
                runs[count, 1] = i
                runs[count, 2] = here[i]
                runs[count, 3] = n
                count += 1
            i += n
    return count
