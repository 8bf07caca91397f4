"""What of an item is boilerplate of the corpus: text that many rows have which do not hold it.

The weights of an index know the eval sets alone. While a scan goes on, it counts for each word of
each item the rows that had the word in common with it and were no hit. At the end a hit is looked
at once more, in two ways.

**It is weighed again** with the words that the corpus is full of worth less: an item that shares
with the corpus but a common phrase falls away.

**It is asked whether it is a notice**: a licence, a header, a stock instruction that one item has
and the corpus too. A truncated leak that somebody copied ten times looks much the same: one stretch
of the item in several rows, the rest of the item in none of them. A notice it is only where
something else speaks for it (`_known_in_pieces`, `notice.heads`):

* the corpus knows it in pieces. Rows that do not hold the stretch have phrases of it, and several
  times as often as they have phrases of the rest of the item. Text of a leak is no more at home in
  the corpus than what was cut from it;
* or it is a paragraph of its own at the head of a text, asks nothing, and stands in `MANY` rows.

Text that holds the question (nearly) whole is never one, and what can be either is a leak: a leak
that is not named is worse than a notice that is. The memory is sixteen bytes a word of the eval
sets, and bounded for the stretches.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.data.overlap.align import net_masses
from provenir.data.overlap.items import ROLES
from provenir.data.overlap.notice import heads
from provenir.data.overlap.plain import SEED_WORDS
from provenir.data.overlap.rules import Evidence, words_of_part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from provenir.data.overlap.engine import BlockResult
    from provenir.data.overlap.hits import RawHit
    from provenir.data.overlap.index import EvalIndex
    from provenir.data.overlap.rules import Rule

__all__ = ["Background"]

NEARLY_ALL: Final = 0.9
"""Share of a text from which on a hit is not weighed again."""
NO_NOTICE: Final = 0.95
"""Share of a text from which on a hit is no notice, whatever else the corpus holds."""
LEFT_OUT: Final = SEED_WORDS
"""Words of the question outside of a stretch without which the stretch is all of it; of the item or
the answer, where that is what leaked."""
RECURS: Final = 3
"""Different rows in which a stretch recurs."""
MANY: Final = 10
"""Different rows in which a paragraph makes a notice though the corpus has no pieces of it."""
PARAGRAPH_SHARE: Final = 0.8
"""Share of a text from which on such a paragraph is no notice."""
SLACK: Final = 2
"""Words by which the ends of one stretch differ from row to row, as neighbours agree by chance."""
PIECE: Final = 20
"""Most words in a piece of a stretch; rows with longer ones may hold a part of the item."""
LEAST_PIECES: Final = 2
"""Rows that have a word of a stretch in pieces, as the median of its words."""
PIECE_RATE: Final = 1e-5
"""The same as a share of the corpus' rows."""
CONTRAST: Final = 3
"""How many times as common in pieces as the rest of its item a notice is."""
MAX_STRETCHES: Final = 1 << 18
"""Stretches that are told apart; of more, those that come later are taken for no boilerplate."""
TOGETHER: Final = 1 << 16
"""Stretches that are counted at once."""
LEAST_ROWS: Final = 1000
"""Rows that a corpus is taken to have at least: in a small one nothing is common."""


