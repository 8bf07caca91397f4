"""The tree over a log's lines: whole tiles from the index as far as it holds, the rest in memory.

Opening it reads the index's head, proves the right edge against it, looks whether the last line
that it covers still stands where it was, and then reads only the lines behind. Where anything of
that fails the index counts for nothing, and every line is read.

Growing needs the unfinished tile of each level alone, and that stays in memory: an index that
vanishes or fails later spoils no append.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from provenir.attest.log_index import IndexHead, LineEnds, LogIndex
from provenir.attest.tiles import HASH_BYTES, TILE_WIDTH, peaks, range_root, tile_root
from provenir.core.digest import format_digest
from provenir.core.errors import InputError
from provenir.core.merkle import Frontier, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from provenir.attest.segments import Segments

__all__ = ["INDEX_FOLDER", "LogTree"]

INDEX_FOLDER: Final = "index"


class LogTree:
    """The lines of a log that were read so far, as a tree.

    Args:
        folder: The log's folder.

    Attributes:
        end: Position in the log behind the last line that was read.
        ordinal: The segment of that line.
        in_segment: How many of the entries are in that segment.
    """

    def __init__(self, folder: Path) -> None:
        self._index = LogIndex(folder / INDEX_FOLDER)
        self._frontier = Frontier()
        # Of each tile level the hashes from a tile's beginning on, and which one is the first.
        self._levels = [bytearray()]
        self._firsts = [0]
        self._ends = LineEnds(self._index, 0)
        self._last = b""
        self._file_id: tuple[int, int] | None = None
        self.ordinal: int | None = None
        self.end = 0
        self.in_segment = 0

    @classmethod
    def opened(cls, folder: Path, segments: Segments, *, for_writing: bool = False) -> LogTree:
        """Begin with what the index has, or with nothing where it does not fit the lines.

        Args:
            folder: The log's folder.
            segments: The log as it is now.
            for_writing: Find out `in_segment` too, which a reader has no use for.
        """
        tree = cls(folder)
        try:
            if tree._load(segments):
                if for_writing:
                    start = segments.starts[segments.at(tree.end - 1)]
                    tree.in_segment = tree.n - bisect_right(tree._ends, start)
                return tree
            return cls(folder)
        except (InputError, OSError, ValueError):
            return cls(folder)

    @property
    def n(self) -> int:
        """How many entries were read."""
        return self._frontier.n

    @property
    def indexed(self) -> int:
        """How many entries the index has."""
        return self._ends.stored

    def root(self, size: int | None = None) -> bytes:
        """RFC 6962 root over the first `size` entries, all unless given.

        Raises:
            InputError: The index does not have what it should.
        """
        if size is None or size == self.n:
            return self._frontier.root()
        return range_root(self, 0, size)

    def hashes(self, level: int, start: int, stop: int) -> bytes:
        """The hashes `start` to `stop` of a tile level.

        Raises:
            InputError: The index does not have what it should.
        """
        first = self._firsts[level] if level < len(self._firsts) else 0
        if start >= first:
            return bytes(
                self._levels[level][(start - first) * HASH_BYTES : (stop - first) * HASH_BYTES]
            )
        before = self._index.hashes(level, start, min(stop, first))
        return before if stop <= first else before + self.hashes(level, first, stop)

    def take(self, lines: Sequence[bytes], start: int) -> list[bytes]:
        """Go on by lines that begin at a position one behind the other.

        Returns:
            Their leaf hashes.
        """
        append, push = self._frontier.append_hash, self._ends.new.append
        hashes = [hashlib.sha256(b"\x00" + line).digest() for line in lines]
        foot, position = self._levels[0], start
        for line, hashed in zip(lines, hashes, strict=True):
            append(hashed)
            foot += hashed
            position += len(line) + 1
            push(position)
            if not self._frontier.n % TILE_WIDTH:
                self._close_tiles()
        self.end, self._last = position, lines[-1]
        self.in_segment += len(lines)
        return hashes

    def catch_up(self, segments: Segments) -> None:
        """Read the lines behind those that were read.

        Args:
            segments: The log as it is now.

        Raises:
            InputError: The log cannot be read.
        """
        for line in segments.lines(self.end):
            if line.ordinal != self.ordinal:
                self.begin_segment(line.ordinal)
            self.take((line.text,), line.end - len(line.text) - 1)

    def begin_segment(self, ordinal: int) -> None:
        """Count from 0 again: the next line is the first of a segment."""
        self.ordinal, self.in_segment = ordinal, 0

    def remember(self, file_id: tuple[int, int]) -> None:
        """Keep in which file the last line is, for `still_fits`."""
        self._file_id = file_id

    def still_fits(self, segments: Segments) -> bool:
        """Tell whether the last line that was read stands where it was, in the same file."""
        if not self.n:
            return True
        line = self._last + b"\n"
        start = self.end - len(line)
        k = segments.at(start)
        try:
            return segments.ids[k] == self._file_id and segments.read(start, self.end) == line
        except (InputError, IndexError):
            return False

    def line(self, segments: Segments, number: int) -> bytes:
        """The exact line of an entry, found without reading those before.

        Raises:
            InputError: What stands there is not the line that the tree has.
        """
        stop = self._ends[number]
        before = self._ends[number - 1] if number else 0
        # A segment may end in a torn line, behind which the next entry begins a new one.
        start = max(before, segments.starts[segments.at(stop - 1)])
        if not start < stop <= segments.end:
            raise InputError("the index does not fit the log", where=str(segments.folder))
        text = segments.read(start, stop)
        hashed = leaf_hash(text[:-1])
        if not text.endswith(b"\n") or hashed != self.hashes(0, number, number + 1):
            raise InputError("the index does not fit the log", where=str(segments.folder))
        return text[:-1]

    def save(self) -> None:
        """Hand the whole tiles that are in memory to the index; the log's lock is held.

        Raises:
            InputError: The index is no more what it was.
            OSError: It cannot be written.
        """
        stored, size = self._ends.stored, self.n - self.n % TILE_WIDTH
        if size == stored:
            return
        ends = self._ends.new[: size - stored]
        head = IndexHead(size=size, end=ends[-1], root=format_digest(self.root(size)))
        levels = [
            self.hashes(level, stored >> 8 * level, size >> 8 * level)
            for level in range(len(self._levels))
        ]
        self._index.write(head, stored, levels, ends)
        self._ends = LineEnds(self._index, size, self._ends.new[size - stored :])
        for level, hashes in enumerate(self._levels):
            first = (size >> 8 * level) // TILE_WIDTH * TILE_WIDTH
            del hashes[: (first - self._firsts[level]) * HASH_BYTES]
            self._firsts[level] = first

    def _load(self, segments: Segments) -> bool:
        """Take what the index has; tell whether it fits its own head and the log."""
        head = self._index.head()
        if head is None or head.size == 0 or head.end > segments.end:
            return False
        self._ends = LineEnds(self._index, head.size)
        self._levels, self._firsts = [], []
        count = head.size
        while count:
            first = count // TILE_WIDTH * TILE_WIDTH
            level = len(self._levels)
            self._levels.append(bytearray(self._index.hashes(level, first, count)))
            self._firsts.append(first)
            count //= TILE_WIDTH
        self._frontier = Frontier.restored(head.size, peaks(self, head.size))
        if format_digest(self._frontier.root()) != head.root or self._ends[-1] != head.end:
            return False
        self.end, self._last = head.end, self.line(segments, head.size - 1)
        k = segments.at(head.end - 1)
        self.ordinal, self._file_id = segments.ordinals[k], segments.ids[k]
        return True

    def _close_tiles(self) -> None:
        """Add the root of the tile that is now whole to its level above, and so on upwards."""
        level, count = 0, self._frontier.n
        while count and not count % TILE_WIDTH:
            if level + 1 == len(self._levels):
                self._levels.append(bytearray())
                self._firsts.append(0)
            self._levels[level + 1] += tile_root(self.hashes(level, count - TILE_WIDTH, count))
            level, count = level + 1, count // TILE_WIDTH
