"""Which rows hold a rephrasing of which eval items.

For each block of a row: the lexical short-list names a few items, the run of sentences that is most
like each of them is its window, the embedder gives the cosine of window and item, and the facts
(numbers with units, names, opposites) lower it where they contradict (`scores`). An item of more
than `BLOCK_WORDS` words is compared in parts, and its score is the mean over them.

Cost: making the index embeds every part of every item once; a row costs its short-list queries and
the embedding of at most `SHORTLIST` windows for each of its blocks, fewer where windows coincide or
nothing rare is shared. Memory: the index (``2 * d`` bytes for each part of an item, its features
and facts: measured, 12 KB an item of 45 words with the default embedder), a batch of rows, a batch
of windows, and the pairs that are found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.core.extras import require
from provenir.data.paraphrase.embedders import (
    DEFAULT_EMBEDDER,
    THRESHOLDS,
    CheckedEmbedder,
    open_embedder,
)
from provenir.data.paraphrase.facts import Facts, compare, facts_of, within
from provenir.data.paraphrase.scores import FULL, ParaphrasePair, ParaphraseScan, score_of
from provenir.data.paraphrase.shortlist import Shortlist
from provenir.data.paraphrase.windows import best_run, blocks, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["LEAST_FEATURES", "ParaphraseIndex", "paraphrase_pairs"]

LEAST_FEATURES: Final = 3
"""Items with fewer distinct terms and quantities are not examined: anything rephrases them."""

SHORTLIST: Final = 5
"""How many parts of items are compared with a block of a row at most."""

LEAST_SHARED: Final = 0.2
"""Share of a part's weight that a block must hold for the two to be compared."""

_BATCH_ROWS: Final = 128
_BATCH_WINDOWS: Final = 1024

np: Any = require("data", "numpy")


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of an item: all of it unless it is long."""

    item: int
    features: frozenset[str]
    facts: Facts


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A part, the row of the batch that it is compared with, its window, the block around it."""

    row: int
    part: int
    window: tuple[int, int]
    block: tuple[int, int]


class ParaphraseIndex:
    """Eval items, ready to be compared with rows.

    Args:
        items: The texts of the items, best their questions alone.
        embedder: A name or a callable; see `open_embedder`.
        threshold: Least score of a pair, above 0 and at most 1; None for the one that is known for
            the embedder (`THRESHOLDS`).

    Attributes:
        embedder: The embedder's name.
        threshold: Least score of a pair.
        items: How many items are examined.
        short_items: Numbers of the items that are not, being too short.
        rows: How many rows were examined so far.
        empty_rows: How many rows had no word or number to compare.
        windows: How many windows were embedded so far.

    Raises:
        UsageError: A threshold out of range or not known, an item that is no text, or an embedder
            that cannot run.
        MissingExtraError: The extra that the embedder needs is not installed.
    """

    def __init__(
        self,
        items: Sequence[str],
        *,
        embedder: str | Callable[[list[str]], Any] = DEFAULT_EMBEDDER,
        threshold: float | None = None,
    ) -> None:
        for number, item in enumerate(items):
            _require_text(item, "item", number)
        self._embedder = open_embedder(embedder, items)
        self.embedder = self._embedder.name
        self.threshold = _threshold(threshold, self._embedder)
        texts, self._parts = _parts_of(items)
        self._parts_in = [0] * len(items)
        for part in self._parts:
            self._parts_in[part.item] += 1
        self.short_items = tuple(n for n, parts in enumerate(self._parts_in) if not parts)
        self.items = len(items) - len(self.short_items)
        self._shortlist = Shortlist(
            [part.features for part in self._parts], keep=SHORTLIST, least=LEAST_SHARED
        )
        self._vectors = _half_vectors(self._embedder, texts)
        self.rows = self.empty_rows = self.windows = 0

    def scan(self, rows: Iterable[str]) -> Iterator[ParaphrasePair]:
        """Yield the pairs of a stream of rows in its order, the best pair of a row first.

        Only a batch of rows is in memory. Numbers of rows start at 0 with each call.

        Raises:
            UsageError: A row that is no text, or an embedder whose vectors mean nothing.
        """
        first = 0
        batch: list[str] = []
        for row in rows:
            _require_text(row, "row", first + len(batch))
            batch.append(row)
            if len(batch) == _BATCH_ROWS:
                yield from self._scan_batch(batch, first)
                first, batch = first + len(batch), []
        yield from self._scan_batch(batch, first)

    def _scan_batch(self, rows: list[str], first: int) -> Iterator[ParaphrasePair]:
        looked = (candidate for row, text in enumerate(rows) for candidate in self._look(row, text))
        best: dict[tuple[int, int], ParaphrasePair] = {}
        # A row may be as long as a book, so windows too are embedded a batch at a time.
        while found := list(islice(looked, _BATCH_WINDOWS)):
            for candidate, pair in self._compared(found, rows, first):
                key = (candidate.row, candidate.part)
                if key not in best or best[key].score < pair.score:
                    best[key] = pair
        yield from self._over_parts(best.values())

    def _compared(
        self, found: list[_Candidate], rows: list[str], first: int
    ) -> Iterator[tuple[_Candidate, ParaphrasePair]]:
        windows = sorted({(candidate.row, candidate.window) for candidate in found})
        places = {window: place for place, window in enumerate(windows)}
        texts = [rows[row][start:end] for row, (start, end) in windows]
        self.windows += len(texts)
        vectors = self._embedder.unit_vectors(texts)
        facts = {
            (row, span): facts_of(rows[row][slice(*span)])
            for row, span in {(c.row, span) for c in found for span in (c.window, c.block)}
        }
        for candidate in found:
            row, window = candidate.row, candidate.window
            told = within(facts[row, window], facts[row, candidate.block])
            yield candidate, self._pair(candidate, first, vectors[places[row, window]], told)

    def _look(self, row: int, text: str) -> Iterator[_Candidate]:
        """Yield what a row is to be compared with, and count the row."""
        seen = set()
        empty = True
        for block in blocks(sentences(text)):
            empty = False
            features = frozenset().union(*(sentence.features for sentence in block))
            for part in self._shortlist.query(features):
                wanted = self._parts[part]
                least = FULL * len(wanted.facts.order)
                window = best_run(block, wanted.features, self._shortlist.weight, least)
                if (part, window) not in seen:
                    seen.add((part, window))
                    yield _Candidate(row, part, window, (block[0].start, block[-1].end))
        self.rows += not empty
        self.empty_rows += empty

    def _pair(self, candidate: _Candidate, first: int, vector: Any, facts: Facts) -> ParaphrasePair:
        part = self._parts[candidate.part]
        cosine = float(vector @ self._vectors[candidate.part].astype(np.float32))
        conflict = compare(part.facts, facts)
        fullness = len(facts.order) / len(part.facts.order)
        start, end = candidate.window
        return ParaphrasePair(
            row=first + candidate.row,
            item=part.item,
            score=score_of(cosine, conflict, fullness),
            cosine=cosine,
            conflict=conflict,
            start=start,
            end=end,
        )

    def _over_parts(self, pairs: Iterable[ParaphrasePair]) -> list[ParaphrasePair]:
        """Bring the best pairs of parts to one pair for each row and item; drop the low ones."""
        groups: dict[tuple[int, int], list[ParaphrasePair]] = {}
        for pair in pairs:
            groups.setdefault((pair.row, pair.item), []).append(pair)
        kept = []
        for (_, item), group in groups.items():
            score = sum(pair.score for pair in group) / self._parts_in[item]
            if score >= self.threshold:
                kept.append(replace(max(group, key=lambda pair: pair.score), score=score))
        return sorted(kept, key=lambda pair: (pair.row, -pair.score, pair.item))


