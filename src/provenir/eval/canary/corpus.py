"""The rows of any source as blocks of lines, and which row a place in a block is.

A file of JSON lines is taken as its bytes are: what no parser accepts is looked at like the rest.
Rows of every other container are written as JSON lines first.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import orjson

from provenir.core.errors import BoundsError
from provenir.data.bounds import MAX_ROW_BYTES
from provenir.data.dataset import Dataset, as_dataset
from provenir.data.json_parser import BOM
from provenir.data.reading import Reading
from provenir.data.sources import Files, resolve
from provenir.data.streams import content_chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provenir.data.paths import DataFile

__all__ = ["Block", "Places", "blocks_of", "left_out_of"]

_BATCH_ROWS: Final = 256
_OPTIONS: Final = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
_BLANK: Final = re.compile(rb"(?:\A|(?<=\n))[ \t\r]*\n")
_NEXT_BLANK: Final = re.compile(rb"\n[ \t\r]*\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Consecutive rows.

    Attributes:
        data: The rows, each but perhaps the last with its newline.
        rows: How many rows these are; blank lines are none.
        first_row: Number of the first row in the whole source, from 0.
        file: The file, None for rows that come from memory.
        first_line: Number of the first line in its file from 1, None where rows are no lines.
        file_row: How many rows of its file come before the first.
    """

    data: bytes
    rows: int
    first_row: int
    file: str | None = None
    first_line: int | None = None
    file_row: int = 0

    def line(self, offset: int) -> bytes:
        """The bytes of the row that begins at an offset."""
        end = self.data.find(b"\n", offset)
        return self.data[offset:] if end < 0 else self.data[offset:end]


class Places:
    """Rows of a block by their offsets, asked for in ascending order.

    Attributes:
        row: Number of the last row that was asked for, in the whole source.
    """

    def __init__(self, block: Block) -> None:
        self._block = block
        self._offset = 0
        self._lines = 0
        self.row = block.first_row

    def move(self, offset: int) -> None:
        """Go on to the row that begins at an offset."""
        passed = self._block.data[self._offset : offset]
        self._lines += passed.count(b"\n")
        self.row += _count_rows(passed)
        self._offset = offset

    @property
    def location(self) -> str | None:
        """Where a reader finds it: ``file:line``, or the row of a file without lines."""
        block = self._block
        if block.file is None:
            return None
        if block.first_line is None:
            return f"{block.file}, row {block.file_row + self.row - block.first_row}"
        return f"{block.file}:{block.first_line + self._lines}"


def blocks_of(source: Any, progress: Callable[[int], None] | None = None) -> Iterator[Block]:
    """Yield all rows of a source, in order.

    Args:
        source: Whatever `provenir.data.Dataset` takes, or a `Dataset`.
        progress: Called with the stored bytes of files of JSON lines as they are read.

    Raises:
        UsageError: No data set, or a stream, which is never consumed.
        InputError: A file that cannot be read to its end.
        BoundsError: A line of more than `MAX_ROW_BYTES`.
        MissingExtraError: A format needs the extra `files`.
    """
    dataset = as_dataset(source)
    rows = resolve(dataset.source)
    if not isinstance(rows, Files):
        yield from _written(dataset, None, 0)
        return
    first_row = 0
    for file in rows.files:
        if file.format == "lines" and dataset.fields is None:
            found = _lines(file, first_row, progress)
        else:
            part = Dataset(file.path, fields=dataset.fields, strict=dataset.strict)
            found = _written(part, str(file.path), first_row)
        for block in found:
            yield block
            first_row += block.rows


def left_out_of(source: Any) -> tuple[str, ...]:
    """Return the files in the folders of a source that `blocks_of` does not read."""
    rows = resolve(as_dataset(source).source)
    return rows.left_out if isinstance(rows, Files) else ()


def _lines(
    file: DataFile, first_row: int, progress: Callable[[int], None] | None
) -> Iterator[Block]:
    where, reading = str(file.path), Reading(digest_files=False, advance=progress)
    line, row = 1, first_row
    held: list[bytes] = []
    size = 0
    for chunk in content_chunks(file.path, file.name, file.compression, reading):
        end = chunk.rfind(b"\n") + 1
        if end:
            data = _unmarked(b"".join((*held, chunk[:end])), line)
            rows = _count_rows(data)
            yield Block(data=data, rows=rows, first_row=row, file=where, first_line=line)
            line, row = line + data.count(b"\n"), row + rows
            held, size = [], 0
        held.append(chunk[end:])
        size += len(chunk) - end
        if size > MAX_ROW_BYTES:
            raise BoundsError(
                f"the line is longer than {MAX_ROW_BYTES >> 20} MiB",
                where=f"{where}:{line}",
                mend="split the row into several",
            )
    last = _unmarked(b"".join(held), line)
    if last.strip():
        yield Block(data=last, rows=1, first_row=row, file=where, first_line=line)


def _unmarked(data: bytes, line: int) -> bytes:
    return data.removeprefix(BOM) if line == 1 else data


def _written(dataset: Dataset, file: str | None, first_row: int) -> Iterator[Block]:
    rows, done = dataset.rows(), 0
    while batch := list(islice(rows, _BATCH_ROWS)):
        data = b"\n".join(map(_as_json, batch))
        yield Block(
            data=data, rows=len(batch), first_row=first_row + done, file=file, file_row=done
        )
        done += len(batch)


def _as_json(row: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(row, default=_plain, option=_OPTIONS)
    except TypeError:  # lone surrogates, integers beyond 64 bits, deep nesting, keys of other kinds
        return json.dumps(_with_text_keys(row), default=_plain).encode()


def _with_text_keys(value: Any) -> Any:
    """The value with keys that JSON can say, so that no text in one stays unseen."""
    if isinstance(value, dict):
        return {
            key if isinstance(key, str) else str(key): _with_text_keys(each)
            for key, each in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_with_text_keys(each) for each in value]
    return value


def _plain(value: object) -> object:
    """The nearest thing that JSON can say, so that no text in a row stays unseen."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)


def _count_rows(data: bytes) -> int:
    """How many lines are not blank."""
    lines = data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
    # One that begins with the newline before is found much faster.
    if data[:1] not in b" \t\r\n" and _NEXT_BLANK.search(data) is None:
        return lines
    return lines - len(_BLANK.findall(data))
