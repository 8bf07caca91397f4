"""Text beyond ASCII in the plain fold of `provenir.data.text.folding`, as bytes of words.

What is ASCII stays as it is. Of the rest, letters become those that stand for them, in UTF-8; a
letter that is a word of its own gets full stops around it; and what parts words becomes one byte
that does. A soft hyphen becomes `SOFT_HYPHEN`, which stands in no UTF-8, for `parts` to pass over.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Final

import numpy as np

from provenir.data.overlap.compiled import COMPILED, jit
from provenir.data.text.folding import (
    PAGE,
    PLAIN_KINDS,
    Kind,
    Stored,
    fold_table,
    plain_fold,
)

SOFT_HYPHEN: Final = b"\xfe"
MOST_BYTES: Final = 256
"""No code point becomes more bytes."""

_SPELLED: Final = {
    Kind.BREAK: ".",
    Kind.DROP: "",
    Kind.HYPHEN: "-",
    Kind.SOFT_HYPHEN: "\ufdd2",
    Kind.SPACE: " ",
    Kind.NEWLINE: "\n",
}
# Noncharacters: in a text they are breaks, so none but ours stands in what is spelled.
_AFTER_SOLO: Final = "\ufdd0"
_AFTER_INITIAL: Final = "\ufdd1"
_VOWEL_MARK: Final = "\ufdd3"
_AFTER_VOWEL: Final = "\ufdd4"
_FINAL_MARK: Final = "\ufdd5"
_PASSED_OVER: Final = re.compile(f"(?<=[{_AFTER_SOLO}{_AFTER_INITIAL}{_AFTER_VOWEL}])\ufdd2+")
_LONE_VOWEL: Final = re.compile(f"{_VOWEL_MARK}(.){_AFTER_VOWEL}")
_MARKS: Final = dict.fromkeys(
    map(ord, (_AFTER_SOLO, _AFTER_INITIAL, _AFTER_VOWEL, _FINAL_MARK)), "."
)
_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]+")


def fold(data: bytes) -> bytes:
    """Fold valid UTF-8; see the module."""
    if not COMPILED:
        return fold_plainly(data)
    size = 2 * len(data) + MOST_BYTES
    while True:
        out: Any = np.empty(size, np.uint8)
        found = _fold(np.frombuffer(data, np.uint8), _arrays(), out)
        if found >= 0:
            return bytes(out[:found])
        size *= 2


def fold_plainly(data: bytes) -> bytes:
    """What `fold` does, without compiled code."""
    text = _BEYOND_ASCII.sub(lambda run: run[0].translate(_spelling()), data.decode())
    text = _PASSED_OVER.sub("", text).replace(_AFTER_INITIAL + _VOWEL_MARK, "")
    text = _LONE_VOWEL.sub(rf".\1{_AFTER_SOLO}", text)
    text = text.replace(_AFTER_VOWEL + _FINAL_MARK, "").translate(_MARKS)
    return text.encode().replace(_SPELLED[Kind.SOFT_HYPHEN].encode(), SOFT_HYPHEN)


class _Spelling(dict[int, str]):
    """What stands for a code point, filled as it is asked."""

    def __missing__(self, point: int) -> str:
        self[point] = "".join(_spell(kind, chr(said)) for kind, said in plain_fold()[chr(point)])
        return self[point]


@functools.cache
def _spelling() -> _Spelling:
    return _Spelling()


def _spell(kind: Kind, char: str) -> str:
    if kind is Kind.WORD:
        return char
    if kind is Kind.SOLO:
        return f".{char}{_AFTER_SOLO}"
    if kind is Kind.INITIAL:
        return f".{char}{_AFTER_INITIAL}"
    if kind is Kind.VOWEL:
        return f"{_VOWEL_MARK}{char}{_AFTER_VOWEL}"
    if kind is Kind.FINAL:
        return f"{_FINAL_MARK}{char}{_AFTER_SOLO}"
    return _SPELLED[kind]


@functools.cache
def _arrays() -> tuple[Any, ...]:
    """The table of folds, the kind of each stored kind, the byte of each without letters."""
    table = fold_table()
    kinds = np.array([PLAIN_KINDS[stored] for stored in Stored], np.uint8)
    marks: Any = np.zeros(len(Kind), np.uint8)
    for kind, text in _SPELLED.items():
        if kind is Kind.SOFT_HYPHEN:
            marks[kind] = SOFT_HYPHEN[0]
        elif text:
            marks[kind] = ord(text)
    return (
        np.frombuffer(table.pages, np.uint16),
        np.frombuffer(table.entries, np.uint32),
        np.frombuffer(table.extra, np.uint32),
        kinds,
        marks,
    )


_WORD: Final = int(Kind.WORD)
_SOLO: Final = int(Kind.SOLO)
_INITIAL: Final = int(Kind.INITIAL)
_VOWEL: Final = int(Kind.VOWEL)
_FINAL: Final = int(Kind.FINAL)
_SOFT: Final = int(Kind.SOFT_HYPHEN)
_SEVERAL: Final = int(Stored.SEVERAL)
_PART: Final = ord(".")


@jit
def _put(point: Any, out: Any, n: Any) -> Any:
    """Write a code point as UTF-8 (RFC 3629); return where the next byte goes."""
    if point < 0x80:
        out[n] = point
        return n + 1
    if point < 0x800:
        out[n] = 0xC0 | point >> 6
        out[n + 1] = 0x80 | point & 0x3F
        return n + 2
    if point < 0x10000:
        out[n] = 0xE0 | point >> 12
        out[n + 1] = 0x80 | point >> 6 & 0x3F
        out[n + 2] = 0x80 | point & 0x3F
        return n + 3
    out[n] = 0xF0 | point >> 18
    out[n + 1] = 0x80 | point >> 12 & 0x3F
    out[n + 2] = 0x80 | point >> 6 & 0x3F
    out[n + 3] = 0x80 | point & 0x3F
    return n + 4


@jit
def _point(data: Any, at: Any) -> Any:
    """The code point at a place of valid UTF-8, and the place of the next one."""
    first = np.int64(data[at])
    more = 1 + (first >= 0xE0) + (first >= 0xF0)
    point = first & (0x3F >> more)
    for k in range(1, more + 1):
        point = point << 6 | np.int64(data[at + k]) & 0x3F
    return point, at + more + 1


@jit
def _spell_entry(
    entry: Any, point: Any, kinds: Any, marks: Any, out: Any, n: Any, solo: Any
) -> Any:
    """Write one symbol; return where the next byte goes, and where which letter stood alone.

    The latter is four times the place after a letter that is a word of its own, and 1 more where a
    vowel may join it, 2 more where a final consonant may.
    """
    kind = kinds[entry & 15]
    if kind != _WORD and (kind < _SOLO or kind > _FINAL):
        if marks[kind] == 0 or (kind == _SOFT and solo >> 2 == n):
            return n, solo  # nothing wraps after a word of its own, and a syllable goes on
        out[n] = marks[kind]
        return n + 1, solo
    begun = 0
    if kind == _VOWEL and solo == 4 * n + 1:
        n, begun = n - 1, 2
    elif kind == _FINAL and solo == 4 * n + 2:
        n -= 1
    elif kind != _WORD:
        out[n] = _PART
        n, begun = n + 1, 1 if kind == _INITIAL else 0
    n = _put(entry >> 4 if entry >> 4 else point, out, n)
    if kind != _WORD:
        out[n] = _PART
        n += 1
        solo = 4 * n + begun
    return n, solo


@jit
def _fold(data: Any, arrays: Any, out: Any) -> Any:
    """Write the fold of a text; return its length, or -1 where it does not fit."""
    pages, entries, extra, kinds, marks = arrays
    n, at, solo, size = 0, 0, -1, len(data)
    while True:
        while at < size and data[at] < 0x80:
            out[n] = data[at]
            n += 1
            at += 1
        if at == size:
            return n
        if n + size - at + MOST_BYTES > len(out):
            return -1
        point, at = _point(data, at)
        entry = np.int64(entries[np.int64(pages[point // PAGE]) * PAGE + point % PAGE])
        if entry & 15 != _SEVERAL:
            n, solo = _spell_entry(entry, point, kinds, marks, out, n, solo)
            continue
        place = entry >> 4
        for k in range(np.int64(extra[place])):
            entry = np.int64(extra[place + 1 + k])
            n, solo = _spell_entry(entry, point, kinds, marks, out, n, solo)
