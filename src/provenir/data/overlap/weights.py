"""How much each word of an eval item says: how rare it is, and how rare its phrase.

Rarity is counted over the distinct items of all eval sets of an index (Spärck Jones 1972, "A
statistical interpretation of term specificity"): 1 for what one item has, next to nothing for what
all have. A word weighs the rarity of the commonest trigram that covers it, so that an instruction
which every item shares weighs next to nothing word for word, times a part of its own rarity, so
that words of grammar weigh less than names. An item that stands several times counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LEAST_SETTING", "word_weights"]

LEAST_SETTING: Final = 30
"""Items that a set is taken to have at least: in a set of three a phrase of two is no boilerplate.
"""
WORD_BASE: Final = 0.3
"""Of its phrase's rarity, what a word keeps that every item has."""
FLOOR: Final = 0.02
"""Weight of a word that every item has; above 0 so that an item of nothing else has a mass."""
_K1: Final = np.uint64(0x9E3779B97F4A7C15)
_K2: Final = np.uint64(0xC2B2AE3D27D4EB4F)


def word_weights(words: NDArray[Any], bounds: NDArray[Any]) -> NDArray[Any]:
    """Return the weight of each word, from `FLOOR` to 1.

    Args:
        words: uint64, the word hashes of the distinct items, one after the other.
        bounds: int64[n + 1], where each item's words begin.

    Returns:
        float32, as long as `words`.
    """
    items = len(bounds) - 1
    weights: NDArray[Any] = np.ones(len(words), np.float32)
    if len(words) < 3:
        return weights
    with np.errstate(over="ignore"):
        grams = (words[:-2] * _K1 ^ words[1:-1]) * _K2 ^ (words[1:-1] * _K2 ^ words[2:]) * _K1
    owner: NDArray[Any] = np.repeat(np.arange(items), np.diff(bounds))
    inside = owner[:-2] == owner[2:]
    rarity: NDArray[Any] = np.ones(len(grams), np.float32)
    rarity[inside] = _rarity(grams[inside], owner[:-2][inside], items)
    for shift in range(3):
        part = weights[shift : shift + len(rarity)]
        np.minimum(part, rarity, out=part)
    return weights * (WORD_BASE + (1 - WORD_BASE) * _rarity(words, owner, items))


def _rarity(grams: NDArray[Any], owner: NDArray[Any], items: int) -> NDArray[Any]:
    """1 for a gram that one item has, down to `FLOOR` for one that all have."""
    order = np.lexsort((owner, grams))
    grams, owner = grams[order], owner[order]
    fresh: NDArray[Any] = np.ones(len(grams), bool)
    fresh[1:] = grams[1:] != grams[:-1]
    first_of_item = fresh.copy()
    first_of_item[1:] |= owner[1:] != owner[:-1]
    group = np.cumsum(fresh) - 1
    frequency = np.bincount(group, weights=first_of_item)[group]
    rarity: NDArray[Any] = np.empty(len(grams), np.float32)
    rarity[order] = 1.0 - np.log(frequency) / np.log(max(items, LEAST_SETTING))
    return np.maximum(rarity, FLOOR)
