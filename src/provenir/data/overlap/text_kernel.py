"""Which lines of JSON plainly show a text, found without parsing them.

A string begins behind a quotation mark that a colon precedes, for inside of a string a mark stands
only behind a backslash. Where a letter follows the mark, the string is no end of another one, and
so a value that holds text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from provenir.data.overlap.compiled import jit
from provenir.data.overlap.simd import BLOCK, NONE, equal_mask, load_byte, lowest

if TYPE_CHECKING:
    from provenir.data.overlap.compiled import Array

__all__ = ["doubtful"]


@jit
def doubtful(base: Any, size: Any, found: Array) -> Any:
    """Find the lines that do not plainly show a text.

    Args:
        base: Address of whole lines, with `plain.PADDING` readable bytes behind them.
        size: How many bytes they have.
        found: int64, receives where such lines begin, as many as it has room for.

    Returns:
        How many there are.
    """
    count = 0
    begin = np.int64(0)
    at = np.int64(0)
    while begin < size:
        if not _shows_text(base, begin, size):
            if count < len(found):
                found[count] = begin
            count += 1
        at = begin
        ends = equal_mask(base, at, np.uint8(10))
        while ends == NONE and at < size:
            at += BLOCK
            ends = equal_mask(base, at, np.uint8(10))
        begin = at + lowest(ends) + 1
    return count


@jit
def _shows_text(base: Any, at: Any, size: Any) -> Any:
    """Whether a letter begins a value of the line that begins at a place."""
    while at < size:
        byte = load_byte(base, at)
        if byte == np.uint8(10):
            return False
        at += 1
        if byte != np.uint8(58):
            continue
        if load_byte(base, at) == np.uint8(32):
            at += 1
        if load_byte(base, at) == np.uint8(34):
            letter = (load_byte(base, at + 1) | np.uint8(32)) - np.uint8(97)
            if letter < 26:
                return True
    return False
