"""One append-only file of a run: a line is one `write()`, unbuffered."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from provenir.core.errors import BoundsError
from provenir.core.files import open_append
from provenir.core.limits import MAX_DOCUMENT_BYTES

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["AppendFile"]


class AppendFile:
    """A file that is only ever appended to; made when it is not there.

    Args:
        path: Where it lies; a symbolic link is refused.

    Raises:
        OSError: It cannot be opened, or is no regular file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = open_append(path)
        try:
            self._torn = _ends_torn(self._descriptor)
        except BaseException:
            os.close(self._descriptor)
            raise

    def append(self, line: bytes) -> None:
        """Append one line; kept against `kill -9` once it returns.

        Raises:
            BoundsError: The line is longer than what a reader accepts.
            OSError: The disk refused it.
        """
        if len(line) > MAX_DOCUMENT_BYTES:
            raise BoundsError(f"a line of {len(line):,} bytes is not kept", where=self.path.name)
        # After a write that the disk cut short, a newline ends the stump: one line lost, not two.
        data = b"\n" + line if self._torn else line
        written = os.write(self._descriptor, data)
        self._torn = written < len(data)
        if self._torn:
            raise OSError(f"only {written} of {len(data)} bytes could be written")

    def is_in_place(self) -> bool:
        """Whether what was appended can still be found at the path."""
        try:
            there = self.path.stat(follow_symlinks=False)
        except OSError:
            return False
        return os.path.samestat(os.fstat(self._descriptor), there)

    def sync(self) -> None:
        """Flush to the disk itself."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Sync and close."""
        try:
            os.fsync(self._descriptor)
        finally:
            os.close(self._descriptor)


def _ends_torn(descriptor: int) -> bool:
    """Whether the last line has no newline, as an earlier process may have left it."""
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
