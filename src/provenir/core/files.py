"""Files that survive a crash on the way out and are bounded on the way in.

`atomic_write` leaves either the old content or the new one. `open_append` and the readers open
regular files only and never block on a FIFO; the readers never allocate more than they were told,
and say in one line what is wrong. `FileLock` (see `core.lock`) and the strict JSON reader (see
`core.strict_json`) are re-exported here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from provenir.core.errors import BoundsError, InputError
from provenir.core.limits import MAX_DOCUMENT_BYTES
from provenir.core.lock import FileLock
from provenir.core.strict_json import parse_json

__all__ = [
    "FileLock",
    "LineReader",
    "atomic_write",
    "open_append",
    "open_regular",
    "parse_json",
    "read_bounded",
    "read_json",
    "read_lines",
    "sync_folder",
]

_READ_BUFFER_BYTES: Final = 1024 * 1024
_NO_HARD_LINKS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""What `link(2)` says on FAT, exFAT and some network and user-space file systems."""
_ANOTHER_COPY: Final = "check the disk, or read another copy"


def atomic_write(
    path: str | Path, data: bytes | Iterable[bytes], *, mode: int = 0o644, replace: bool = True
) -> None:
    """Write a file so that a crash leaves the former content or all of the new one.

    The data goes to a new file in the same folder, is synced, renamed over `path`, and the folder
    is synced. A symbolic link at `path` is replaced, not followed.

    Args:
        path: The file; its folder must exist.
        data: The whole content, or its pieces; what they raise leaves no file behind.
        mode: Permission bits of the new file; the process's umask narrows them.
        replace: Whether a file that is there may be replaced. Where not, and where the file system
            knows no hard links, a crash may leave an empty file.

    Raises:
        FileExistsError: Something is there already, and may not be replaced.
        OSError: The folder is missing or cannot be written; nothing is left behind. It names
            `path`, not the temporary file.
    """
    target = Path(path)
    temporary = target.parent / f".tmp-{os.getpid()}-{secrets.token_hex(8)}"
    try:
        _write_and_rename(temporary, target, data, mode, replace=replace)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error
    sync_folder(target.parent)


def _write_and_rename(
    temporary: Path, target: Path, data: bytes | Iterable[bytes], mode: int, *, replace: bool
) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(temporary, flags, mode)
    try:
        try:
            for piece in (data,) if isinstance(data, bytes) else data:
                _write_all(descriptor, piece)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if replace:
            os.replace(temporary, target)  # noqa: PTH105 - the pair of the calls around it
        else:
            _rename_to_new(temporary, target, mode)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _rename_to_new(temporary: Path, target: Path, mode: int) -> None:
    """Give a file its name where nothing has it."""
    try:
        os.link(temporary, target)  # unlike a rename, it fails where something is
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
    else:
        temporary.unlink()
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    os.close(os.open(target, flags, mode))  # the name is ours from here on
    try:
        os.replace(temporary, target)  # noqa: PTH105 - the pair of the calls around it
    except BaseException:
        with contextlib.suppress(OSError):
            target.unlink()
        raise


def _write_all(descriptor: int, data: bytes) -> None:
    remaining = memoryview(data)
    while remaining:
        remaining = remaining[os.write(descriptor, remaining) :]


