r"""Words and seeds of raw bytes in numpy: the fallback where nothing is compiled, and the oracle.

Rules, which the compiled kernels keep to the bit:

1. a word is a longest run of ASCII letters and digits; all other bytes, those of other scripts
   among them, part words;
2. in JSON, a backslash and the byte after it part words (`\n` is no letter n), and of `\u` also the
   hexadecimal digits that follow, four at most;
3. case is folded; the hash of a word takes its first and its last eight bytes and its length, so
   that some words longer than sixteen bytes share one: a scan may find too much, never too little;
4. a seed is the hash of `SEED_WORDS` consecutive words of one row. It is odd: 0 is for empty slots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from provenir.data.overlap.compiled import Array

__all__ = [
    "PADDING",
    "SEED_WORDS",
    "SLOT_SHIFT",
    "Seeds",
    "find_foreign",
    "find_seeds",
    "hash_seeds",
    "padded",
    "plain_hashes",
    "row_words",
]

PADDING: Final = 256
"""Readable bytes that a buffer needs after its last row; what they hold does not matter."""

SEED_WORDS: Final = 5
"""Consecutive words in a seed."""

WORD_MIX: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93))
SEED_MIX: Final = np.uint64(0xA0761D6478BD642F)
SEED_TURN: Final = 13
"""By how many bits each further word of a seed is rotated."""

SLOT_SHIFT: Final = 13
"""A seed shifted by this gives its slot in a table; the bits below choose those of the filter."""

CASE: Final = np.uint64(0x2020202020202020)
BACKSLASH: Final = 0x5C

_WORD_BYTES: Final = np.array(
    [code < 128 and chr(code).isalnum() for code in range(256)], dtype=np.bool_
)
_HEX_DIGITS: Final = "0123456789abcdefABCDEF"
_HEX_VALUES: Final = np.array(
    [int(chr(code), 16) if chr(code) in _HEX_DIGITS else 0xFF for code in range(256)]
)

WINDOW: Final = 64
"""Bytes within which the text of another script must be thick for a row to be called dense."""

DENSE_BYTES: Final = 8
DENSE_ESCAPES: Final = 4


class Seeds(NamedTuple):
    """The seeds of a text, in their order.

    Attributes:
        hashes: one odd uint64 for each.
        starts: int64, where its first word begins.
        ends: int64, where its last word ends (exclusive).
    """

    hashes: Array
    starts: Array
    ends: Array


def padded(text: bytes) -> Array:
    """Copy a text into an array that kernels may read beyond."""
    return np.frombuffer(text + bytes(PADDING), dtype=np.uint8)


def find_seeds(buf: Array, starts: Array, *, json: bool) -> Seeds:
    """Hash every five consecutive words of each row.

    Args:
        buf: uint8, with `PADDING` bytes after the last row.
        starts: int64[n + 1], where rows begin and the last one ends. A row ends in a byte that is
            no letter and no digit, the last row excepted.
        json: whether the rows are JSON, so that escapes part words.
    """
    lo, hi = int(starts[0]), int(starts[-1])
    begin, end = _words(buf, lo, hi, json=json)
    if len(begin) < SEED_WORDS:
        empty: Array = np.empty(0, dtype=np.int64)
        return Seeds(np.empty(0, dtype=np.uint64), empty, empty)
    words = _hash_words(buf, begin, end)
    first, last = begin[: 1 - SEED_WORDS], end[SEED_WORDS - 1 :]
    row = _row_of(begin, starts)
    whole = row[: 1 - SEED_WORDS] == row[SEED_WORDS - 1 :]
    return Seeds(hash_seeds(words)[whole], first[whole], last[whole])


def find_foreign(buf: Array, starts: Array, *, json: bool) -> tuple[Array, Array]:
    r"""Say of each row whether it has text beyond ASCII, and whether that is thick anywhere.

    Dashes, quotation marks and dots (U+2010 to U+2027, U+2030 to U+203F) are no letters of any
    script: they make a row foreign but not dense.

    Returns:
        foreign: bool, the row has a non-ASCII byte or, in JSON, a `\u` escape.
        dense: bool, within `WINDOW` consecutive bytes it has `DENSE_BYTES` non-ASCII bytes, or as
            many as `DENSE_ESCAPES` escapes.
    """
    lo, hi = int(starts[0]), int(starts[-1])
    text = np.concatenate((buf[lo:hi], np.zeros(8, dtype=np.uint8)))
    high = np.flatnonzero(text >= 0x80)
    marks = high[
        (text[high] == 0xE2) & (text[high + 1] == 0x80) & _is_mark(text[high + 2] - np.uint8(0x80))
    ]
    thick = np.setdiff1d(high, (marks[:, None] + np.arange(3)).ravel())
    rows = len(starts) - 1
    foreign: Array = np.zeros(rows, dtype=np.bool_)
    dense: Array = np.zeros(rows, dtype=np.bool_)
    foreign[_row_of(high + lo, starts)] = True
    dense[_crowded(thick + lo, DENSE_BYTES, starts)] = True
    if json:
        escaped = _escaping(text[: hi - lo]) + 1
        escapes = escaped[text[escaped] == ord("u")]
        digit = [_HEX_VALUES[text[escapes + place]] for place in range(1, 5)]
        mark = (digit[0] == 2) & (digit[1] == 0) & _is_mark(digit[2] << 4 | digit[3])
        foreign[_row_of(escapes + lo, starts)] = True
        dense[_crowded(escapes[~mark] + lo, DENSE_ESCAPES, starts)] = True
    return foreign, dense


def plain_hashes(buf: Array, begin: Array, end: Array) -> Array:
    """Hash words that stand at known places; 0 for those with other bytes than letters and digits.

    Args:
        buf: uint8, with `PADDING` bytes after the text.
        begin: int64, where each word begins.
        end: int64, where it ends.
    """
    others = np.concatenate(([0], np.cumsum(~_WORD_BYTES[buf])))
    return np.where(others[begin] == others[end], _hash_words(buf, begin, end), np.uint64(0))


def row_words(buf: Array, lo: int, hi: int) -> Array:
    """Hash the words of one JSON row."""
    begin, end = _words(buf, lo, hi, json=True)
    return _hash_words(buf, begin, end)


def _is_mark(low: Array) -> Array:
    """Whether U+2000 and the given number is a dash, a quotation mark or dots."""
    return ((low >= 0x10) & (low <= 0x27)) | ((low >= 0x30) & (low <= 0x3F))


def _row_of(positions: Array, starts: Array) -> Array:
    return np.searchsorted(starts, positions, side="right") - 1


def _crowded(positions: Array, many: int, starts: Array) -> Array:
    """The rows that have so many of the positions within a window."""
    first, last = positions[: 1 - many], positions[many - 1 :]
    row = _row_of(first, starts)
    return row[(last - first < WINDOW) & (row == _row_of(last, starts))]


def _words(buf: Array, lo: int, hi: int, *, json: bool) -> tuple[Array, Array]:
    """Where words begin and end (exclusive)."""
    inside: Array = np.zeros(hi - lo + 2, dtype=np.bool_)
    inside[1:-1] = _WORD_BYTES[buf[lo:hi]]
    if json:
        inside[1:-1] &= ~_escaped(buf[lo:hi])
    toggles: Array = np.flatnonzero(inside[1:] != inside[:-1]) + lo
    return toggles[::2], toggles[1::2]


def _escaped(text: Array) -> Array:
    r"""Which bytes follow a backslash that escapes them, or are digits of a `\u`."""
    mask: Array = np.zeros(len(text) + 6, dtype=np.bool_)
    escaped = _escaping(text) + 1
    mask[escaped] = True
    long = np.concatenate((text, np.zeros(6, dtype=np.uint8)))
    digits = escaped[long[escaped] == ord("u")]
    for _ in range(4):
        digits = digits + 1
        digits = digits[_HEX_VALUES[long[digits]] < 16]
        mask[digits] = True
    return mask[: len(text)]


def _escaping(text: Array) -> Array:
    """Where a backslash stands that no other backslash escapes."""
    slashes = np.flatnonzero(text == BACKSLASH)
    order = np.arange(len(slashes))
    begins: Array = np.ones(len(slashes), dtype=np.bool_)
    begins[1:] = np.diff(slashes) > 1
    in_run = order - np.maximum.accumulate(np.where(begins, order, 0))
    return slashes[in_run % 2 == 0]


def _hash_words(buf: Array, begin: Array, end: Array) -> Array:
    eights = np.lib.stride_tricks.as_strided(
        buf[:8].view("<u8"), shape=(len(buf) - 7,), strides=(1,), writeable=False
    )
    length = end - begin
    part = np.minimum(length, 8)
    shift = ((8 - part) * 8).astype(np.uint64)
    head = (eights[begin] | CASE) << shift
    tail = (eights[end - part] | CASE) << shift
    mixed = (head + length.astype(np.uint64)) * WORD_MIX[0]
    mixed ^= mixed >> np.uint64(29)
    mixed = (mixed ^ tail) * WORD_MIX[1]
    return mixed ^ (mixed >> np.uint64(32))


def hash_seeds(words: Array) -> Array:
    """Hash every five consecutive words, given as hashes; empty for fewer."""
    count = max(0, len(words) - SEED_WORDS + 1)
    mixed = words[:count].copy()
    for place in range(1, SEED_WORDS):
        turn = np.uint64(SEED_TURN * place)
        word = words[place : place + count]
        mixed ^= (word << turn) | (word >> (np.uint64(64) - turn))
    return mixed * SEED_MIX | np.uint64(1)
