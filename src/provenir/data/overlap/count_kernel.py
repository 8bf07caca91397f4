"""From the hits of a scan to pairs of a row and an item, and to the rows in other scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.data.overlap.compiled import jit
from provenir.data.overlap.plain import DENSE_BYTES, DENSE_ESCAPES, WINDOW
from provenir.data.overlap.simd import NONE, ONE, U, load_byte, load_half, load_word, lowest

if TYPE_CHECKING:
    from provenir.data.overlap.compiled import Array

ROW, ITEM, SEEDS, FIRST, LAST = range(5)
"""Columns of a pair."""

_SCATTER: Final = U(0x9E3779B97F4A7C15)
_LONG_AGO: Final = -(2 * WINDOW)


@jit
def count_pairs(hits: Any, many: Any, starts: Any, postings: Any, places: Any, pairs: Any) -> Any:
    """Count the distinct seeds of each item in each row; keep the pairs that have enough.

    Args:
        hits: int64[:, 3], number, begin and end of each seed found, in the order of the text.
        many: how many there are.
        starts: int64, where rows begin and the last one ends.
        postings: addresses of `bounds` and `items` of the table, and of how many distinct seeds of
            each item are enough (int32).
        places: int64, for each item: where in `pairs` it was last counted; -1 at first.
        pairs: int64[:, 5], filled: see `ROW` and what follows.

    Returns:
        How many pairs there are; -1 where they do not fit.
    """
    bounds, items, needed = postings
    size = 64
    while size < 2 * many:
        size *= 2
    seen: Array = np.zeros(size, np.uint64)
    row, done, used = 0, 0, 0
    for hit in range(many):
        begin, end = hits[hit, 1], hits[hit, 2]
        if starts[row + 1] <= begin:
            used = _keep_enough(pairs, done, used, needed)
            done = used
            while starts[row + 1] <= begin:
                row += 1
        if end > starts[row + 1]:
            continue
        number = hits[hit, 0]
        new = _is_new(seen, U(row) << U(32) | U(number))
        low = np.int64(load_word(bounds, number * 8))
        high = np.int64(load_word(bounds, number * 8 + 8))
        for posting in range(low, high):
            item = np.int64(load_half(items, posting * 4))
            place = places[item]
            if place < done or place >= used or pairs[place, ITEM] != item:
                if used == len(pairs):
                    return -1
                place = used
                used += 1
                places[item] = place
                pairs[place, ROW] = row
                pairs[place, ITEM] = item
                pairs[place, SEEDS] = 0
                pairs[place, FIRST] = begin
            pairs[place, SEEDS] += new
            pairs[place, LAST] = end
    return _keep_enough(pairs, done, used, needed)


@jit
def _is_new(seen: Any, key: Any) -> Any:
    """Put a key into a table; 1 where it was not there, 0 where it was."""
    mask = U(len(seen) - 1)
    key += ONE
    slot = (key * _SCATTER >> U(32)) & mask
    while seen[slot] != NONE:
        if seen[slot] == key:
            return 0
        slot = (slot + ONE) & mask
    seen[slot] = key
    return 1


@jit
def _keep_enough(pairs: Any, done: Any, used: Any, needed: Any) -> Any:
    """Drop the pairs of the last row that have too few seeds; return how many pairs are left."""
    left = done
    for place in range(done, used):
        if pairs[place, SEEDS] >= np.int64(load_half(needed, pairs[place, ITEM] * 4)):
            for column in range(5):
                pairs[left, column] = pairs[place, column]
            left += 1
    return left


@jit
def mark_rows(
    base: Any, hi: Any, spots: Any, many: Any, starts: Any, foreign: Any, dense: Any
) -> None:
    """Set for each row whether it is foreign, and whether it is dense (see `plain`).

    Args:
        base: address of the text.
        hi: where it ends.
        spots: int64[:, 3], blocks with bytes from 0x80 on, or with the `u` of an escape.
        many: how many there are.
        starts: int64, where rows begin and the last one ends.
        foreign: bool for each row, false at first.
        dense: bool for each row, false at first.
    """
    recent_bytes: Array = np.full(DENSE_BYTES, _LONG_AGO, np.int64)
    recent_codes: Array = np.full(DENSE_ESCAPES, _LONG_AGO, np.int64)
    bytes_seen, codes_seen, row, skip = 0, 0, 0, 0
    for spot in range(many):
        at, high, codes = spots[spot, 0], U(spots[spot, 1]), U(spots[spot, 2])
        if dense[row] and at + 64 <= starts[row + 1]:
            continue
        left = high | codes
        while left != NONE:
            bit = left & (~left + ONE)
            left ^= bit
            place = at + lowest(bit)
            if starts[row + 1] <= place:
                recent_bytes[:] = _LONG_AGO
                recent_codes[:] = _LONG_AGO
                while starts[row + 1] <= place:
                    row += 1
            foreign[row] = True
            if (codes & bit) != NONE:
                if not _is_mark_code(base, place, hi):
                    last = codes_seen % DENSE_ESCAPES
                    codes_seen += 1
                    recent_codes[last] = place
                    dense[row] |= place - recent_codes[codes_seen % DENSE_ESCAPES] < WINDOW
            elif place >= skip:
                if _is_mark(base, place, hi):
                    skip = place + 3
                    continue
                last = bytes_seen % DENSE_BYTES
                bytes_seen += 1
                recent_bytes[last] = place
                dense[row] |= place - recent_bytes[bytes_seen % DENSE_BYTES] < WINDOW


@jit
def _is_mark(base: Any, place: Any, hi: Any) -> Any:
    """Whether U+2010 to U+2027 or U+2030 to U+203F stands at a place."""
    last = load_byte(base, place + 2)
    return (
        place + 2 < hi
        and load_byte(base, place) == np.uint8(0xE2)
        and load_byte(base, place + 1) == np.uint8(0x80)
        and (
            (last >= np.uint8(0x90) and last <= np.uint8(0xA7))
            or (last >= np.uint8(0xB0) and last <= np.uint8(0xBF))
        )
    )


@jit
def _is_mark_code(base: Any, place: Any, hi: Any) -> Any:
    """Whether the escape whose `u` is at a place is of such a character."""
    third, fourth = load_byte(base, place + 3), load_byte(base, place + 4)
    folded = fourth | np.uint8(0x20)
    octal = fourth >= np.uint8(48) and fourth <= np.uint8(55)
    hexadecimal = (fourth >= np.uint8(48) and fourth <= np.uint8(57)) or (
        folded >= np.uint8(97) and folded <= np.uint8(102)
    )
    return (
        place + 4 < hi
        and load_byte(base, place + 1) == np.uint8(50)
        and load_byte(base, place + 2) == np.uint8(48)
        and (
            (third == np.uint8(50) and octal)
            or ((third == np.uint8(49) or third == np.uint8(51)) and hexadecimal)
        )
    )
