r"""The words of single JSON rows, hashed as `scan_kernel` hashes those of a block.

A row is *plain* where these words are those that `data.text` makes of its texts: where it has
nothing beyond ASCII, escaped or not, but what parts words, and no word that a hyphen carries over
the end of a line.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from provenir.data.overlap.compiled import jit
from provenir.data.overlap.lanes import LANES, hash_eight_words
from provenir.data.overlap.scan_kernel import find_words
from provenir.data.overlap.simd import (
    ALL,
    NONE,
    ONE,
    U,
    equal_mask,
    load_byte,
    load_word,
    lowest,
    range_mask,
    store_word,
)


@jit
def hash_rows(
    base: Any,
    los: Any,
    his: Any,
    parting: Any,
    space: Any,
    spots: Any,
    words: Any,
    edges: Any,
    plain: Any,
) -> None:
    """Hash the words of plain rows; those of others are left out.

    Args:
        base: address of the text.
        los: int64, where each row begins.
        his: int64, where it ends.
        parting: bool for each code point below 0x10000: see `tokens.parting_points`.
        space: address of `scan_kernel.WORKSPACE` numbers.
        spots: int64[:, 3], room for what `find_words` notes of the longest row.
        words: address of room for the hashes, and for `LANES` more numbers.
        edges: int64[rows + 1], filled: where each row's words begin.
        plain: bool for each row, filled.
    """
    found = 0
    for row in range(len(los)):
        edges[row] = found
        plain[row] = _is_plain(base, los[row], his[row], parting)
        if plain[row]:
            out = words + U(8) * U(found)
            found += _hash_row(base, los[row], his[row], space, spots, out)
    edges[len(los)] = found


@jit
def _hash_row(base: Any, lo: Any, hi: Any, space: Any, spots: Any, out: Any) -> Any:
    """Hash the words of a row and return how many there are."""
    carry = (NONE, NONE, NONE)
    count, found, at = 0, 0, lo
    while at < hi:
        at, count, _, carry = find_words(base, at, hi, True, space, count, carry, spots, 0)
        if at >= hi and carry[0] != NONE:
            store_word(space, count * 8, U(hi))
            count += 1
        total = count // 2
        for place in range(0, total, LANES):
            hash_eight_words(base, space, out + U(8 * found), place, total - place)
        found += total
        if count % 2 == 1:
            store_word(space, 0, load_word(space, (count - 1) * 8))
        count %= 2
    return found


@jit
def _is_plain(base: Any, lo: Any, hi: Any, parting: Any) -> Any:
    """Whether a row is plain; some that are may be taken for others."""
    slash_carry, skip = NONE, lo
    for at in range(lo, hi, 64):
        valid = ALL if hi - at >= 64 else (ONE << U(hi - at)) - ONE
        slashes = equal_mask(base, at, np.uint8(92)) & valid
        codes = ((slashes << ONE) | slash_carry) & valid
        slash_carry = slashes >> U(63)
        if codes != NONE:
            codes &= equal_mask(base, at, np.uint8(117))
        while codes != NONE:
            point = _hexadecimal(base, at + lowest(codes) + 1)
            if point < 0 or not parting[point]:
                return False
            codes &= codes - ONE
        high = range_mask(base, at, np.uint8(128), np.uint8(255)) & valid
        while high != NONE:
            place = at + lowest(high)
            high &= high - ONE
            if place >= skip:
                point, skip = _code_point(base, place)
                if not parting[point]:
                    return False
        hyphens = equal_mask(base, at, np.uint8(45)) & valid
        while hyphens != NONE:
            if _may_join(base, at + lowest(hyphens)):
                return False
            hyphens &= hyphens - ONE
    return True


@jit
def _hexadecimal(base: Any, at: Any) -> Any:
    """The value of four hexadecimal digits, -1 where there are others."""
    value = np.int64(0)
    for place in range(at, at + 4):
        byte = np.int64(load_byte(base, place))
        folded = byte | 0x20
        if 48 <= byte <= 57:
            value = value << 4 | byte - 48
        elif 97 <= folded <= 102:
            value = value << 4 | folded - 87
        else:
            return np.int64(-1)
    return value


@jit
def _code_point(base: Any, at: Any) -> Any:
    """The code point of two or three bytes and the place behind it; a letter for all others."""
    lead, second = np.int64(load_byte(base, at)), np.int64(load_byte(base, at + 1)) & 0x3F
    if 0xC2 <= lead < 0xE0:
        return (lead & 0x1F) << 6 | second, at + 2
    if 0xE0 <= lead < 0xF0:
        third = np.int64(load_byte(base, at + 2)) & 0x3F
        return (lead & 0x0F) << 12 | second << 6 | third, at + 3
    return np.int64(0x61), at + 1


@jit
def _may_join(base: Any, hyphen: Any) -> Any:
    """Whether a hyphen may carry a word over a line end, or over what is beyond ASCII."""
    before = load_byte(base, hyphen - 1)
    letter = (before | np.uint8(0x20)) - np.uint8(97)
    if letter > np.uint8(25) and before - np.uint8(48) > np.uint8(9) and before < np.uint8(128):
        return False
    at = hyphen + 1
    while True:
        byte, mark = load_byte(base, at), load_byte(base, at + 1)
        if byte == np.uint8(32):
            at += 1
        elif byte == np.uint8(92) and mark == np.uint8(116):
            at += 2
        else:
            break
    if byte == np.uint8(92):
        return mark == np.uint8(110) or mark == np.uint8(114) or mark == np.uint8(117)
    return byte >= np.uint8(128)
