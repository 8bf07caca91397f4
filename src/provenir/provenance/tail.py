"""`Tail`: the lines of an append-only file as they come, in bounded memory.

Rules: only whole lines are handed over; what stands after the last newline waits for its end. The
file may not be there yet, and may go. One that was replaced, cut short or written anew is read from
its beginning, and the reader is told so, because what it gathered belongs to another file. A line
longer than other readers accept is left out and counted.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

from provenir.core.errors import InputError
from provenir.core.files import open_regular
from provenir.core.limits import MAX_DOCUMENT_BYTES

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

__all__ = ["News", "Tail"]

READ_BYTES: Final = 2**20
_HEAD_BYTES: Final = 64
"""Enough to tell a file from another in its place: a record begins with its step and time."""


class News(NamedTuple):
    """What one look at a file brought.

    Attributes:
        lines: The new lines, without their newlines.
        replaced: Whether the file is another than before; then `lines` begin at its beginning.
        more: Whether further lines wait.
    """

    lines: list[bytes]
    replaced: bool = False
    more: bool = False


class Tail:
    """Follows one file.

    Args:
        path: The file; it need not be there.
        read_bytes: Bytes of one reading, more only where a single line needs it.
        max_line_bytes: Longest line.

    Attributes:
        overlong: Lines that were left out.
        has_torn_end: Whether the file ended without a newline when it was last looked at.
    """

    def __init__(
        self,
        path: Path,
        *,
        read_bytes: int = READ_BYTES,
        max_line_bytes: int = MAX_DOCUMENT_BYTES,
    ) -> None:
        self.path = path
        self.overlong = 0
        self.has_torn_end = False
        self._read_bytes = read_bytes
        self._max_line_bytes = max_line_bytes
        self._file: tuple[int, int] | None = None
        self._seen: tuple[int, int] | None = None
        self._offset = 0
        self._head = b""
        self._inside = False

    def read(self) -> News:
        """Return what is new. Never raises for what the file is or becomes."""
        try:
            stream = open_regular(self.path)
        except InputError:
            return News([])
        with stream:
            try:
                return self._news(stream)
            except OSError:
                return News([])

    def _news(self, stream: BinaryIO) -> News:
        descriptor = stream.fileno()
        state = os.fstat(descriptor)
        file, seen = (state.st_dev, state.st_ino), (state.st_size, state.st_mtime_ns)
        if (file, seen) == (self._file, self._seen):
            return News([])
        replaced = self._file is not None and (
            file != self._file
            or state.st_size < self._offset
            or os.pread(descriptor, len(self._head), 0) != self._head
        )
        if replaced:
            self._offset, self._head, self._inside = 0, b"", False
        size = self._read_bytes
        data = os.pread(descriptor, size, self._offset)
        while b"\n" not in data and len(data) == size <= self._max_line_bytes:
            size *= 2
            data = os.pread(descriptor, size, self._offset)
        more = len(data) == size
        lines = self._whole_lines(data)
        if len(self._head) < _HEAD_BYTES:
            self._head = os.pread(descriptor, min(_HEAD_BYTES, self._offset), 0)
        self._file, self._seen = file, None if more else seen
        return News(lines, replaced, more)

    def _whole_lines(self, data: bytes) -> list[bytes]:
        end = data.rfind(b"\n") + 1
        self.has_torn_end = end < len(data)
        if not end:
            if len(data) > self._max_line_bytes:
                self._offset += len(data)
                self.overlong += not self._inside
                self._inside = True
            return []
        self._offset += end
        lines = data[: end - 1].split(b"\n")
        if self._inside:
            del lines[0]
            self._inside = False
        return lines
