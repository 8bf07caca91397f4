"""A file of the log: complete lines are entries, a last line without its newline is a torn one.

Lines are written by one `write` and count from the moment their newline is there. A process that
dies in between leaves a tail that no reader takes for an entry and that the next append cuts off.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, BinaryIO, Final

from provenir.core.errors import BoundsError, InputError
from provenir.core.files import open_append, open_regular
from provenir.core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "MAX_ENTRY_BYTES",
    "append_lines",
    "complete_lines",
    "cut_tail",
    "open_log",
]

MAX_ENTRY_BYTES: Final = 64 * 1024


def open_log(path: Path, *, write: bool) -> BinaryIO:
    """Open the log's file; nothing but a regular file is a log.

    Args:
        path: The file; a link is not followed, a pipe not waited for.
        write: Open it for reading and appending, and make it when it is missing.

    Raises:
        InputError: It is missing, a link, no regular file, or may not be opened.
    """
    try:
        if write:  # appending goes past this buffer, straight to the descriptor
            return os.fdopen(open_append(path), "rb")
        return open_regular(path, follow_symlinks=False)
    except (InputError, OSError) as fault:
        raise InputError(_why_not(path, fault), where=str(path)) from fault


def _why_not(path: Path, fault: InputError | OSError) -> str:
    if isinstance(fault.__cause__ or fault, FileNotFoundError):
        return "no log here"
    why = fault.what if isinstance(fault, InputError) else fault.strerror
    return f"cannot open the log: {'it is a link' if path.is_symlink() else why}"


def complete_lines(file: BinaryIO, *, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield the entries from an offset on.

    Args:
        file: An open log.
        start: Offset of the first byte of a line.

    Yields:
        The offset behind the line, and the line without its newline.

    Raises:
        BoundsError: A line is longer than any that the log writes.
    """
    offset = start
    file.seek(start)
    while line := file.readline(MAX_ENTRY_BYTES + 1):
        if not line.endswith(b"\n"):
            if len(line) > MAX_ENTRY_BYTES:
                raise BoundsError(
                    f"a line beyond {MAX_ENTRY_BYTES} bytes: no entry of this log",
                    where=f"byte {offset}",
                    mend="keep the file as evidence and begin a log in another folder",
                )
            return
        offset += len(line)
        yield offset, line[:-1]


def cut_tail(file: BinaryIO, end: int) -> Finding | None:
    """Cut what stands behind the last complete line.

    Args:
        file: A log open for writing, under its lock.
        end: Offset behind the last complete line.

    Returns:
        What was cut, or None when there was nothing.
    """
    torn = os.pread(file.fileno(), MAX_ENTRY_BYTES + 1, end)
    if not torn:
        return None
    os.ftruncate(file.fileno(), end)
    return Finding(
        kind="torn_tail_cut",
        severity="warning",
        detail=f"{len(torn)} bytes of an entry that was never finished were cut from the log",
        data={"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()},
    )


def append_lines(file: BinaryIO, lines: bytes, end: int) -> None:
    """Append complete lines and have them on disk, or leave the file as it was.

    Args:
        file: A segment open for writing, under the log's lock.
        lines: Entries, each with its newline.
        end: Offset behind the last complete line.

    Raises:
        OSError: The disk is full or failing; the segment then ends at `end` as before.
    """
    fd = file.fileno()
    try:
        rest = memoryview(lines)
        while rest:
            rest = rest[os.write(fd, rest) :]
        os.fsync(fd)
    except BaseException:
        os.ftruncate(fd, end)
        raise
