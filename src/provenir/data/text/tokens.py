"""Words as numbers: the hash of each word of UTF-8 text and where in its bytes it stands."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from provenir.core.errors import BoundsError
from provenir.core.extras import require
from provenir.data.compiled import COMPILED
from provenir.data.text.folding import (
    PLAIN_KINDS,
    STRICT_KINDS,
    Kind,
    Stored,
    fold_table,
)
from provenir.data.text.hashing import WORD_HASH_VERSION, word_hash
from provenir.data.text.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "WORD_HASH_VERSION",
    "Tokens",
    "fold_arrays",
    "parting_points",
    "tokenise",
]

MAX_OFFSET: Final = 2**31 - 1
"""Last byte offset that fits a token's place."""

CHUNK: Final = 1 << 14
"""Words that the kernel finds in one call, at most."""


class Tokens(NamedTuple):
    """The words of a text, one position of each array a word.

    Attributes:
        hashes: `hashing.word_hash` of each word, uint64.
        starts: Offset in the buffer of its first byte, int32.
        ends: Offset after its last byte, int32.
    """

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


def tokenise(
    buf: NDArray[np.uint8], lo: int = 0, hi: int | None = None, *, strict: bool = False
) -> Tokens:
    """Return the tokens of the UTF-8 text in ``buf[lo:hi]``: the words that `words` gives of it.

    A byte that is no UTF-8 (RFC 3629: overlong forms and surrogates too) ends the word.

    Args:
        buf: The bytes, one dimension.
        lo: Where the text begins.
        hi: Where it ends; None for the end of the buffer.
        strict: Use the strict fold: see `folding`.

    Raises:
        BoundsError: The text ends beyond 2 GiB, where offsets of 32 bits end.
    """
    hi = len(buf) if hi is None else hi
    if hi > MAX_OFFSET:
        raise BoundsError(
            f"the text ends at byte {hi:,}", where="tokenise", mend="tokenise it in parts"
        )
    np = require("data", "numpy")
    rows = np.array([lo], np.int64), np.array([hi], np.int64)
    chunk = min(max(CHUNK, (hi - lo) // 4), 2 * (hi - lo) + 1)
    parts = list(read_rows(buf, rows, json=False, strict=strict, chunk=chunk))
    if len(parts) == 1:
        return Tokens(*parts[0][:3])
    return Tokens(*(np.concatenate(columns) for columns in list(zip(*parts, strict=True))[:3]))


@functools.cache
def fold_arrays(*, strict: bool) -> tuple[NDArray[Any], ...]:
    """The fold as the kernel reads it.

    Returns:
        Pages (uint16), entries and extra symbols (uint32) as in `folding.FoldTable`, with the kinds
        of the chosen fold; for each byte (uint8) the ASCII letter or digit that it folds to, 0 for
        all others; and the table of `kernel.machine`.
    """
    from provenir.data.text.kernel import machine

    np = require("data", "numpy")
    table = fold_table()
    chosen = STRICT_KINDS if strict else PLAIN_KINDS
    kinds = np.zeros(16, np.uint32)
    for stored, kind in chosen.items():
        kinds[stored] = kind

    entries, extra = (np.array(part, np.uint32) for part in (table.entries, table.extra))
    places = np.unique(entries[entries & 15 == Stored.SEVERAL] >> 4)
    symbols = np.ones(len(extra), np.bool_)
    symbols[places] = False  # these are counts
    entries = entries & ~np.uint32(15) | kinds[entries & 15]
    extra = np.where(symbols, extra & ~np.uint32(15) | kinds[extra & 15], extra)
    letters = np.zeros(256, np.uint8)
    ascii_ = entries[np.array(table.pages)[0] * 256 :][:128]
    found = np.flatnonzero(ascii_ & 15 == Kind.WORD)
    letters[found] = np.where(ascii_[found] >> 4, ascii_[found] >> 4, found)
    return np.array(table.pages, np.uint16), entries, extra, letters, machine()


@functools.cache
def parting_points() -> NDArray[np.bool_]:
    """Return for each code point below 0x10000 whether it parts words and does nothing else.

    Spaces and line ends are among them. Hyphens are not: before a line end they join.
    """
    np = require("data", "numpy")
    pages, entries, extra, _, _ = fold_arrays(strict=False)
    points = np.arange(0x10000)
    entry = entries[pages[points >> 8].astype(np.int64) << 8 | points & 255]
    parting = (Kind.BREAK, Kind.SPACE, Kind.NEWLINE)
    found: NDArray[np.bool_] = np.isin(entry & 15, parting)
    several = np.flatnonzero(entry & 15 == Kind.SEVERAL)
    others = np.concatenate(([0], np.cumsum(~np.isin(extra & 15, parting))))
    place = entry[several].astype(np.int64) >> 4
    found[several] = others[place + 1] == others[place + 1 + extra[place].astype(np.int64)]
    found[0xD800:0xE000] = False  # two of them are one code point
    return found


def read_rows(
    buf: NDArray[np.uint8],
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    *,
    json: bool,
    strict: bool,
    chunk: int = CHUNK,
) -> Iterator[tuple[NDArray[Any], ...]]:
    """Read the words of many rows, a bounded number at a time.

    Args:
        buf: The bytes.
        rows: Where each row begins and where it ends.
        json: Whether the rows are JSON, so that escapes are read as what they stand for.
        strict: Use the strict fold.
        chunk: Most words in one part, at least 1.

    Yields:
        Arrays as in `Tokens`, and the number of each word's row (int32). Some may be empty. A word
        stands in one part, a row may go on in the next. Without numba each part is a whole row.
    """
    np = require("data", "numpy")
    if not COMPILED:
        for number, (lo, hi) in enumerate(zip(*(side.tolist() for side in rows), strict=True)):
            part = _read_slowly(buf, lo, hi, json=json, strict=strict)
            yield (*part, np.full(len(part[0]), number, np.int32))
        return
    from provenir.data.text.kernel import ROOM, STATE_SIZE, read_words

    state, mixed = np.zeros(STATE_SIZE, np.int64), np.zeros(1, np.uint64)
    fold = fold_arrays(strict=strict)
    while True:
        out = tuple(np.empty(chunk + ROOM, kind) for kind in (np.uint64, *[np.int32] * 3))
        count = read_words(buf, rows, json, fold, state, mixed, out)
        yield tuple(column[:count] for column in out)
        if state[0] == len(rows[0]):
            return


def _read_slowly(
    buf: NDArray[Any], lo: int, hi: int, *, json: bool, strict: bool
) -> tuple[NDArray[Any], ...]:
    """What the kernel finds in one row, by way of `words`: hashes, starts and ends."""
    np = require("data", "numpy")
    # Each byte that is no UTF-8 becomes one surrogate, which ends a word and is one byte wide.
    raw = bytes(memoryview(buf[lo:hi])).decode("utf-8", "surrogateescape")
    points = np.frombuffer(raw.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.int64)
    widths = 1 + (points >= 0x80) + (points >= 0x800) + (points >= 0x10000)
    widths[(points & ~0x7FF) == 0xD800] = 1
    offsets = np.concatenate(([lo], lo + np.cumsum(widths)))
    text = raw
    if json and "\\" in raw:
        offsets = offsets[[0, *(match.end() for match in _CHARACTER.finditer(raw))]]
        text = _ESCAPE.sub(_meant, raw)
    found = words(text, strict=strict)
    return (
        np.array([word_hash(word.value) for word in found], np.uint64),
        offsets[[word.start for word in found]].astype(np.int32),
        offsets[[word.end for word in found]].astype(np.int32),
    )


_ESCAPE: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u[0-9a-fA-F]{0,4}|\\[^u]|\\\Z",
    re.DOTALL,
)
_CHARACTER: Final = re.compile(_ESCAPE.pattern + "|.", re.DOTALL)
_MEANT: Final = {r"\n": "\n", r"\t": "\t", r"\r": "\r"}


def _meant(match: re.Match[str]) -> str:
    """The character that an escape stands for; a lone surrogate for one that JSON lacks."""
    escape = match[0]
    if len(escape) == 12:
        return chr(0x10000 + ((int(escape[2:6], 16) & 0x3FF) << 10 | int(escape[8:], 16) & 0x3FF))
    if len(escape) == 6:
        return chr(int(escape[2:], 16))
    return _MEANT.get(escape, "\ud800")
