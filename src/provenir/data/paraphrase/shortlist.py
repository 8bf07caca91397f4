"""The lexical short-list: which eval items share rare words with a piece of a row.

An inverted index from features (terms and quantities) to items. A question and its rephrasing keep
most of their rare content words, so the item is nearly always among the first few by shared inverse
document frequency; the embedder then sees those few pairs instead of all.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from provenir.core.extras import require

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Shortlist"]

_COMMON_SHARE: Final = 0.2  # a feature of more items than this share tells no item from another
_COMMON_LEAST: Final = 200  # ... and at least of so many: in a small set every feature is looked up

np: Any = require("data", "numpy")


class Shortlist:
    """An inverted index of the features of eval items.

    Memory is 4 bytes for each feature of each item, and one Python string for each feature.

    Args:
        items: The distinct features of each item.
        keep: How many items a query returns at most.
        least: Least share of an item's weight that a piece must hold for the item to be returned.
    """

    def __init__(self, items: Sequence[frozenset[str]], *, keep: int, least: float) -> None:
        self._keep, self._least = keep, least
        self._of = len(items)
        counts = Counter(feature for features in items for feature in features)
        self._rare = math.log(self._of + 2.0)
        self._weights = {
            feature: self._rare - math.log(count + 1.0) for feature, count in counts.items()
        }
        postings: dict[str, list[int]] = {feature: [] for feature in sorted(counts)}
        for number, features in enumerate(items):
            for feature in features:
                postings[feature].append(number)
        bound = max(_COMMON_LEAST, int(_COMMON_SHARE * self._of))
        self._postings = {
            feature: np.array(numbers, dtype=np.int32)
            for feature, numbers in postings.items()
            if len(numbers) <= bound
        }
        self._masses = np.array(
            [sum(map(self.weight, sorted(features))) for features in items], dtype=np.float64
        )

    def weight(self, feature: str) -> float:
        """Return the inverse document frequency of a feature, the highest where no item has it."""
        return self._weights.get(feature, self._rare)

    def query(self, features: Iterable[str]) -> list[int]:
        """Return the items that share most with a piece of a row, the best first."""
        shared = np.zeros(self._of, dtype=np.float64)
        met = False
        for feature in sorted(set(features)):
            numbers = self._postings.get(feature)
            if numbers is not None:
                shared[numbers] += self._weights[feature]
                met = True
        if not met:
            return []
        share = shared / np.maximum(self._masses, 1e-12)
        likely = np.flatnonzero(share >= self._least)
        # The mean of share and amount in logarithms: neither short nor long items crowd others out.
        rank = share[likely] * np.sqrt(self._masses[likely])
        order = np.lexsort((likely, -rank))[: self._keep]
        return [int(number) for number in likely[order]]