def _require_text(value: object, what: str, number: int) -> None:
    if not isinstance(value, str):
        raise UsageError(f"{type(value).__name__} is not text", where=f"{what} {number}")


def _threshold(asked: float | None, embedder: CheckedEmbedder) -> float:
    threshold = THRESHOLDS.get(embedder.name) if asked is None else asked
    if threshold is None:
        raise UsageError(
            f"no threshold is known for the embedder {embedder.name}",
            where="threshold",
            mend="give one that was measured on pairs like yours",
        )
    if not 0 < threshold <= 1:
        raise UsageError(
            f"{threshold} is no threshold", where="threshold", mend="0 < threshold <= 1"
        )
    return threshold


def _parts_of(items: Sequence[str]) -> tuple[list[str], list[_Part]]:
    """Cut items into parts that do not overlap; items that are too short have none."""
    texts, parts = [], []
    for number, item in enumerate(items):
        pieces = list(sentences(item))
        if len(frozenset().union(*(piece.features for piece in pieces))) < LEAST_FEATURES:
            continue
        for block in blocks(pieces, overlap=False):
            text = item[block[0].start : block[-1].end]
            features = frozenset().union(*(piece.features for piece in block))
            texts.append(text)
            parts.append(_Part(number, features, facts_of(text)))
    return texts, parts


def _half_vectors(embedder: CheckedEmbedder, texts: list[str]) -> Any:
    """Embed texts by batches into 16-bit numbers, so that no wider copy of all is ever made."""
    vectors = None
    for start in range(0, len(texts), _BATCH_ROWS):
        batch = embedder.unit_vectors(texts[start : start + _BATCH_ROWS])
        if vectors is None:
            vectors = np.empty((len(texts), batch.shape[1]), dtype=np.float16)
        vectors[start : start + len(batch)] = batch
    return vectors


def paraphrase_pairs(
    rows: Iterable[str],
    items: Sequence[str],
    *,
    embedder: str | Callable[[list[str]], Any] = DEFAULT_EMBEDDER,
    threshold: float | None = None,
) -> ParaphraseScan:
    """Compare rows with eval items and return the pairs that are rephrasings.

    Args:
        rows: The texts of the training rows; read once, in batches.
        items: The texts of the eval items, best their questions alone.
        embedder: A name or a callable; see `open_embedder`.
        threshold: Least score of a pair; None for the one that is known for the embedder.

    Raises:
        UsageError: See `ParaphraseIndex`.
        MissingExtraError: The extra that the embedder needs is not installed.
    """
    index = ParaphraseIndex(items, embedder=embedder, threshold=threshold)
    pairs = tuple(index.scan(rows))
    return ParaphraseScan(
        pairs=pairs,
        embedder=index.embedder,
        threshold=index.threshold,
        rows=index.rows,
        empty_rows=index.empty_rows,
        items=index.items,
        short_items=index.short_items,
        windows=index.windows,
    )
