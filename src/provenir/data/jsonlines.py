"""Rows, and their digests, from text with one JSON object per line (JSONL); see `json_parser`."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import TYPE_CHECKING, Final

import orjson

from provenir.core.canonical import plain_example_bytes
from provenir.core.errors import BoundsError
from provenir.data.bounds import MAX_ROW_BYTES, MAX_ROW_VALUES, too_many_values
from provenir.data.digests import BATCH_ROWS, row_digest
from provenir.data.json_parser import (
    BOM,
    LINES_MEND,
    SPLIT_MEND,
    RowParser,
    has_long_digits,
    too_many_error,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.data.reading import Reading, Row

_BLANK: Final = b" \t\r"
_MAX_SPLIT_BYTES: Final = 1 << 16


def line_rows(
    chunks: Iterator[bytes], where: str, reading: Reading, *, mend: str = LINES_MEND
) -> Iterator[Row]:
    """Yield the objects of a JSONL stream.

    Args:
        chunks: the decompressed bytes.
        where: the file's name in messages.
        reading: strictness and findings.
        mend: what a message tells the reader to do.

    Raises:
        InputError: a line is no JSON object; `where` is "file:line".
        BoundsError: a line is longer than `MAX_ROW_BYTES`, or has more than `MAX_ROW_VALUES`.
    """
    parser = RowParser(where, reading, mend)
    for first, lines in _batches(chunks, where):
        for number, line in enumerate(lines, first):
            if too_many_values(line):
                raise too_many_error(where, number)
            row = _row(line, number, parser)
            if row is not None:
                yield row


def line_digests(chunks: Iterator[bytes], where: str, reading: Reading) -> Iterator[list[bytes]]:
    """Yield the example digests of a JSONL stream, up to `BATCH_ROWS` together.

    A row that `orjson` reads and that needs none of the rare forms of leaf rule 1 takes a short
    way, with the same digest and the same refusals. Every other one takes that of `line_rows`.

    Args:
        chunks: the decompressed bytes.
        where: the file's name in messages.
        reading: strictness and findings; counts the rows.

    Raises:
        InputError: as `line_rows`.
        BoundsError: as `line_rows`.
        CanonicalizationError: a row without a digest; `where` is its number and field.
    """
    parser = RowParser(where, reading, LINES_MEND)
    loads, plain_bytes, sha256 = orjson.loads, plain_example_bytes, hashlib.sha256
    strict = reading.strict
    for first, lines in _batches(chunks, where):
        digests: list[bytes] = []
        for number, line in enumerate(lines, first):
            if len(line) > MAX_ROW_VALUES and too_many_values(line):
                raise too_many_error(where, number)
            try:
                row = loads(line)
            except orjson.JSONDecodeError:
                row = None
            data = plain_bytes(row) if type(row) is dict else None
            if data is not None and (not strict or _keeps_every_key(line, row)):
                digests.append(sha256(data).digest())
                continue
            row = _row(line, number, parser)
            if row is not None:
                digests.append(row_digest(row, reading, len(digests)))
        reading.rows += len(digests)
        yield digests


def _row(line: bytes, number: int, parser: RowParser) -> Row | None:
    """The row of a line with every digit kept, or None for a blank line."""
    line = line.removesuffix(b"\n")
    if not parser.reading.strict and not has_long_digits(line):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            row = None
        if type(row) is dict:
            return row
    return parser.line(line, number) if line.strip(_BLANK) else None


def _keeps_every_key(line: bytes, row: Row) -> bool:
    """Whether it is certain that no key of a line was lost because another has its name.

    Every pair has a colon of its own, and every colon within a text stands in the line and in what
    is written of the row, unless the line escapes it: where the counts agree no pair is gone.
    """
    if b"\\" in line and b"\\u003" in line:
        return False
    return _colons(line) == _colons(orjson.dumps(row))


def _colons(text: bytes) -> int:
    """How often a colon stands in a text.

    `bytes.count` looks at every byte in turn; `split` jumps, but holds all the pieces.
    """
    return text.count(b":") if len(text) > _MAX_SPLIT_BYTES else len(text.split(b":")) - 1


def _batches(chunks: Iterator[bytes], where: str) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the number of a line, and it and the next ones with their newlines.

    At most a line and a chunk are held. `readlines` finds the ends faster than `split` does.
    """
    parts: list[bytes] = []
    held, number = 0, 1
    for chunk in chunks:
        lines = BytesIO(chunk).readlines()
        head = lines[0] if lines else b""
        ends = head.endswith(b"\n")
        parts.append(head)
        held += len(head) - ends
        if held > MAX_ROW_BYTES:
            raise BoundsError(
                f"the line is longer than {MAX_ROW_BYTES >> 20} MiB",
                where=f"{where}:{number}",
                mend=f"{LINES_MEND}; {SPLIT_MEND}",
            )
        if ends:
            rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
            lines[0] = _unmarked(b"".join(parts), number)
            for start in range(0, len(lines), BATCH_ROWS):
                yield number + start, lines[start : start + BATCH_ROWS]
            number += len(lines)
            parts, held = [rest], len(rest)
    if held:
        yield number, [_unmarked(b"".join(parts), number)]


def _unmarked(line: bytes, number: int) -> bytes:
    return line.removeprefix(BOM) if number == 1 else line
