"""What a worker does with a piece of the corpus: read it, scan it, and say where things are.

Everything that needs the rows' bytes is made here, while the block is there: the digests of hit
rows, the texts around what is common, the second reading of lines that the scan refused.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import orjson

from provenir.core.canonical import example_digest
from provenir.core.digest import format_digest
from provenir.core.errors import CanonicalizationError, InputError
from provenir.core.findings import severity_rank
from provenir.core.text import printable
from provenir.data.bounds import MAX_ROW_BYTES
from provenir.data.json_parser import LINES_MEND, RowParser, has_long_digits, repeated_key
from provenir.data.overlap.blocks import Buffers, RowBlock
from provenir.data.overlap.fields import field_texts
from provenir.data.overlap.frame import frame
from provenir.data.overlap.row_blocks import value_blocks
from provenir.data.overlap.textless import doubtful_lines, holds_text
from provenir.data.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.core.findings import Severity
    from provenir.data.overlap.engine import BlockResult
    from provenir.data.overlap.hits import RawHit, Score
    from provenir.eval.contamination.corpus import Piece
    from provenir.eval.contamination.scanner import Scanner

__all__ = ["Examined", "Found", "Lost", "examine", "grade", "row_digest"]

TOO_LONG: Final = f"the line is longer than {MAX_ROW_BYTES >> 20} MiB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A hit with what is known of its row.

    Attributes:
        hit: What the scanner found; its offset is that in the content.
        line: Line of the row among those of the piece, from 0; None where there are no lines.
        digest: Digest of the row.
        texts: The row's texts by the path of their field; None where excerpts are not wanted.
    """

    hit: RawHit
    line: int | None
    digest: str | None
    texts: Mapping[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A row that could not be examined: its number and line in the piece, its byte, and why."""

    row: int
    line: int | None
    offset: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a piece held.

    Attributes:
        rows: Its rows, those that were lost included.
        lines: Ends of lines in it.
        found: The hits.
        lost: The rows that could not be examined.
        textless: Numbers of the rows in which there is no text, or none in the wanted fields.
        used: The wanted fields that some row has.
        result: What the scanner said of it.
        leaves: Hashes of its chunks as leaves of the corpus' tree.
        advance: What to tell a progress bar.
    """

    rows: int
    lines: int
    found: tuple[Found, ...]
    lost: tuple[Lost, ...]
    textless: tuple[int, ...]
    used: frozenset[str]
    result: BlockResult
    leaves: tuple[bytes, ...]
    advance: int


def examine(
    piece: Piece,
    scanner: Scanner,
    buffers: Buffers,
    *,
    fields: tuple[str, ...] | None,
    floor: tuple[int, float],
) -> Examined:
    """Scan a piece.

    Args:
        piece: A range to read, or a block.
        scanner: What compares.
        buffers: Memory for ranges.
        fields: The fields that a row is expected to have; None for any.
        floor: Severity (`severity_rank`) and score above which the texts of a hit row are wanted.

    Raises:
        InputError: The file cannot be read.
    """
    if isinstance(piece, RowBlock):
        return _examine(piece, scanner, fields, floor)
    block, memory = piece.read(buffers)
    try:
        return _examine(block, scanner, fields, floor)
    finally:
        buffers.give(memory)


def _examine(
    block: RowBlock, scanner: Scanner, fields: tuple[str, ...] | None, floor: tuple[int, float]
) -> Examined:
    result = scanner.scan(block)
    lines = _Lines(block)
    hits = list(result.hits)
    lost: list[Lost] = []
    if result.skipped:
        starts = frame(block.buf, block.size)[0]
        for row in result.skipped:
            begin, end = int(starts[row]), int(starts[row + 1])
            again = _second_reading(block, begin, end, scanner)
            if isinstance(again, str):
                lost.append(lines.lost(row, begin, again))
            else:
                length = len(_line_of(block, begin, end))
                hits += [replace(hit, row=row, offset=begin, length=length) for hit in again]
    rows = result.rows
    if block.too_long is not None:
        lost.append(lines.lost(rows, block.size, TOO_LONG))
        rows += 1
    unread, held = {one.row for one in lost}, {hit.row for hit in hits}
    textless, used = _without_text(block, fields, unread, held)
    return Examined(
        rows=rows,
        lines=block.lines,
        found=tuple(_found(block, hit, lines, fields, floor) for hit in hits),
        lost=tuple(lost),
        textless=textless,
        used=used,
        result=result,
        leaves=block.leaves,
        advance=block.advance or (rows if block.offset is None else 0),
    )


class _Lines:
    """The lines of a block."""

    def __init__(self, block: RowBlock) -> None:
        self._block = block
        self._ends: Any = None

    def at(self, place: int) -> int | None:
        """The line of a byte of the block, from 0 in its piece."""
        if self._block.offset is None:
            return None
        if self._ends is None:
            self._ends = self._block.line_ends()
        return self._block.lines_before + int(np.searchsorted(self._ends, place))

    def lost(self, row: int, place: int, reason: str) -> Lost:
        offset = self._block.offset
        place_in_content = None if offset is None else offset + place
        return Lost(row=row, line=self.at(place), offset=place_in_content, reason=reason)


def grade(score: Score) -> tuple[int, float]:
    """How grave a hit is: its severity, then its score."""
    return severity_rank(cast("Severity", score.severity)), score.value


def _line_of(block: RowBlock, begin: int, end: int) -> bytes:
    return bytes(block.buf[begin:end]).rstrip(b" \t\r\n")


def _second_reading(
    block: RowBlock, begin: int, end: int, scanner: Scanner
) -> tuple[RawHit, ...] | str:
    """The hits of a line that only the exact reader takes, or why nothing does."""
    parser = RowParser("line", Reading(), LINES_MEND)
    line = _line_of(block, begin, end)
    try:
        row = parser.line(line, 1)
        (again,) = value_blocks([row], 1)
    except InputError as error:
        return error.what
    hits = scanner.scan(again).hits
    twice = None if hits else repeated_key(line, row)
    return hits if twice is None else f"a key stands twice in one object ({printable(twice)[:40]})"


def _found(
    block: RowBlock,
    hit: RawHit,
    lines: _Lines,
    fields: tuple[str, ...] | None,
    floor: tuple[int, float],
) -> Found:
    row = _parsed(_line_of(block, hit.offset, hit.offset + hit.length))
    detailed = grade(hit.score) > floor
    offset = None if block.offset is None else block.offset + hit.offset
    texts = {text.path: text.text for text in field_texts(row, fields)} if detailed else None
    return Found(
        hit=hit if offset is None else replace(hit, offset=offset),
        line=lines.at(hit.offset),
        digest=row_digest(block.rows[hit.row] if block.rows is not None else row),
        texts=texts,
    )


def _parsed(line: bytes) -> Any:
    if not has_long_digits(line):  # a row's digest is over every digit
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(line)
    return RowParser("line", Reading(), LINES_MEND).line(line, 1)


def row_digest(row: Any) -> str | None:
    """Return the digest of a row, None where it has none."""
    try:
        return format_digest(example_digest(row))
    except CanonicalizationError:
        return None


def _without_text(
    block: RowBlock, fields: tuple[str, ...] | None, unread: set[int], held: set[int]
) -> tuple[tuple[int, ...], frozenset[str]]:
    """The rows that hold no text and no item, and which of the wanted fields some row has."""
    if fields is None:
        lines = doubtful_lines(block.buf, block.size, block.line_ends())
        begins = [begin for begin, end in lines if _is_bare(_line_of(block, begin, end))]
        if not begins:
            return (), frozenset()
        rows: Any = np.searchsorted(frame(block.buf, block.size)[0], np.array(begins))
        return tuple(sorted(set(rows.tolist()) - unread - held)), frozenset()
    starts = frame(block.buf, block.size)[0].tolist()
    unused, missing = set(fields), []
    for row, (begin, end) in enumerate(pairwise(starts)):
        if row in unread:
            continue
        value = _parsed(_line_of(block, begin, end))
        if row not in held and not holds_text(value, fields):
            missing.append(row)
        unused -= {name for name in unused if field_texts(value, (name,))}
    return tuple(missing), frozenset(fields) - unused


def _is_bare(line: bytes) -> bool:
    """Whether a line is a row without text."""
    try:
        row = _parsed(line) if line else None
    except InputError:
        return False  # it is no row, and said to be unread
    return isinstance(row, dict) and not holds_text(row)
