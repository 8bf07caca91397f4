"""What of an item is boilerplate of the corpus: phrases that many rows have which do not hold it.

The weights of an index know the eval sets alone. While a scan goes on, it counts for each word of
each item the rows that had the word in common with it and were no hit. At the end a hit is weighed
once more with the words that the corpus is full of worth less: an item that shares with the corpus
but a licence notice falls away. So does a hit of a part of an item where the same stretch, from
the same word to the same word, stands in several different rows and the rest of the item in none
of them. Rows that hold nearly all of an item are never counted, and equal rows count once, so that
a leak that is repeated a thousand times stays one. The memory is eight bytes a word of the eval
sets, and bounded for the stretches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.data.overlap.align import net_masses
from provenir.data.overlap.items import ROLES
from provenir.data.overlap.rules import Evidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from provenir.data.overlap.engine import BlockResult
    from provenir.data.overlap.hits import RawHit
    from provenir.data.overlap.index import EvalIndex
    from provenir.data.overlap.rules import Rule

__all__ = ["Background"]

NEARLY_ALL: Final = 0.9
"""Share of a text from which on a hit is one, whatever else the corpus holds."""
RECURS: Final = 3
"""Different rows in which a stretch makes boilerplate."""
MAX_STRETCHES: Final = 1 << 18
"""Stretches that are told apart; of more, those that come later are taken for no boilerplate."""
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
        self._begun: NDArray[Any] = np.zeros(len(index.words) + 1, np.int32)
        self._ended: NDArray[Any] = np.zeros(len(index.words) + 1, np.int32)
        self._stretches: dict[tuple[int, int, int], set[int]] = {}

    def add(self, result: BlockResult) -> None:
        """Count a block; in any order, once each."""
        self._rows += result.rows
        np.add.at(self._begun, result.seen[:, 0], 1)
        np.add.at(self._ended, result.seen[:, 1], 1)
        for hit in result.hits:
            if hit.score.value >= NEARLY_ALL or not hit.runs:
                continue
            stretch = _longest(hit)
            if len(self._stretches) < MAX_STRETCHES or stretch in self._stretches:
                lengths = self._stretches.setdefault(stretch, set())
                if len(lengths) < RECURS:
                    lengths.add(hit.length)  # rows of one length are most likely one row

    def confirms(self, hit: RawHit) -> bool:
        """Say whether a hit still is one; call it once all blocks are counted."""
        if self._index.exhaustive or self._rule.ngram or not hit.runs:
            return True
        if hit.score.value >= NEARLY_ALL:
            return True
        if len(self._stretches.get(_longest(hit), ())) >= RECURS:
            return False
        index = self._index
        lo, hi = int(index.bounds[hit.item]), int(index.bounds[hit.item + 1])
        seen = np.cumsum(self._begun[lo:hi])
        seen[1:] -= np.cumsum(self._ended[lo + 1 : hi])
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


def _longest(hit: RawHit) -> tuple[int, int, int]:
    """The item, and the longest stretch of it in words: where it begins, and how many."""
    first, _, words = max(hit.runs, key=lambda run: run[2])
    return hit.item, first, words
