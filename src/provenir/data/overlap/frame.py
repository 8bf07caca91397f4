r"""Where the rows of a block of JSONL begin, and which of them must be looked at more closely.

A scan over raw bytes would call a damaged row clean. So every row that is no JSON object, or that
`orjson` would refuse, is named here as suspect; a row that is named for nothing costs only time.

Rules:

1. a line ends at `\n`, or where the block ends; a line of spaces, tabs and carriage returns is
   blank, and no row;
2. a row reaches to the begin of the next one, blank lines included;
3. a byte order mark is taken away by the caller, at the start of a file alone: anywhere else it
   makes the row suspect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import orjson

from provenir.data.overlap.compiled import COMPILED, address

if TYPE_CHECKING:
    from provenir.data.overlap.compiled import Array

__all__ = ["frame"]

_BLANK: Final = b" \t\r\n"
_USUAL_ROW: Final = 64
"""Bytes; a block of shorter rows is framed twice, the second time with enough room."""


def frame(buf: Array, size: int) -> tuple[Array, Array]:
    """Find the rows of a block of JSONL, and those that may be no JSON objects.

    Args:
        buf: uint8, with `plain.PADDING` readable bytes after `size`.
        size: how many bytes the block has. It begins with a line and holds whole lines; the last
            one may lack its newline.

    Returns:
        starts: int64[n + 1], where each of the n rows begins, and `size`.
        suspect: bool[n], false only for rows that `orjson.loads` reads as an object.
    """
    if not COMPILED:
        return parse_rows(buf, size)
    from provenir.data.overlap.frame_kernel import frame_rows

    room = size // _USUAL_ROW + 16
    while True:
        starts: Array = np.empty(room + 1, dtype=np.int64)
        suspect: Array = np.empty(room, dtype=np.bool_)
        rows = frame_rows(address(buf), size, starts, suspect)
        if rows <= room:
            starts[rows] = size
            return starts[: rows + 1], suspect[:rows]
        room = rows


def parse_rows(buf: Array, size: int) -> tuple[Array, Array]:
    """Do what `frame` does by parsing every line: where nothing is compiled, and as the oracle."""
    starts, suspect = [], []
    for begin, line in _lines(buf[:size].tobytes()):
        if line.strip(_BLANK):
            starts.append(begin)
            suspect.append(not _is_object(line))
    return np.array([*starts, size], dtype=np.int64), np.array(suspect, dtype=np.bool_)


def _lines(text: bytes) -> list[tuple[int, bytes]]:
    lines = text.split(b"\n")
    begins = np.cumsum([0, *(len(line) + 1 for line in lines)])
    return list(zip(begins.tolist(), lines, strict=False))


def _is_object(line: bytes) -> bool:
    try:
        return type(orjson.loads(line)) is dict
    except orjson.JSONDecodeError:
        return False
