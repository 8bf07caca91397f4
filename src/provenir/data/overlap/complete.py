"""What an exhaustive search finds beside the rule: every run of thirteen words in common.

The search names every row that may share a run with an item (`wide` says why none is missed). Here
the runs themselves are compared, word by word as `reference` reads them, so that a row which holds
one is a hit whatever the rule says of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from provenir.data.overlap.reference import GRAM_WORDS, reference_words
from provenir.data.overlap.seeds import SeedTable, lookup
from provenir.data.overlap.wide import chained
from provenir.data.text.hashing import word_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from provenir.data.overlap.index import EvalIndex

__all__ = ["CommonRuns"]


class CommonRuns:
    """Finds the items that share a run of `reference.GRAM_WORDS` words with a row.

    Args:
        index: The eval sets. Items with the same words count as the first of them.
    """

    def __init__(self, index: EvalIndex) -> None:
        parts = [
            (runs, int(index.first[number]))
            for number, item in enumerate(index.items)
            for runs in _runs(segment.text for segment in item.segments)
        ]
        owners: list[NDArray[Any]] = [np.full(len(runs), first, np.int32) for runs, first in parts]
        self._table = SeedTable.build(
            np.concatenate([np.empty(0, np.uint64), *(runs for runs, _ in parts)]),
            np.concatenate([np.empty(0, np.int32), *owners]),
            max_df=None,
        )

    def items_of(self, texts: Iterable[str]) -> NDArray[Any]:
        """Return the numbers of the items that share a run with one of the texts, ascending."""
        table = self._table
        runs = np.concatenate([np.empty(0, np.uint64), *_runs(texts)])
        found = lookup(table, runs)
        known = np.unique(found[found >= 0])
        parts = [table.items[table.bounds[n] : table.bounds[n + 1]] for n in known.tolist()]
        return np.unique(np.concatenate([np.empty(0, np.int32), *parts]))


def _runs(texts: Iterable[str]) -> list[NDArray[Any]]:
    """The hashes of the runs of each text; runs do not go from one text to the next."""
    found = []
    for text in texts:
        words = reference_words(text)
        if len(words) >= GRAM_WORDS:
            hashes: NDArray[Any] = np.array([word_hash(word) for word in words], np.uint64)
            found.append(chained(hashes, GRAM_WORDS))
    return found
