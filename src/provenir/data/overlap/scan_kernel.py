r"""The scan of `scan` compiled: raw bytes to seeds of the table, and to what is beyond ASCII.

It goes over the block in pieces small enough for the first-level cache:

1. masks of letters and digits, escapes taken out, and from them the places where words begin and
   end;
2. a hash for each word from two loads of eight bytes, eight words at a time;
3. a hash for each five words, looked up in the bit filter, eight at a time;
4. the few that pass are looked up in the table.

Whatever the table and the text are comes as an address, so that arrays of any kind, mapped files
among them, share the code on disk.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from provenir.data.overlap.compiled import jit
from provenir.data.overlap.lanes import (
    LANES,
    append_places,
    filter_eight_seeds,
    hash_eight_seeds,
    hash_eight_words,
)
from provenir.data.overlap.plain import SEED_WORDS, SLOT_SHIFT
from provenir.data.overlap.simd import (
    NONE,
    ONE,
    U,
    alphanumeric_mask,
    code_digits,
    equal_mask,
    escaped,
    load_half,
    load_word,
    lowest,
    range_mask,
    store_word,
)

_PIECE: Final = 4096
"""Begins and ends of words that are hashed together."""

_KEPT: Final = SEED_WORDS - 1
"""Words of a piece that the next one begins with."""

_TOGGLES: Final = _PIECE + 64 + 2 * SEED_WORDS + 2 * LANES
_WORDS: Final = _TOGGLES // 2 + 2 * LANES
WORKSPACE: Final = _TOGGLES + 3 * _WORDS
"""Numbers of eight bytes that the scan needs to work in."""

_SLOT_SHIFT: Final = U(SLOT_SHIFT)


@jit
def find_hits(
    base: Any, lo: Any, hi: Any, json: Any, table: Any, space: Any, hits: Any, spots: Any
) -> Any:
    """Find seeds that are in a table, and blocks with text beyond ASCII.

    Args:
        base: address of the text.
        lo: where the scan begins.
        hi: where it ends.
        json: whether escapes part words.
        table: address of the filter, by how much a seed is shifted for it, address of the slots,
            their mask, address of the numbers.
        space: address of `WORKSPACE` numbers.
        hits: int64[:, 3], filled as far as there is room: number, begin, end.
        spots: int64[:, 3], filled: offset of a block of 64 bytes, where it has bytes from 0x80 on,
            where it has the `u` of an escape.

    Returns:
        How many hits there are, and how many spots.
    """
    words = space + U(8 * _TOGGLES)
    seeds = words + U(8 * _WORDS)
    passed = seeds + U(8 * _WORDS)
    carry = (NONE, NONE, NONE)
    count, kept, spot, found = 0, 0, 0, 0
    at = lo
    while at < hi:
        at, count, spot, carry = find_words(base, at, hi, json, space, count, carry, spots, spot)
        if at >= hi and carry[0] != NONE:
            store_word(space, count * 8, U(hi))
            count += 1
        total = count // 2
        for place in range(kept, total, LANES):
            hash_eight_words(base, space, words, place, total - place)
        if total < SEED_WORDS:
            kept = total
            continue
        many = _hash_seeds(words, seeds, total - _KEPT, table, passed)
        found = _look_up(seeds, passed, many, space, table, hits, found)
        kept = _KEPT
        count = _keep_last(space, count, words, total)
    return found, spot


@jit
def hash_text(base: Any, size: Any, space: Any, out: Any) -> Any:
    """Hash every five words of a plain text.

    Args:
        base: address of the text.
        size: its bytes.
        space: address of `WORKSPACE` numbers.
        out: address of room for the seeds, and for `LANES` more numbers.

    Returns:
        How many seeds there are.
    """
    words = space + U(8 * _TOGGLES)
    spots = np.empty((size // 64 + 1, 3), np.int64)
    carry = (NONE, NONE, NONE)
    count, kept, found, at = 0, 0, 0, 0
    while at < size:
        at, count, _, carry = find_words(base, at, size, False, space, count, carry, spots, 0)
        if at >= size and carry[0] != NONE:
            store_word(space, count * 8, U(size))
            count += 1
        total = count // 2
        for place in range(kept, total, LANES):
            hash_eight_words(base, space, words, place, total - place)
        if total < SEED_WORDS:
            kept = total
            continue
        for place in range(0, total - _KEPT, LANES):
            hash_eight_seeds(words, out + U(8 * found), place)
        found += total - _KEPT
        kept = _KEPT
        count = _keep_last(space, count, words, total)
    return found


@jit
def _keep_last(toggles: Any, count: Any, words: Any, total: Any) -> Any:
    """Move the last words to the front, and the begin of one that has not ended."""
    first = total - _KEPT
    for place in range(_KEPT):
        store_word(words, place * 8, load_word(words, (first + place) * 8))
    for place in range(count - 2 * first):
        store_word(toggles, place * 8, load_word(toggles, (2 * first + place) * 8))
    return count - 2 * first


@jit
def find_words(
    base: Any,
    at: Any,
    hi: Any,
    json: Any,
    toggles: Any,
    count: Any,
    carry: Any,
    spots: Any,
    spot: Any,
) -> Any:
    """Append where words begin and end until a piece is full or the block at its end."""
    last, slash_carry, code_carry = carry
    while at < hi and count < _PIECE:
        mask = alphanumeric_mask(base, at, np.uint8(122))
        high = range_mask(base, at, np.uint8(128), np.uint8(255))
        codes = NONE
        if json:
            slashes = equal_mask(base, at, np.uint8(92))
            if (slashes | slash_carry | code_carry) != NONE:
                places, _, slash_carry = escaped(slashes, slash_carry)
                codes = places & equal_mask(base, at, np.uint8(117))
                mask &= ~places
                if (codes | code_carry) != NONE:
                    digit = alphanumeric_mask(base, at, np.uint8(102))
                    _, digits, _, code_carry = code_digits(codes, digit, code_carry)
                    mask &= ~digits
        if hi - at < 64:
            valid = (ONE << U(hi - at)) - ONE
            mask, high, codes = mask & valid, high & valid, codes & valid
        if (high | codes) != NONE:
            spots[spot, 0] = at
            spots[spot, 1] = np.int64(high)
            spots[spot, 2] = np.int64(codes)
            spot += 1
        edges = mask ^ ((mask << ONE) | last)
        last = mask >> U(63)
        count = append_places(toggles, count, at, edges)
        at += 64
    return at, count, spot, (last, slash_carry, code_carry)


@jit
def _hash_seeds(words: Any, seeds: Any, count: Any, table: Any, passed: Any) -> Any:
    """Hash every five words; list those that pass the filter and return how many they are."""
    many = 0
    for first in range(0, count, LANES):
        hash_eight_seeds(words, seeds, first)
        mask = filter_eight_seeds(seeds, first, table[0], table[1])
        if count - first < LANES:
            mask &= (ONE << U(count - first)) - ONE
        while mask != NONE:
            store_word(passed, many * 8, U(first + lowest(mask)))
            many += 1
            mask &= mask - ONE
    return many


@jit
def _look_up(
    seeds: Any, passed: Any, many: Any, toggles: Any, table: Any, hits: Any, found: Any
) -> Any:
    """Append the seeds that are in the table; return how many hits there are now."""
    _, _, slots, slot_mask, numbers = table
    for place in range(many):
        word = np.int64(load_word(passed, place * 8))
        seed = load_word(seeds, word * 8)
        slot = (seed >> _SLOT_SHIFT) & slot_mask
        held = load_word(slots, np.int64(slot) * 8)
        while held != seed and held != NONE:
            slot = (slot + ONE) & slot_mask
            held = load_word(slots, np.int64(slot) * 8)
        if held == NONE:
            continue
        if found < len(hits):
            hits[found, 0] = load_half(numbers, np.int64(slot) * 4)
            hits[found, 1] = load_word(toggles, 16 * word)
            hits[found, 2] = load_word(toggles, 16 * (word + _KEPT) + 8)
        found += 1
    return found
