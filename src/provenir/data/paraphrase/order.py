"""Whether two texts run parallel, and what differs where they do.

A template with another filling keeps the order of its words and replaces some; a rephrasing changes
the order throughout. So words that differ count against a pair only as far as the rest runs in the
same order. (A copy in which one word became a synonym looks the same as a filled template, and
scores as one: the n-gram rules align such copies word by word.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["common_length", "replaced"]

NOT_PARALLEL: Final = 0.4
"""Share of words in common order up to which texts are not parallel: any two reach it."""

PARALLEL: Final = 0.65
"""Share of words in common order from which texts are parallel: rephrasings seldom reach it."""

MOVED: Final = 0.5
"""What a word counts that stands in both texts, in another order."""

_MOST: Final = 3


def common_length(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the longest common subsequence; symmetric.

    Bit-parallel, one big-integer addition for each word of `one` (Hyyrö 2004, "Bit-parallel
    LCS-length computation revisited").
    """
    places: dict[str, int] = {}
    for number, word in enumerate(other):
        places[word] = places.get(word, 0) | 1 << number
    everything = (1 << len(other)) - 1
    rows = everything
    for word in one:
        met = rows & places.get(word, 0)
        rows = ((rows + met) | (rows - met)) & everything
    return len(other) - rows.bit_count()


def replaced(
    words: tuple[Sequence[str], Sequence[str]], content: tuple[Sequence[str], Sequence[str]]
) -> float:
    """Return how many content words of two parallel texts were replaced or moved; symmetric.

    Args:
        words: All words of both texts, in order, as stems or concepts.
        content: Those of them that are no function words.

    Returns:
        Between 0 and 3, a moved word counting `MOVED`; 0 where the texts are not parallel or all
        content is the same.
    """
    length = sum(map(len, words))
    if not length:
        return 0.0
    share = 2 * common_length(*words) / length
    parallel = (share - NOT_PARALLEL) / (PARALLEL - NOT_PARALLEL)
    one, other = map(set, content)
    swapped = min(len(one - other), len(other - one))
    moved = min(map(len, content)) - common_length(*content) - swapped
    return min(1.0, max(0.0, parallel)) * min(_MOST, swapped + MOVED * max(0, moved))