def sync_folder(folder: Path) -> None:
    """Make a rename or a new name in `folder` durable where the file system can; never raises."""
    # It has happened: a folder that may not be read, or a network file system that cannot sync
    # one, is no reason to report a failed write.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def open_regular(path: str | Path, *, follow_symlinks: bool = True) -> BinaryIO:
    """Open a regular file for reading.

    Args:
        path: The file.
        follow_symlinks: Whether the last component of the path may be a symbolic link.

    Raises:
        InputError: There is no such file, it may not be read, or it is a folder, FIFO, socket,
            device, or a link that may not be followed. A FIFO is refused without waiting for a
            writer.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    if not follow_symlinks:
        flags |= os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError as error:
        raise InputError("no such file", where=str(path), mend="check the path") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"cannot open: {why}", where=str(path), mend="check the path and its permissions"
        ) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InputError(
                "not a regular file", where=str(path), mend="give a file, not a folder or a pipe"
            )
        os.set_blocking(descriptor, True)
        return os.fdopen(descriptor, "rb", buffering=_READ_BUFFER_BYTES)
    except BaseException:
        os.close(descriptor)
        raise


def open_append(path: str | Path) -> int:
    """Open a regular file for reading and appending, and make it when it is missing.

    Args:
        path: The file; a link is not followed, a FIFO not waited for.

    Returns:
        A descriptor whose writes go to the end; the caller's to close.

    Raises:
        OSError: It cannot be opened, or is a link or no regular file.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o644)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        os.set_blocking(descriptor, True)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_bounded(
    path: str | Path, *, max_bytes: int = MAX_DOCUMENT_BYTES, follow_symlinks: bool = True
) -> bytes:
    """Return the bytes of a regular file of at most `max_bytes`.

    Raises:
        BoundsError: The file is larger.
        InputError: The file cannot be opened or read (see `open_regular`).
    """
    with open_regular(path, follow_symlinks=follow_symlinks) as stream:
        try:
            data = stream.read(max_bytes + 1)
        except OSError as error:
            raise InputError(
                f"cannot read: {error.strerror}", where=str(path), mend=_ANOTHER_COPY
            ) from error
    if len(data) > max_bytes:
        raise BoundsError(
            f"larger than {max_bytes:,} bytes",
            where=str(path),
            mend="check that this is the file that was meant",
        )
    return data


def read_json(path: str | Path, *, max_bytes: int = MAX_DOCUMENT_BYTES, max_depth: int = 64) -> Any:
    """Return the value of a JSON file, read by the strict rules of `parse_json`.

    Raises:
        BoundsError: The file is too large or its value too deep.
        InputError: The file cannot be read or is not strict JSON.
    """
    return parse_json(read_bounded(path, max_bytes=max_bytes), where=str(path), max_depth=max_depth)


class LineReader(Iterator[tuple[int, bytes]]):
    """The whole lines of an append-only file, and what a crash left after them.

    Iterating yields (line number from 1, bytes without the newline). A last line without its
    newline is torn: it is not yielded; after the iteration `torn` holds it.

    Attributes:
        torn: The bytes after the last newline, or None where the file ends in one.
    """

    def __init__(self, path: str | Path, *, max_line_bytes: int = MAX_DOCUMENT_BYTES) -> None:
        self.torn: bytes | None = None
        self._where = str(path)
        self._max_line_bytes = max_line_bytes
        self._number = 0
        self._stream = open_regular(path)

    def __next__(self) -> tuple[int, bytes]:
        if self._stream.closed:
            raise StopIteration
        try:
            line = self._stream.readline(self._max_line_bytes + 1)
        except OSError as error:
            self.close()
            raise InputError(
                f"cannot read: {error.strerror}", where=self._where, mend=_ANOTHER_COPY
            ) from error
        if line.endswith(b"\n"):
            self._number += 1
            return self._number, line[:-1]
        self.close()
        if len(line) > self._max_line_bytes:
            raise BoundsError(
                f"a line longer than {self._max_line_bytes:,} bytes",
                where=f"{self._where}:{self._number + 1}",
            )
        self.torn = line or None
        raise StopIteration

    def close(self) -> None:
        """Close the file; further iteration ends. Reading to the end closes it too."""
        self._stream.close()

    def __del__(self) -> None:
        stream = getattr(self, "_stream", None)
        if stream is not None:
            stream.close()


def read_lines(path: str | Path, *, max_line_bytes: int = MAX_DOCUMENT_BYTES) -> LineReader:
    """Iterate over a file's lines as (number from 1, bytes without the newline).

    Args:
        path: The file.
        max_line_bytes: Longest line accepted.

    Returns:
        An iterator that yields whole lines only and, once exhausted, says in its attribute
        `torn` what stands after the last newline.

    Raises:
        InputError: The file cannot be opened.
        BoundsError: While iterating, at a line that is too long.
    """
    return LineReader(path, max_line_bytes=max_line_bytes)
