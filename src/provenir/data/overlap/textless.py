"""Rows in which there is nothing to read: no string with a letter or a digit.

Nothing is found in such a row, whatever it stands for: its numbers may be the tokens of a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.data.overlap.compiled import COMPILED, address
from provenir.data.overlap.fields import field_texts

if TYPE_CHECKING:
    from collections.abc import Collection

    from provenir.data.overlap.compiled import Array

__all__ = ["doubtful_lines", "holds_text"]

_ROOM: Final = 1 << 10
"""Lines; a block with more of them that have to be parsed is looked over twice."""


def holds_text(row: dict[str, Any], fields: Collection[str] | None = None) -> bool:
    """Return whether any string of a row has a letter or a digit.

    Args:
        row: A JSON object.
        fields: Top-level names or whole paths that count; None for all of them.
    """
    texts = field_texts(row, fields, numbers=False)
    return any(character.isalnum() for text in texts for character in text.text)


def doubtful_lines(buf: Array, size: int, ends: Array) -> list[list[int]]:
    """Return where the lines begin and end of which only parsing tells whether they hold text.

    Args:
        buf: uint8, with `plain.PADDING` readable bytes after `size`.
        size: How many bytes are lines.
        ends: int64, where lines end; the last one may lack its end.
    """
    if not COMPILED:
        places = [*ends.tolist(), size]
        begins = [0, *(end + 1 for end in places)]
        return [[begin, end] for begin, end in zip(begins, places, strict=False) if begin < size]
    from provenir.data.overlap.text_kernel import doubtful

    lines: Array = np.empty((_ROOM, 2), np.int64)
    count = doubtful(address(buf), size, ends, lines)
    if count > _ROOM:
        lines = np.empty((count, 2), np.int64)
        doubtful(address(buf), size, ends, lines)
    found: list[list[int]] = lines[:count].tolist()
    return found
