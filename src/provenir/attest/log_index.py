"""The log's index: its tree in flat files, made from the lines and thrown away without loss.

`level-<k>` holds the hashes of tile level k (`attest.tiles`), `ends` the position behind each line
(8 bytes, big-endian), and `head.json` says how much of them counts: always whole tiles. The files
are a function of the lines, so whoever writes them writes the same bytes at the same places: a
process that is killed in between leaves more than the head counts, never something else. Nothing
is synced: what a power cut leaves fits its head, or is made anew.

Whoever can write here can write the log too. Still nothing is taken on trust: the head states the
root, the right edge has to give it, and a proof is checked before it is handed out. `check` reads
the lines alone.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from array import array
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from provenir.attest.tiles import HASH_BYTES, TILE_WIDTH
from provenir.core.document import DigestText, Document
from provenir.core.errors import InputError
from provenir.core.files import open_regular, read_bounded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["IndexHead", "LineEnds", "LogIndex"]

_END_BYTES: Final = 8
_HEAD: Final = "head.json"
_NEW_HEAD: Final = "head.json.new"
_ENDS: Final = "ends"
_MAX_HEAD_BYTES: Final = 4_096
_MAX: Final = 2**53 - 1
_TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES
_HELD_TILES: Final = 64


class IndexHead(Document):
    """How much of the index counts.

    Attributes:
        size: Entries, a multiple of 256.
        end: Position in the log behind the last of them.
        root: RFC 6962 root over them.
    """

    schema_version: Literal["log-index/1"] = "log-index/1"
    size: Annotated[int, Field(ge=0, le=_MAX, multiple_of=256)]
    end: Annotated[int, Field(ge=0, le=_MAX)]
    root: DigestText


class LogIndex:
    """The index in one folder.

    Args:
        folder: `log/index`; made by the first write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tiles: dict[tuple[int, int], bytes] = {}

    def head(self) -> IndexHead | None:
        """The head, None where there is none that can be read."""
        try:
            data = read_bounded(
                self.folder / _HEAD, max_bytes=_MAX_HEAD_BYTES, follow_symlinks=False
            )
            return IndexHead.from_bytes(data, where=str(self.folder))
        except InputError:
            return None

    def hashes(self, level: int, start: int, stop: int) -> bytes:
        """The hashes `start` to `stop` of a tile level.

        Raises:
            InputError: They are not there.
        """
        number, at = divmod(start, TILE_WIDTH)
        width = stop - start
        if at + width > TILE_WIDTH:
            return self._read(f"level-{level}", start * HASH_BYTES, width * HASH_BYTES)
        # A proof asks for eight neighbours of each tile: one read instead of eight.
        tile = self._tiles.get((level, number))
        if tile is None or len(tile) < (at + width) * HASH_BYTES:
            if len(self._tiles) >= _HELD_TILES:
                self._tiles.clear()
            tile = self._read(f"level-{level}", number * _TILE_BYTES, _TILE_BYTES, or_less=True)
            self._tiles[level, number] = tile
        found = tile[at * HASH_BYTES : (at + width) * HASH_BYTES]
        return self._whole(found, width * HASH_BYTES)

    def ends(self, start: int, stop: int) -> Sequence[int]:
        """The positions behind the entries `start` to `stop`.

        Raises:
            InputError: They are not there.
        """
        data = self._read(_ENDS, start * _END_BYTES, (stop - start) * _END_BYTES)
        return struct.unpack(f">{stop - start}Q", data)

    def write(
        self, head: IndexHead, start: int, levels: Sequence[bytes], ends: Sequence[int]
    ) -> None:
        """Go on with the index; the log's lock is held.

        Args:
            head: What counts from now on.
            start: How many entries the files had so far.
            levels: For each level the hashes that are new.
            ends: The positions behind the new entries.

        Raises:
            InputError: The files hold less than `start` entries.
            OSError: They cannot be written.
        """
        self._tiles.clear()
        self.folder.mkdir(exist_ok=True)
        if self.folder.is_symlink():
            raise OSError(errno.ELOOP, "the index is a link", str(self.folder))
        for level, new in enumerate(levels):
            if new:
                self._write(f"level-{level}", (start >> 8 * level) * HASH_BYTES, bytes(new))
        self._write(_ENDS, start * _END_BYTES, struct.pack(f">{len(ends)}Q", *ends))
        self._replace_head(head)

    def _read(self, name: str, offset: int, length: int, *, or_less: bool = False) -> bytes:
        with open_regular(self.folder / name, follow_symlinks=False) as file:
            data = os.pread(file.fileno(), length, offset)
        return data if or_less else self._whole(data, length)

    def _whole(self, data: bytes, length: int) -> bytes:
        if len(data) != length:
            raise InputError("the index is shorter than its head says", where=str(self.folder))
        return data

    def _write(self, name: str, offset: int, data: bytes) -> None:
        descriptor = _open_for_writing(self.folder / name)
        try:
            if os.fstat(descriptor).st_size < offset:
                raise InputError("the index is shorter than it was", where=str(self.folder))
            # In place and without truncating: a reader without the lock never finds less.
            written = 0
            while written < len(data):
                written += os.pwrite(descriptor, data[written:], offset + written)
        finally:
            os.close(descriptor)

    def _replace_head(self, head: IndexHead) -> None:
        """Rename a new head into place; `atomic_write` would sync twice for what may be lost."""
        descriptor = _open_for_writing(self.folder / _NEW_HEAD)
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, head.to_bytes())
        finally:
            os.close(descriptor)
        (self.folder / _NEW_HEAD).replace(self.folder / _HEAD)


def _open_for_writing(path: Path) -> int:
    """A descriptor that writes anywhere in a regular file, made when it is missing."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o644)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return descriptor


class LineEnds:
    """The positions behind all entries as one sequence: those of the index, then those here.

    Args:
        index: Where the first `stored` are.
        stored: How many the index has.
        new: Those behind.
    """

    __slots__ = ("_index", "new", "stored")

    def __init__(self, index: LogIndex, stored: int, new: array[int] | None = None) -> None:
        self._index = index
        self.stored = stored
        self.new: array[int] = array("Q") if new is None else new

    def __len__(self) -> int:
        return self.stored + len(self.new)

    def __getitem__(self, number: int) -> int:
        """One of them; a negative number counts from the end.

        Raises:
            InputError: The index does not have it.
        """
        wanted = number if number >= 0 else len(self) + number
        if wanted >= self.stored:
            return self.new[wanted - self.stored]
        return self._index.ends(wanted, wanted + 1)[0]
