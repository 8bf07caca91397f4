"""Which lines of JSON plainly show a text, found without parsing them.

A string begins behind a quotation mark that a colon precedes, for inside of a string a mark stands
only behind a backslash. Where a letter follows the mark, the string is no end of another one, and
so a value that holds text. Letters are those of ASCII, and of Cyrillic, Han and Hangul where the
first byte or two tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from provenir.data.overlap.compiled import jit
from provenir.data.overlap.simd import load_byte

if TYPE_CHECKING:
    from provenir.data.overlap.compiled import Array

__all__ = ["doubtful"]


@jit
def doubtful(base: Any, size: Any, ends: Array, found: Array) -> Any:
    """Find the lines that do not plainly show a text.

    Args:
        base: Address of whole lines, with `plain.PADDING` readable bytes behind them.
        size: How many bytes they have.
        ends: int64, where they end; the last one may lack its end.
        found: int64[:, 2], receives where such lines begin and end, as many as it has room for.

    Returns:
        How many there are.
    """
    count = 0
    begin = np.int64(0)
    for line in range(len(ends) + 1):
        end = ends[line] if line < len(ends) else size
        if begin < size and not _shows_text(base, begin, size):
            if count < len(found):
                found[count, 0], found[count, 1] = begin, end
            count += 1
        begin = end + 1
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
        quoted = load_byte(base, at) == np.uint8(34)
        if quoted and _is_letter(load_byte(base, at + 1), load_byte(base, at + 2)):
            return True
    return False


@jit
def _is_letter(first: Any, second: Any) -> Any:
    """Whether a letter begins with these two bytes; for many it is not told."""
    if (first | np.uint8(32)) - np.uint8(97) < 26 or 0xD0 <= first <= 0xD1:
        return True
    if first == 0xE4:  # from U+4E00 on
        return second >= 0xB8
    return 0xE5 <= first <= 0xE8 or 0xEB <= first <= 0xEC
