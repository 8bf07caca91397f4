"""Blocks of rows: what a scan holds of a corpus at a time.

A `RowBlock` is JSON Lines in a padded buffer. Plain JSON Lines are read by byte range, each range
by whoever scans it: a row belongs to the range in which its first byte lies. What else there is
(compressed files, Parquet, rows in memory) is read in order and handed on as the same blocks
(`row_blocks`). The memory that is held does not grow with the corpus.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.core.errors import InputError
from provenir.core.files import open_regular
from provenir.data.bounds import MAX_ROW_BYTES
from provenir.data.json_parser import BOM
from provenir.data.overlap.plain import PADDING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Buffers", "ByteRange", "RowBlock", "byte_ranges"]

_TAIL_BYTES: Final = 1 << 16
_NEWLINE: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowBlock:
    """Rows that are scanned together.

    Attributes:
        buf: uint8, the rows as JSON Lines, and at least `PADDING` more.
        size: How many bytes are rows.
        offset: Byte of the content at which the block begins; None where rows are not stored one
            after the other.
        lines: Ends of lines in the part of the content that this block stands for.
        lines_before: How many of them are before its first row.
        too_long: Bytes of the content at which a row begins that is longer than `MAX_ROW_BYTES`,
            and is not in `buf`; it comes behind the rows that are.
        leaves: Hashes of the chunks of the part as leaves of the corpus' tree, where it has some.
        ends: int64, ascending: where in `buf` lines end; None where that was not looked up.
        advance: What to tell a progress bar once it is scanned.
        rows: The rows as they were given, where they were in memory.
    """

    buf: NDArray[np.uint8]
    size: int
    offset: int | None = None
    lines: int = 0
    lines_before: int = 0
    too_long: int | None = None
    leaves: tuple[bytes, ...] = ()
    ends: NDArray[Any] | None = None
    advance: int = 0
    rows: tuple[Any, ...] | None = None

    def line_ends(self) -> NDArray[Any]:
        """Return where in `buf` lines end, int64 and ascending."""
        if self.ends is not None:
            return self.ends
        return np.flatnonzero(self.buf[: self.size] == _NEWLINE)


class Buffers:
    """Memory that blocks take in turn, so that none is asked for while a scan goes on."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._free: SimpleQueue[bytearray] = SimpleQueue()

    def take(self, size: int) -> bytearray:
        """Return memory of at least so many bytes; what it holds is left over."""
        if size > self._size:
            return bytearray(size)
        try:
            return self._free.get_nowait()
        except Empty:
            return bytearray(self._size)

    def give(self, buffer: bytearray) -> None:
        """Take memory back."""
        if len(buffer) == self._size:
            self._free.put(buffer)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteRange:
    """A part of a plain JSON Lines file.

    Attributes:
        path: The file.
        start: Its first byte.
        end: The byte behind it.
        size: Bytes of the file when the scan began.
        modified: Its time of change then, in nanoseconds.
        chunk: Bytes of a leaf of the corpus' tree.
    """

    path: Path
    start: int
    end: int
    size: int
    modified: int
    chunk: int

    def read(self, buffers: Buffers) -> tuple[RowBlock, bytearray]:
        """Read the rows that begin in the range.

        Returns:
            The block, and the memory that it stands in.

        Raises:
            InputError: The file cannot be read, or is not what it was.
        """
        # One byte before the range tells whether a row begins with it.
        base = max(self.start - 1, 0)
        length = self.end - base
        buffer = buffers.take(length + _TAIL_BYTES + PADDING)
        with open_regular(self.path) as stream:
            descriptor = stream.fileno()
            self._check(descriptor)
            self._fill(descriptor, buffer, 0, length, base)
            leaves = self._leaves(memoryview(buffer)[self.start - base : length])
            first = self._first_row(buffer, length)
            last = buffer.rfind(b"\n", 0, length) + 1
            end, buffer = self._end(descriptor, buffer, max(first, last), length, base)
        block = self._block(buffer, first, end, base, leaves, length)
        return block, buffer

    def _leaves(self, own: memoryview) -> tuple[bytes, ...]:
        leaves = []
        for begin in range(0, len(own), self.chunk):
            leaf = hashlib.sha256(b"\x00")
            leaf.update(own[begin : begin + self.chunk])
            leaves.append(leaf.digest())
        return tuple(leaves)

    def _block(
        self,
        buffer: bytearray,
        first: int,
        end: int | None,
        base: int,
        leaves: tuple[bytes, ...],
        length: int,
    ) -> RowBlock:
        whole = np.frombuffer(buffer, np.uint8)
        inside = first < length
        stop = end if end is not None else max(first, buffer.rfind(b"\n", 0, length) + 1)
        begin = min(first, length)
        size = stop - begin if inside else 0
        own: NDArray[Any] = np.flatnonzero(whole[self.start - base : length] == _NEWLINE) + (
            self.start - base
        )
        before = int(np.searchsorted(own, begin))
        ends: NDArray[Any] = own[before:] - begin
        if stop > length and buffer[stop - 1] == _NEWLINE:
            ends = np.append(ends, stop - 1 - begin)
        return RowBlock(
            buf=whole[begin:],
            size=size,
            offset=base + begin,
            lines=len(own),
            lines_before=before,
            too_long=base + stop if inside and end is None else None,
            leaves=leaves,
            ends=ends[: np.searchsorted(ends, size)],
            advance=self.end - self.start,
        )

    def _check(self, descriptor: int) -> None:
        found = os.fstat(descriptor)
        if (found.st_size, found.st_mtime_ns) != (self.size, self.modified):
            raise InputError(
                "the file changed while it was read",
                where=str(self.path),
                mend="wait until its writer is done, or copy it first",
            )

    def _fill(self, descriptor: int, buffer: bytearray, at: int, length: int, base: int) -> None:
        """Read bytes of the file, those from `base + at` to `base + length`."""
        view = memoryview(buffer)
        while at < length:
            try:
                count = os.preadv(descriptor, [view[at:length]], base + at)
            except OSError as error:
                raise InputError(f"cannot read: {error.strerror}", where=str(self.path)) from error
            if not count:
                raise InputError("the file became shorter while it was read", where=str(self.path))
            at += count

    def _first_row(self, buffer: bytearray, length: int) -> int:
        """Where in the buffer the first row begins; `length` or more where none does."""
        if self.start == 0:
            return len(BOM) if buffer.startswith(BOM) and length >= len(BOM) else 0
        found = buffer.find(b"\n", 0, length)
        return length if found < 0 else found + 1

    def _end(
        self, descriptor: int, buffer: bytearray, row: int, length: int, base: int
    ) -> tuple[int | None, bytearray]:
        """Read on to the end of the last row; None where it is too long to be one.

        Args:
            descriptor: The open file.
            buffer: What was read so far.
            row: Where in it the last row begins.
            length: How much was read.
            base: Byte of the file at which the buffer begins.
        """
        at, step = length, _TAIL_BYTES
        if row >= length:
            return length, buffer
        while base + at < self.size:
            if at - row > MAX_ROW_BYTES:
                return None, buffer
            more = min(step, self.size - base - at)
            if at + more + PADDING > len(buffer):
                larger = bytearray(at + max(more, step) + PADDING)
                larger[:at] = buffer[:at]
                buffer = larger
            self._fill(descriptor, buffer, at, at + more, base)
            found = buffer.find(b"\n", at, at + more)
            at += more
            if found >= 0:
                return found + 1, buffer
            step *= 2
        return (None if at - row > MAX_ROW_BYTES else at), buffer


def byte_ranges(
    path: Path, size: int, modified: int, chunk: int, chunks: int = 1
) -> Iterator[ByteRange]:
    """Yield the ranges of a file, each of so many chunks of so many bytes but the last.

    A chunk is never so short that a byte order mark, which is no part of a row, fills the first.
    """
    chunk = max(chunk, len(BOM) + 1)
    length = chunk * chunks
    for start in range(0, size, length):
        yield ByteRange(
            path=path,
            start=start,
            end=min(start + length, size),
            size=size,
            modified=modified,
            chunk=chunk,
        )