class Background:
    """Counts of a scan, and the second look at its hits.

    Args:
        index: The eval sets.
        rule: The rule of the scan.
    """

    def __init__(self, index: EvalIndex, rule: Rule) -> None:
        self._index = index
        self._rule = rule
        self._rows = 0
        self._seen = _Counts(len(index.words))
        self._pieces = _Counts(len(index.words))
        self._stretches: dict[tuple[int, int, int], set[int]] = {}

    def add(self, result: BlockResult) -> None:
        """Count a block; in any order, once each."""
        self._rows += result.rows
        self._seen.add(result.seen)
        words = result.seen[:, 1] - result.seen[:, 0]
        self._pieces.add(result.seen[(words >= SEED_WORDS) & (words <= PIECE)])
        for hit in result.hits:
            if hit.score.value >= NO_NOTICE or not hit.runs:
                continue
            stretch = _stretch(hit)
            if len(self._stretches) < MAX_STRETCHES or stretch in self._stretches:
                lengths = self._stretches.setdefault(stretch, set())
                if len(lengths) < MANY:
                    lengths.add(hit.length)  # rows of one length are most likely one row

    def confirms(self, hit: RawHit) -> bool:
        """Say whether a hit still is one; call it once all blocks are counted."""
        if self._index.exhaustive or self._rule.ngram or not hit.runs:
            return True
        if hit.score.value < NO_NOTICE and self._is_notice(hit):
            return False
        return hit.score.value >= NEARLY_ALL or self._weighs_enough(hit)

    def _is_notice(self, hit: RawHit) -> bool:
        item, first, last = _stretch(hit)
        lo, hi = self._index.bounds[item : item + 2].tolist()
        left_out = words_of_part(self._index.roles[lo:hi], hit.score.role)
        left_out[first:last] = False
        if left_out.sum() < LEFT_OUT:
            return False
        rows = self._rows_with(item, first, last)
        if rows < RECURS:
            return False
        counts = self._pieces.between(lo, hi)
        if self._known_in_pieces(counts[first:last], counts[left_out]):
            return True
        few = rows < MANY or hit.score.value >= PARAGRAPH_SHARE
        return not few and heads(self._index, item, first, last, SLACK)

    def _rows_with(self, item: int, first: int, last: int) -> int:
        """How many different rows have about this stretch, counted up to `MANY`."""
        lengths: set[int] = set()
        for begin, end in product(range(-SLACK, SLACK + 1), repeat=2):
            lengths |= self._stretches.get((item, first + begin, last + end), set())
        return min(len(lengths), MANY)

    def _known_in_pieces(self, inside: NDArray[Any], rest: NDArray[Any]) -> bool:
        least = max(LEAST_PIECES, PIECE_RATE * self._rows)
        return float(np.median(inside)) >= max(least, CONTRAST * float(np.median(rest)))

    def _weighs_enough(self, hit: RawHit) -> bool:
        index = self._index
        lo, hi = int(index.bounds[hit.item]), int(index.bounds[hit.item + 1])
        seen = self._seen.between(lo, hi)
        if not seen.any():
            return True
        common = np.log1p(seen) / np.log1p(max(self._rows, LEAST_ROWS))
        weights = index.weights[lo:hi] * (1.0 - common)
        at: NDArray[Any] = np.full(hi - lo, -1, np.int32)
        for own, theirs, length in hit.runs:
            at[own : own + length] = np.arange(theirs, theirs + length)
        roles = index.roles[lo:hi]
        found = np.zeros((1, len(ROLES)))
        net_masses(at, weights.astype(np.float32), roles, found[0])
        evidence = Evidence(
            at=at,
            edges=np.array([0, hi - lo]),
            found=found,
            total=np.bincount(roles, weights, len(ROLES))[None],
            words=index.sizes[hit.item][None],
        )
        return bool(self._rule.judge(evidence).value[0] > 0)


class _Counts:
    """How many stretches cover each word."""

    def __init__(self, words: int) -> None:
        self._begun: NDArray[Any] = np.zeros(words + 1, np.int32)
        self._ended: NDArray[Any] = np.zeros(words + 1, np.int32)
        self._waiting: list[NDArray[Any]] = []
        self._many = 0

    def add(self, stretches: NDArray[Any]) -> None:
        self._waiting.append(stretches)
        self._many += len(stretches)
        if self._many >= TOGETHER:
            self._count()

    def _count(self) -> None:
        """Count what waits, all at once."""
        if self._waiting:
            stretches = np.concatenate(self._waiting)
            for counts, places in zip((self._begun, self._ended), stretches.T, strict=True):
                counts += np.bincount(places, minlength=len(counts)).astype(np.int32)
            self._waiting, self._many = [], 0

    def between(self, lo: int, hi: int) -> NDArray[Any]:
        """The counts of an item's words; no stretch goes on from one item to the next."""
        self._count()
        counts: NDArray[Any] = np.cumsum(self._begun[lo:hi])
        counts[1:] -= np.cumsum(self._ended[lo + 1 : hi])
        return counts


def _stretch(hit: RawHit) -> tuple[int, int, int]:
    """The item, and the stretch of it in which the row's runs lie: first word, one behind the last.

    Runs of fewer words than a seed are left out, as they may stand in the row by chance.
    """
    runs = [run for run in hit.runs if run[2] >= SEED_WORDS] or hit.runs
    return hit.item, min(run[0] for run in runs), max(run[0] + run[2] for run in runs)
