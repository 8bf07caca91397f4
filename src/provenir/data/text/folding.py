"""The fold: one form for what is written in many ways, code point by code point.

Text folds by a table that ships with the package (made by `scripts/make_fold_table.py`), not by the
interpreter's `unicodedata`, so that an index made with one Python is read alike by every other.
A code point becomes zero or more *symbols*: compatibility decomposition and full case folding
(UAX #15; Unicode Standard, section 3.13) until nothing changes, then one letter for those that look
alike, and ASCII digits for the decimal digits of every script. As the fold looks at one code point
at a time, the fold of a text is the folds of its code points in a row.

Two folds are read from the one table. They differ in what the kinds do to words:

| stored kind | plain | strict |
|---|---|---|
| WORD: letter or number | part of a word | part of a word |
| SOLO: letter of a script without spaces | a word of its own | a word of its own |
| INITIAL, VOWEL, FINAL: modern Hangul letters | a syllable is one word | the same |
| IOTA: Greek iota, as combining U+0345 too | part of a word | a word of its own |
| MARK: combining, zero-width, ignorable | dropped | ends the word |
| FILLER: letter without a meaning | dropped | a word of its own |
| APOSTROPHE: modifier letter drawn as one | ends the word | a word of its own |
| HYPHEN, SOFT_HYPHEN, SPACE, NEWLINE | see `words` | ends the word |
| BREAK: all else | ends the word | ends the word |

A Hangul syllable is an initial consonant, a vowel and perhaps a final consonant, as canonical
composition joins them (Unicode Standard, section 3.12); a letter out of that order is a word.

The plain fold is for finding text that was retyped, retouched or wrapped. The strict fold never
joins what a reader of word runs would part; `provenir.data.overlap.wide` says what for.
"""

from __future__ import annotations

import functools
import struct
import sys
import zlib
from array import array
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "FOLD_VERSION",
    "LETTERS",
    "Fold",
    "FoldTable",
    "Kind",
    "fold_table",
    "plain_fold",
    "strict_fold",
]

FOLD_VERSION: Final = "1-unicode-15.1.0"
"""Version of the table; texts folded under different versions must not be compared."""

TABLE: Final = Path(__file__).with_name("fold.gz")
PAGE: Final = 256
"""Code points per page of the table."""


class Stored(IntEnum):
    """Kind of a symbol in the stored table: the lowest four bits of an entry."""

    BREAK = 0
    WORD = 1
    SOLO = 2
    INITIAL = 3
    VOWEL = 4
    FINAL = 5
    IOTA = 6
    MARK = 7
    FILLER = 8
    APOSTROPHE = 9
    HYPHEN = 10
    SOFT_HYPHEN = 11
    SPACE = 12
    NEWLINE = 13
    SEVERAL = 14
    """Not a symbol: the value is the place of the symbols among the extra ones."""


class Kind(IntEnum):
    """What a symbol does to words, once a fold is chosen."""

    BREAK = 0
    WORD = 1
    SOLO = 2
    INITIAL = 3
    VOWEL = 4
    FINAL = 5
    DROP = 6
    HYPHEN = 7
    SOFT_HYPHEN = 8
    SPACE = 9
    NEWLINE = 10
    SEVERAL = 11


LETTERS: Final = frozenset((Kind.WORD, Kind.SOLO, Kind.INITIAL, Kind.VOWEL, Kind.FINAL))
"""The kinds that are part of words."""

PLAIN_KINDS: Final[Mapping[Stored, Kind]] = {
    Stored.BREAK: Kind.BREAK,
    Stored.WORD: Kind.WORD,
    Stored.SOLO: Kind.SOLO,
    Stored.INITIAL: Kind.INITIAL,
    Stored.VOWEL: Kind.VOWEL,
    Stored.FINAL: Kind.FINAL,
    Stored.IOTA: Kind.WORD,
    Stored.MARK: Kind.DROP,
    Stored.FILLER: Kind.DROP,
    Stored.APOSTROPHE: Kind.BREAK,
    Stored.HYPHEN: Kind.HYPHEN,
    Stored.SOFT_HYPHEN: Kind.SOFT_HYPHEN,
    Stored.SPACE: Kind.SPACE,
    Stored.NEWLINE: Kind.NEWLINE,
    Stored.SEVERAL: Kind.SEVERAL,
}
STRICT_KINDS: Final[Mapping[Stored, Kind]] = dict.fromkeys(Stored, Kind.BREAK) | {
    Stored.WORD: Kind.WORD,
    Stored.SOLO: Kind.SOLO,
    Stored.INITIAL: Kind.INITIAL,
    Stored.VOWEL: Kind.VOWEL,
    Stored.FINAL: Kind.FINAL,
    Stored.IOTA: Kind.SOLO,
    Stored.FILLER: Kind.SOLO,
    Stored.APOSTROPHE: Kind.SOLO,
    Stored.SEVERAL: Kind.SEVERAL,
}


def pack(kind: Stored, value: int) -> int:
    """Return an entry of the table: the kind in the low four bits, the value above."""
    return value << 4 | kind


@dataclass(frozen=True, slots=True)
class FoldTable:
    """The stored table.

    Attributes:
        pages: For each page of `PAGE` code points, the number of its entries' page (uint16).
        entries: Entries of the distinct pages (uint32): a kind and a value. The value is the folded
            code point (0: the code point itself), or the place of several symbols in `extra`.
        extra: At that place (uint32) their number, then their entries.
    """

    pages: array[int]
    entries: array[int]
    extra: array[int]


@functools.cache
def fold_table() -> FoldTable:
    """Read the table that ships with the package.

    Raises:
        InputError: The file is damaged.
    """
    try:
        content = zlib.decompress(TABLE.read_bytes(), 31)
        sizes = struct.unpack_from("<3I", content)
        bounds = [12, 12 + 2 * sizes[0]]
        bounds += [bounds[1] + 4 * sizes[1], bounds[1] + 4 * (sizes[1] + sizes[2])]
        parts = [
            array(code, content[low:high])
            for code, low, high in zip("HII", bounds, bounds[1:], strict=False)
        ]
        if sys.byteorder == "big":
            for part in parts:
                part.byteswap()
    except (OSError, ValueError, struct.error, zlib.error) as error:
        raise InputError(
            f"the table of folds cannot be read ({error})",
            where=TABLE.name,
            mend="install the package again",
        ) from error
    return FoldTable(*parts)


class Fold(dict[str, tuple[tuple[Kind, int], ...]]):
    """A fold as a mapping from a character to its symbols, filled as it is asked.

    A symbol is its kind and, for one of a word, the code point that stands for it.
    """

    def __init__(self, kinds: Mapping[Stored, Kind]) -> None:
        super().__init__()
        self._kinds = kinds
        self._table = fold_table()

    def __missing__(self, char: str) -> tuple[tuple[Kind, int], ...]:
        point, table = ord(char), self._table
        entry = table.entries[table.pages[point // PAGE] * PAGE + point % PAGE]
        if entry & 15 == Stored.SEVERAL:
            place = entry >> 4
            found = table.extra[place + 1 : place + 1 + table.extra[place]].tolist()
        else:
            found = [entry]
        self[char] = tuple((self._kinds[Stored(e & 15)], e >> 4 or point) for e in found)
        return self[char]


@functools.cache
def plain_fold() -> Fold:
    """The fold that joins what belongs together; for every use but the one below."""
    return Fold(PLAIN_KINDS)


@functools.cache
def strict_fold() -> Fold:
    """The fold that never joins what a reader of word runs parts; for exhaustive search."""
    return Fold(STRICT_KINDS)
