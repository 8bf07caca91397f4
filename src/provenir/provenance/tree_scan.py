"""Every file of a folder read once, for one identity of a model or for both.

The scan notes faults instead of stopping at the first: a comparison wants to name them all. Links,
FIFOs, sockets and devices are never opened; neither is anything that stands behind them.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Final

from provenir.core.errors import BoundsError, InputError
from provenir.provenance.safetensors_header import (
    LENGTH_BYTES,
    SAFETENSORS_SUFFIX,
    TensorEntry,
    header_length,
    parse_header,
)

__all__ = ["Progress", "ScannedFile", "Tensor", "TreeScan", "listing", "scan_tree"]

Progress = Callable[[int], None]
"""Called with the number of bytes read since the last call."""

_BUFFER_BYTES: Final = 2**20
"""What is hashed twice is still in the processor's cache the second time."""
_MAX_ENTRIES: Final = 500_000


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: what its header states, and the lower-case hex SHA-256 of its bytes."""

    entry: TensorEntry
    sha256: str


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """One regular file.

    Attributes:
        name: path relative to the folder, forward slashes.
        sha256: lower-case hex digest of its bytes; empty when only tensors were asked for.
        size: bytes.
        tensors: tensors of a safetensors file; empty for others and when not asked for.
        problem: why its tensors could not be read, or None.
    """

    name: str
    sha256: str
    size: int
    tensors: tuple[Tensor, ...] = ()
    problem: str | None = None


@dataclass(slots=True)
class TreeScan:
    """What a folder, or a single file, holds.

    Attributes:
        files: regular files, bytewise by name.
        refused: name -> why, for what is neither a regular file nor a folder, or has a bad name.
        empty_folders: folders without any entry; no file digest covers them.
    """

    files: list[ScannedFile] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    empty_folders: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether there are files, all of them whole, and nothing else."""
        whole = all(file.problem is None for file in self.files)
        return bool(self.files) and whole and not self.refused


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is hashed while a file is read, and who is told of the bytes."""

    files: bool
    tensors: bool
    progress: Progress | None


def scan_tree(
    path: Path, *, files: bool = True, tensors: bool = True, progress: Progress | None = None
) -> TreeScan:
    """Read a folder or a single regular file; the path itself may be a link, its content not.

    Args:
        path: the folder or file.
        files: take the digest of every file; without it only safetensors files are read.
        tensors: take the digest of every tensor. Headers are read and judged in any case.
        progress: called with the bytes read since the last call.

    Raises:
        InputError: the path does not exist or is neither a folder nor a regular file.
        BoundsError: more than 500,000 entries.
    """
    scan, wanted = TreeScan(), _Wanted(files, tensors, progress)
    if path.is_dir():
        for name, file in _walk(path, scan):
            _read_into(scan, name, file, wanted)
    elif path.is_file():
        fault = _name_fault(path.name)
        if fault:
            scan.refused[_visible(path.name)] = fault
        else:
            _read_into(scan, path.name, path.resolve(), wanted)
    else:
        raise InputError(
            "no such file or folder" if not path.exists() else "neither a file nor a folder",
            where=str(path),
            mend="give the folder or the file of a model",
        )
    scan.files.sort(key=lambda file: file.name.encode())
    return scan


def listing(path: Path) -> Iterator[tuple[str, int]]:
    """Yield name and size of what `scan_tree` would read, without reading it.

    Raises:
        BoundsError: more than 500,000 entries.
    """
    found = _walk(path, TreeScan()) if path.is_dir() else iter([(path.name, path)])
    for name, file in found:
        try:
            yield name, file.stat().st_size
        except OSError:
            continue  # gone since it was listed: the scan itself will say so


def _walk(top: Path, scan: TreeScan) -> Iterator[tuple[str, Path]]:
    pending: list[tuple[str, Path]] = [("", top)]
    seen = 0
    while pending:
        prefix, folder = pending.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:  # not ours to read, or a path longer than the system takes
            scan.refused[_visible(prefix) or "."] = f"it cannot be read ({error.strerror})"
            continue
        if not entries and prefix:
            scan.empty_folders.append(prefix)
        seen += len(entries)
        if seen > _MAX_ENTRIES:
            raise BoundsError(f"a folder of more than {_MAX_ENTRIES} entries", where=str(top))
        for entry in entries:
            name = prefix + entry.name
            fault = _name_fault(entry.name) or _kind_fault(entry)
            if fault:
                scan.refused[_visible(name)] = fault
            elif entry.is_dir(follow_symlinks=False):
                pending.append((name + "/", Path(entry.path)))
            else:
                yield name, Path(entry.path)


def _name_fault(name: str) -> str | None:
    if "\n" in name:
        return "a newline in its name"
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "a name that is not UTF-8"
    return None


def _visible(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _kind_fault(entry: os.DirEntry[str]) -> str | None:
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return None
    return "not a regular file (FIFO, socket or device)"


def _read_into(scan: TreeScan, name: str, path: Path, wanted: _Wanted) -> None:
    if not wanted.files and not name.endswith(SAFETENSORS_SUFFIX):
        return
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        scan.refused[name] = f"it cannot be read ({error.strerror})"
        return
    with FileIO(descriptor, "rb") as stream:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            scan.refused[name] = "not a regular file (FIFO, socket or device)"
            return
        file = _read(name, stream, state.st_size, wanted)
        if file.size != state.st_size or _state_now(descriptor, path) != _state(state):
            scan.refused[name] = "it changed while it was read"
            return
    scan.files.append(file)


def _state(status: os.stat_result) -> tuple[int, ...]:
    """What every write to a file changes, and which file it is."""
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _state_now(descriptor: int, path: Path) -> tuple[int, ...] | None:
    """The state of an open file, or None when the path leads to another one by now."""
    try:
        named = _state(path.stat(follow_symlinks=False))
    except OSError:
        return None  # removed while it was read
    return named if named == _state(os.fstat(descriptor)) else None


def _read(name: str, stream: FileIO, size: int, wanted: _Wanted) -> ScannedFile:
    reader = _Reader(stream, size, wanted)
    tensors: tuple[Tensor, ...] = ()
    problem = None
    if name.endswith(SAFETENSORS_SUFFIX):
        try:
            entries = _read_header(reader, size, name)
        except InputError as error:
            problem = error.what
        else:
            tensors = _read_tensors(reader, entries) if wanted.tensors else ()
    reader.finish()
    sha256 = "" if reader.whole is None else reader.whole.hexdigest()
    return ScannedFile(name, sha256, reader.size, tensors, problem)


def _read_header(reader: _Reader, size: int, name: str) -> list[TensorEntry]:
    length = header_length(reader.take(LENGTH_BYTES), size, where=name)
    return parse_header(reader.take(length), size - LENGTH_BYTES - length, where=name)


def _read_tensors(reader: _Reader, entries: Iterable[TensorEntry]) -> tuple[Tensor, ...]:
    return tuple(Tensor(entry, reader.digest(entry.end - entry.begin)) for entry in entries)


class _Reader:
    """Reads a stream through one buffer; everything that was read is in `whole`.

    The bytes are read, not mapped: a mapped file that is cut short meanwhile kills the process.
    """

    def __init__(self, stream: FileIO, size: int, wanted: _Wanted) -> None:
        self.whole = hashlib.sha256() if wanted.files else None
        self.size = 0
        self._stream = stream
        self._progress = wanted.progress
        self._buffer = memoryview(bytearray(max(1, min(size, _BUFFER_BYTES))))
        self._held = self._buffer[:0]

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer at the end of the file."""
        return b"".join(bytes(piece) for piece in self._pieces(count))

    def digest(self, count: int) -> str:
        """Return the SHA-256 of the next `count` bytes, fewer at the end of the file."""
        state = hashlib.sha256()
        for piece in self._pieces(count):
            state.update(piece)
        return state.hexdigest()

    def finish(self) -> None:
        """Read what is left: it counts for the digest of the file only."""
        while self._fill():
            pass

    def _pieces(self, count: int) -> Iterator[memoryview]:
        """Yield the next bytes in pieces, each overwritten when the next one is asked for."""
        while count > 0 and (self._held or self._fill()):
            piece = self._held[:count]
            self._held = self._held[count:]
            count -= len(piece)
            yield piece

    def _fill(self) -> int:
        got = self._stream.readinto(self._buffer)
        self._held = self._buffer[:got]
        self.size += got
        if self.whole is not None:
            self.whole.update(self._held)
        if self._progress is not None and got:
            self._progress(got)
        return got
