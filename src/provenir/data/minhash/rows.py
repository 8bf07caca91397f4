"""Rows with their places, from any source; what is no row is passed over, located and counted.

Of JSON lines each non-blank line has a number, whether or not it is a row, so a later pass finds a
row again without parsing what stands before it. The bounds of `data.bounds` hold.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import orjson

from provenir.core.errors import InputError
from provenir.data.bounds import MAX_ROW_BYTES, MAX_ROW_VALUES, too_many_values
from provenir.data.json_parser import BOM, LINES_MEND, SPLIT_MEND, RowParser, too_many_error
from provenir.data.sources import Files
from provenir.data.streams import content_chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provenir.data.paths import DataFile
    from provenir.data.reading import Reading, Row, Source

MOST_SKIPS: Final = 1000
"""Skips that are told one by one; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A line that is no row.

    Attributes:
        where: Its file and line.
        reason: What is wrong with it.
    """

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file: its number from 1, its first byte in the content, its length, its bytes.

    `data` is None where the line is longer than `MAX_ROW_BYTES`.
    """

    number: int
    offset: int
    length: int
    data: bytes | None


@dataclass(slots=True)
class Places:
    """Where rows stand, 24 bytes a row.

    Attributes:
        files: Names of the files, empty for rows in memory.
        starts: Number of the first row of each file.
        lines: Line of each row; 0 where a source has none.
        offsets: First byte of each row's line in the content of its file.
        lengths: Bytes of the line with its newline.
    """

    files: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    lines: array[int] = field(default_factory=lambda: array("q"))
    offsets: array[int] = field(default_factory=lambda: array("q"))
    lengths: array[int] = field(default_factory=lambda: array("q"))

    def file_of(self, row: int) -> int:
        """Number of the file of a row."""
        return bisect_right(self.starts, row) - 1

    def where(self, row: int) -> str:
        """The place of a row in words: "file:line", "file, row n" or "row n"."""
        if not self.files:
            return f"row {row}"
        file = self.file_of(row)
        if self.lines[row]:
            return f"{self.files[file]}:{self.lines[row]}"
        return f"{self.files[file]}, row {row - self.starts[file]}"

    def add(self, line: int = 0, offset: int = 0, length: int = 0) -> None:
        """Append the place of the next row."""
        self.lines.append(line)
        self.offsets.append(offset)
        self.lengths.append(length)


@dataclass(slots=True)
class Skips:
    """What was passed over: the first `MOST_SKIPS` by place, and how many in all."""

    told: list[Skip] = field(default_factory=list)
    count: int = 0

    def add(self, error: InputError) -> None:
        """Count a line that is no row."""
        self.count += 1
        if len(self.told) < MOST_SKIPS:
            self.told.append(Skip(error.where or "", error.what))


def read_rows(
    source: Source,
    reading: Reading,
    *,
    places: Places | None = None,
    skips: Skips | None = None,
    wanted: Callable[[int], bool] | None = None,
) -> Iterator[tuple[int, Row]]:
    """Yield the rows of a source with their numbers.

    Args:
        source: Where they come from.
        reading: Strictness, findings, progress.
        places: Gets the place of every row and of every skipped line.
        skips: Gets what is no row; None to raise at the first such line.
        wanted: Whether the row of a number is yielded; None for all.

    Raises:
        InputError: The source cannot be read, or a line is no row and `skips` is None.
    """
    number = 0
    for one in source.files if isinstance(source, Files) else [None]:
        if places is not None and one is not None:
            places.files.append(str(one.path))
            places.starts.append(number)
        if one is not None and one.format == "lines":
            parser = RowParser(str(one.path), reading, LINES_MEND)
            for line in read_lines(content(one, reading)):
                if line.data is not None and not line.data.strip(b" \t\r\n"):
                    continue
                if places is not None:
                    places.add(line.number, line.offset, line.length)
                if wanted is None or wanted(number):
                    row = _row(line, parser, skips)
                    if row is not None:
                        yield number, row
                number += 1
            continue
        for row in (source if one is None else Files((one,))).read(reading):
            if places is not None:
                places.add()
            if wanted is None or wanted(number):
                yield number, row
            number += 1


def content(file: DataFile, reading: Reading) -> Iterator[bytes]:
    """The decompressed bytes of a file."""
    return content_chunks(file.path, file.name, file.compression, reading)


def read_lines(chunks: Iterator[bytes]) -> Iterator[Line]:
    """Yield the lines of a text with their newlines; at most a chunk and a row are held."""
    parts: list[bytes] = []
    number, offset, held = 1, 0, 0
    for chunk in chunks:
        for piece in BytesIO(chunk):
            held += len(piece)
            parts.append(piece)
            if held > MAX_ROW_BYTES:
                parts.clear()
            if piece.endswith(b"\n"):
                yield _line(number, offset, held, parts)
                number, offset, held = number + 1, offset + held, 0
                parts.clear()
    if held:
        yield _line(number, offset, held, parts)


def _line(number: int, offset: int, length: int, parts: list[bytes]) -> Line:
    if length > MAX_ROW_BYTES:
        return Line(number, offset, length, None)
    data = b"".join(parts)
    if number == 1 and data.startswith(BOM):
        return Line(number, len(BOM), length - len(BOM), data[len(BOM) :])
    return Line(number, offset, length, data)


def _row(line: Line, parser: RowParser, skips: Skips | None) -> Row | None:
    """The row of a line, or None where it is counted as a skip."""
    try:
        return _parsed(line, parser)
    except InputError as error:
        if skips is None:
            raise
        skips.add(error)
        return None


def _parsed(line: Line, parser: RowParser) -> Row:
    if line.data is None:
        raise InputError(
            f"the line is longer than {MAX_ROW_BYTES >> 20} MiB",
            where=f"{parser.where}:{line.number}",
            mend=SPLIT_MEND,
        )
    if len(line.data) > MAX_ROW_VALUES and too_many_values(line.data):
        raise too_many_error(parser.where, line.number)
    if not parser.reading.strict:
        try:
            row: Any = orjson.loads(line.data)
        except orjson.JSONDecodeError:
            row = None
        if type(row) is dict:
            return row
    return parser.line(line.data.removesuffix(b"\n"), line.number)
