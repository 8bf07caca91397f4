"""Two texts side by side: what stands around the place where they first differ."""

from __future__ import annotations

from typing import Any, Final

from provenir.data.minhash.parts import texts_of
from provenir.data.minhash.rows import Skips, read_rows
from provenir.data.reading import Reading, Source

BEFORE: Final = 40
"""Characters that both have before the first difference."""


def excerpts(one: str, other: str, *, chars: int) -> tuple[str, str]:
    """Cut two texts so that where they first differ can be seen.

    Args:
        one: A text.
        other: Another.
        chars: Longest excerpt.

    Returns:
        Their excerpts, from the same place on; what was cut is an ellipsis.
    """
    start = max(_common(one, other) - BEFORE, 0)
    longest = max(len(one), len(other))
    if longest <= chars or start <= 1:
        start = 0
    start = min(start, max(longest - chars + 1, 0))
    return _cut(one, start, chars), _cut(other, start, chars)


def _common(one: str, other: str) -> int:
    """How many characters both texts begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _cut(text: str, start: int, chars: int) -> str:
    head = "…" if start and text else ""
    end = start + chars - len(head)
    return head + (text[start:end] if len(text) <= end else text[start : end - 1] + "…")


def read_texts(
    source: Source, rows: set[int], fields: tuple[str, ...] | None = None
) -> dict[int, str]:
    """Read some rows of a source again.

    Args:
        source: Where they come from.
        rows: Their numbers.
        fields: The only top-level fields to take.

    Returns:
        The texts of each of them, as one.
    """
    found: dict[int, str] = {}
    if rows:
        reading: Any = Reading(digest_files=False)
        for number, row in read_rows(source, reading, skips=Skips(), wanted=rows.__contains__):
            found[number] = " ".join(texts_of(row, fields))
    return found
