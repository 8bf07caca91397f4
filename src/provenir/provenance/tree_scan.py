"""Every file of a folder read once, for both identities of a model.

The scan notes faults instead of stopping at the first: a comparison wants to name them all. Links,
FIFOs, sockets and devices are never opened; neither is anything that stands behind them.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from provenir.core.errors import BoundsError, InputError
from provenir.provenance.safetensors_header import (
    LENGTH_BYTES,
    TensorEntry,
    header_length,
    parse_header,
)

__all__ = ["Progress", "ScannedFile", "Tensor", "TreeScan", "listing", "scan_tree"]

Progress = Callable[[int], None]
"""Called with the number of bytes read since the last call."""

_CHUNK: Final = 2**22
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
        sha256: lower-case hex digest of its bytes.
        size: bytes.
        tensors: tensors of a safetensors file, else empty.
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


def scan_tree(path: Path, *, progress: Progress | None = None) -> TreeScan:
    """Read a folder or a single regular file; the path itself may be a link, its content not.

    Raises:
        InputError: the path does not exist or is neither a folder nor a regular file.
        BoundsError: more than 500,000 entries.
    """
    scan = TreeScan()
    if path.is_dir():
        for name, file in _walk(path, scan):
            _read_into(scan, name, file, progress)
    elif path.is_file():
        fault = _name_fault(path.name)
        if fault:
            scan.refused[_visible(path.name)] = fault
        else:
            _read_into(scan, path.name, path.resolve(), progress)
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


def _read_into(scan: TreeScan, name: str, path: Path, progress: Progress | None) -> None:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        scan.refused[name] = f"it cannot be read ({error.strerror})"
        return
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            scan.refused[name] = "not a regular file (FIFO, socket or device)"
            return
        file = _read(name, stream, state.st_size, progress)
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


def _read(name: str, stream: BinaryIO, size: int, progress: Progress | None) -> ScannedFile:
    reader = _Hashing(stream, progress)
    tensors: tuple[Tensor, ...] = ()
    problem = None
    if name.endswith(".safetensors"):
        try:
            tensors = _read_tensors(reader, size, name)
        except InputError as error:
            problem = error.what
    for _ in reader.chunks(None):
        pass  # the rest of the file counts for its own digest only
    return ScannedFile(name, reader.whole.hexdigest(), reader.size, tensors, problem)


def _read_tensors(reader: _Hashing, size: int, name: str) -> tuple[Tensor, ...]:
    prefix = b"".join(reader.chunks(LENGTH_BYTES))
    length = header_length(prefix, size, where=name)
    header = b"".join(reader.chunks(length))
    entries = parse_header(header, size - LENGTH_BYTES - length, where=name)
    tensors = []
    for entry in entries:
        digest = hashlib.sha256()
        for chunk in reader.chunks(entry.end - entry.begin):
            digest.update(chunk)
        tensors.append(Tensor(entry, digest.hexdigest()))
    return tuple(tensors)


class _Hashing:
    """Reads a stream piece by piece; everything that was read is in `whole`."""

    def __init__(self, stream: BinaryIO, progress: Progress | None) -> None:
        self.whole = hashlib.sha256()
        self.size = 0
        self._stream = stream
        self._progress = progress

    def chunks(self, count: int | None) -> Iterator[bytes]:
        """Yield the next `count` bytes (None: all that is left) in bounded pieces."""
        left = count
        while left is None or left > 0:
            chunk = self._stream.read(_CHUNK if left is None else min(_CHUNK, left))
            if not chunk:
                return
            self.whole.update(chunk)
            self.size += len(chunk)
            if left is not None:
                left -= len(chunk)
            if self._progress is not None:
                self._progress(len(chunk))
            yield chunk
