"""How much each word of an eval item says: the rarity of the commonest trigram that covers it.

Rarity is counted over the distinct items of all eval sets of an index (Spärck Jones 1972, "A
statistical interpretation of term specificity", applied to trigrams): a word of a phrase that every
item shares, such as an instruction, weighs next to nothing, a word of a phrase that one item has
weighs 1. An item that stands several times counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LEAST_SETTING", "word_weights"]

LEAST_SETTING: Final = 30
"""Items that a set is taken to have at least: in a set of three a phrase of two is no boilerplate.
"""
FLOOR: Final = 0.02
"""Weight of a word that every item has; above 0 so that an item of nothing else has a mass."""
_K1: Final = np.uint64(0x9E3779B97F4A7C15)
_K2: Final = np.uint64(0xC2B2AE3D27D4EB4F)


def word_weights(words: NDArray[np.uint64], bounds: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the weight of each word, from `FLOOR` to 1.

    Args:
        words: uint64, the word hashes of the distinct items, one after the other.
        bounds: int64[n + 1], where each item's words begin.

    Returns:
        float32, as long as `words`.
    """
    items = len(bounds) - 1
    weights = np.ones(len(words), np.float32)
    if len(words) < 3:
        return weights
    with np.errstate(over="ignore"):
        grams = (words[:-2] * _K1 ^ words[1:-1]) * _K2 ^ (words[1:-1] * _K2 ^ words[2:]) * _K1
    owner = np.repeat(np.arange(items), np.diff(bounds))
    inside = owner[:-2] == owner[2:]
    rarity = np.ones(len(grams), np.float32)
    rarity[inside] = _rarity(grams[inside], owner[:-2][inside], items)
    for shift in range(3):
        part = weights[shift : shift + len(rarity)]
        np.minimum(part, rarity, out=part)
    return weights


def _rarity(grams: NDArray[np.uint64], owner: NDArray[np.int64], items: int) -> NDArray[np.float32]:
    """1 for a gram that one item has, down to `FLOOR` for one that all have."""
    order = np.lexsort((owner, grams))
    grams, owner = grams[order], owner[order]
    fresh = np.ones(len(grams), bool)
    fresh[1:] = grams[1:] != grams[:-1]
    first_of_item = fresh.copy()
    first_of_item[1:] |= owner[1:] != owner[:-1]
    group = np.cumsum(fresh) - 1
    frequency = np.bincount(group, weights=first_of_item)[group]
    rarity = np.empty(len(grams), np.float32)
    rarity[order] = 1.0 - np.log(frequency) / np.log(max(items, LEAST_SETTING))
    return np.maximum(rarity, FLOOR)
