"""What a pair of a row and an item is worth, and what a scan hands back.

A pair's score is the cosine of window and item, lowered where the facts contradict::

    score = max(0, cosine) * NUMBERS**numbers * NAMES**names * POLES**poles * ASKED**asked
            * REPLACED**replaced * min(1, fullness / FULL)

The five constants and the threshold were chosen on the ``tune`` half of
``benchmarks/contamination/paraphrases``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from provenir.data.paraphrase.facts import Conflict

__all__ = [
    "ASKED",
    "FULL",
    "NAMES",
    "NUMBERS",
    "POLES",
    "REPLACED",
    "ParaphrasePair",
    "ParaphraseScan",
    "score_of",
]

NUMBERS: Final = 0.4
"""What is left of a score for each number that differs."""

NAMES: Final = 0.6
"""What is left of a score for each name that differs."""

POLES: Final = 0.7
"""What is left of a score for each pair of opposites of which the texts take different sides."""

ASKED: Final = 0.7
"""What is left of a score where the texts ask for things of different kinds."""

REPLACED: Final = 0.4
"""What is left of a score for each content word that differs between parallel texts."""

FULL: Final = 0.5
"""Share of an item's words that a window must have at least to say all of it."""


def score_of(cosine: float, conflict: Conflict, fullness: float = 1.0) -> float:
    """Return the score of a pair, between 0 and 1.

    Args:
        cosine: Of the vectors of window and item.
        conflict: What contradicts between them.
        fullness: Words of the window for each word of the item; below `FULL` the score is lower in
            proportion, because a text that short leaves out what the item says.
    """
    factor: float = (
        NUMBERS**conflict.numbers
        * NAMES**conflict.names
        * POLES**conflict.poles
        * ASKED**conflict.asked
        * REPLACED**conflict.replaced
    )
    return min(1.0, max(0.0, cosine) * factor * min(1.0, fullness / FULL))


@dataclass(frozen=True, slots=True)
class ParaphrasePair:
    """A row that holds a rephrasing of an item.

    Attributes:
        row: Number of the row, from 0, in the order read.
        item: Number of the item.
        score: Between the threshold and 1.
        cosine: What the embedder said, of the best window.
        conflict: What contradicts between that window and the item.
        start: First character of that window in the row.
        end: The character behind its last.
    """

    row: int
    item: int
    score: float
    cosine: float
    conflict: Conflict
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParaphraseScan:
    """What a scan found and what it looked at.

    Attributes:
        pairs: The pairs in the order of the rows, the best of a row first.
        embedder: Its name.
        threshold: Least score of a pair.
        rows: Rows that were examined.
        empty_rows: Rows without a word or number to compare; not examined.
        items: Items that were examined.
        short_items: Numbers of the items that were not examined, being too short.
        windows: Windows that were embedded.
    """

    pairs: tuple[ParaphrasePair, ...]
    embedder: str
    threshold: float
    rows: int
    empty_rows: int
    items: int
    short_items: tuple[int, ...]
    windows: int
