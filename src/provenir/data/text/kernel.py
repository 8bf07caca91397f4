r"""The kernel that reads words from bytes: UTF-8 or JSON text in, hashes and places out.

It follows `words` symbol by symbol; the property tests compare the two. Text comes as rows of one
buffer. A call fills the output arrays as far as they go and leaves where it stands in `state`, so
that the longest row needs no more memory than the shortest.

In JSON the escapes are read as what they stand for (RFC 8259, section 7): a pair of `\u` surrogates
is one code point, a lone one ends the word, and so does an escape that JSON does not have. What is
not in a string, and the quotation marks themselves, are characters like others.

Every function that a kernel calls stands in this module: the machine code on disk holds them all,
and is renewed when this file changes.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from provenir.data.compiled import Array, jit
from provenir.data.text import hashing
from provenir.data.text.folding import Kind

__all__ = ["ROOM", "STATE_SIZE", "machine", "read_words"]

STATE_SIZE: Final = 8
ROOM: Final = 32
"""Free places that one character may need: more than any has symbols."""

START: Final = np.uint64(hashing.START)
STEP: Final = np.uint64(hashing.STEP)
FINISH: Final = np.uint64(hashing.FINISH)
TURN_1: Final = np.uint64(32)
TURN_2: Final = np.uint64(29)

SEVERAL: Final = int(Kind.SEVERAL)
NO_CHAR: Final = 0xD800  # a lone surrogate: it ends words, as every byte that is no text does
BACKSLASH, BLANK = 0x5C, 0x20

# Between two symbols: no word is open; one of a script without spaces is; a word is; after its
# letters came a soft hyphen, a hyphen, or a hyphen and a line break; a syllable's initial consonant
# stands; its vowel too.
OUT, IN_SOLO, IN_WORD, AFTER_SOFT, AFTER_HYPHEN, NEXT_LINE, AFTER_INITIAL, AFTER_VOWEL = range(8)
CLOSE, OPEN, TAKE = 8, 16, 32


def machine() -> Array:
    """What a symbol does: at ``state << 4 | kind``, the next state and what to do on the way.

    `CLOSE` ends the open word before the symbol, `OPEN` begins one with it, `TAKE` adds it.
    """
    table: Array = np.zeros(8 << 4, np.uint8)
    for state in range(8):
        closes = 0 if state == OUT else CLOSE
        row = table[state << 4 : (state + 1) << 4]
        row[:] = OUT | closes
        row[Kind.DROP] = state
        row[Kind.SOFT_HYPHEN] = state
        row[[Kind.SOLO, Kind.VOWEL, Kind.FINAL]] = IN_SOLO | closes | OPEN | TAKE
        row[Kind.INITIAL] = AFTER_INITIAL | closes | OPEN | TAKE
        row[Kind.WORD] = IN_WORD | closes | OPEN | TAKE
        if state in (IN_WORD, AFTER_SOFT, NEXT_LINE):
            row[Kind.WORD] = IN_WORD | TAKE
    for state, kind, after in (
        (IN_WORD, Kind.SOFT_HYPHEN, AFTER_SOFT),
        (IN_WORD, Kind.HYPHEN, AFTER_HYPHEN),
        (AFTER_SOFT, Kind.SPACE, AFTER_HYPHEN),
        (AFTER_SOFT, Kind.NEWLINE, NEXT_LINE),
        (AFTER_HYPHEN, Kind.SPACE, AFTER_HYPHEN),
        (AFTER_HYPHEN, Kind.NEWLINE, NEXT_LINE),
        (NEXT_LINE, Kind.SPACE, NEXT_LINE),
    ):
        table[state << 4 | kind] = after
    table[AFTER_INITIAL << 4 | Kind.VOWEL] = AFTER_VOWEL | TAKE
    table[AFTER_VOWEL << 4 | Kind.FINAL] = IN_SOLO | TAKE
    return table


@jit
def _utf8(buf: Array, pos: Any, hi: Any) -> tuple[Any, Any]:
    """The code point at a place and the place after it (RFC 3629, section 4)."""
    lead = np.int64(buf[pos])
    if lead < 0x80:
        return lead, pos + 1
    if lead < 0xC2 or lead > 0xF4:
        return NO_CHAR, pos + 1
    more = 1 + (lead >= 0xE0) + (lead >= 0xF0)
    if pos + more >= hi:
        return NO_CHAR, pos + 1
    point = lead & (0x3F >> more)
    for k in range(1, more + 1):
        byte = np.int64(buf[pos + k])
        if byte & 0xC0 != 0x80:
            return NO_CHAR, pos + 1
        point = point << 6 | byte & 0x3F
    if (more == 2 and (point < 0x800 or point & 0xF800 == 0xD800)) or (
        more == 3 and (point < 0x10000 or point > 0x10FFFF)
    ):
        return NO_CHAR, pos + 1
    return point, pos + more + 1


@jit
def _hex4(buf: Array, pos: Any, hi: Any) -> tuple[Any, Any]:
    """The value of four hexadecimal digits, or -1, and the place after those that are some."""
    value = 0
    digit: Any
    for k in range(4):
        byte = np.int64(buf[pos + k]) if pos + k < hi else 0
        if 0x30 <= byte <= 0x39:
            digit = byte - 0x30
        elif 0x61 <= byte | 0x20 <= 0x66:
            digit = (byte | 0x20) - 0x57
        else:
            return -1, pos + k
        value = value << 4 | digit
    return value, pos + 4


@jit
def _escape(buf: Array, pos: Any, hi: Any) -> tuple[Any, Any]:
    """The code point that the escape at a place stands for, and the place after it."""
    if pos + 1 >= hi:
        return BACKSLASH, pos + 1
    mark = np.int64(buf[pos + 1])
    if mark == 0x75:
        point, after = _hex4(buf, pos + 2, hi)
        paired = point & 0xFC00 == 0xD800 and after + 1 < hi and buf[after] == BACKSLASH
        if paired and buf[after + 1] == 0x75:
            low, end = _hex4(buf, after + 2, hi)
            if low & 0xFC00 == 0xDC00:
                return 0x10000 + ((point & 0x3FF) << 10 | low & 0x3FF), end
        return point if point >= 0 else NO_CHAR, after
    if mark == 0x6E:
        return 0x0A, pos + 2
    if mark == 0x74:
        return 0x09, pos + 2
    if mark == 0x72:
        return 0x0D, pos + 2
    return NO_CHAR, pos + 2


@jit
def read_words(
    buf: Array,
    rows: tuple[Array, Array],
    json: bool,
    fold: tuple[Array, ...],
    state: Array,
    mixed: Array,
    out: tuple[Array, ...],
) -> int:
    """Read the words of rows until the rows or the free places are used up.

    Args:
        buf: uint8, the text of all rows.
        rows: int64 arrays: where each row begins, and where it ends.
        json: whether backslashes escape.
        fold: the arrays of `tokens.fold_arrays`.
        state: int64[STATE_SIZE], zero before the first call; when `state[0]` is the number of
            rows, all is read.
        mixed: uint64[1], the hash of the open word so far.
        out: hashes (uint64), starts and ends (int32, in the buffer), numbers of rows (int32), of
            equal lengths above `ROOM`.

    Returns:
        How many words there are in `out`.
    """
    pages, entries, extra, letters, acts = fold
    los, his = rows
    hashes, starts, ends, numbers = out
    row, pos, inside, first, last = state[0], state[1], state[2], state[3], state[4]
    value, count, full = mixed[0], 0, len(hashes) - ROOM
    while row < len(los) and count < full:
        pos, hi = max(pos, los[row]), his[row]
        while pos < hi and count < full:
            letter = letters[buf[pos]]
            # The shortcut for what most text consists of; the machine below would do the same.
            if letter and inside in (OUT, IN_WORD):
                if inside == OUT:
                    value, first, inside = START, pos, IN_WORD
                while letter:
                    value = (value ^ np.uint64(letter)) * STEP
                    pos += 1
                    letter = letters[buf[pos]] if pos < hi else np.uint8(0)
                last = pos
                if pos < hi and buf[pos] == BLANK:
                    value = (value ^ (value >> TURN_1)) * FINISH
                    hashes[count] = value ^ (value >> TURN_2)
                    starts[count], ends[count], numbers[count] = first, last, row
                    count, inside, pos = count + 1, OUT, pos + 1
                continue
            if json and buf[pos] == BACKSLASH:
                point, after = _escape(buf, pos, hi)
            else:
                point, after = _utf8(buf, pos, hi)
            entry = np.int64(entries[np.int64(pages[point >> 8]) << 8 | point & 255])
            place = entry >> 4 if entry & 15 == SEVERAL else 0
            left = np.int64(extra[place]) if place else 1
            while left:
                if place:
                    place += 1
                    entry = np.int64(extra[place])
                act = acts[inside << 4 | entry & 15]
                if act & CLOSE:
                    value = (value ^ (value >> TURN_1)) * FINISH
                    hashes[count] = value ^ (value >> TURN_2)
                    starts[count], ends[count], numbers[count] = first, last, row
                    count += 1
                if act & OPEN:
                    value, first = START, pos
                if act & TAKE:
                    value = (value ^ np.uint64(entry >> 4 if entry >> 4 else point)) * STEP
                    last = after
                inside = np.int64(act & 7)
                left -= 1
            pos = after
        if pos >= hi:
            if inside != OUT:
                value = (value ^ (value >> TURN_1)) * FINISH
                hashes[count] = value ^ (value >> TURN_2)
                starts[count], ends[count], numbers[count] = first, last, row
                count += 1
            inside, pos, row = OUT, 0, row + 1
    state[0], state[1], state[2], state[3], state[4] = row, pos, inside, first, last
    mixed[0] = value
    return count
