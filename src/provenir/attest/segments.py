"""The log's files in their order: `events-000000.jsonl`, `events-000001.jsonl`, and so on.

A segment is begun when the one before is full; from then on only the last one grows. Positions in
the log count bytes over all segments: a segment begins where the sizes of those before it end.
"""

from __future__ import annotations

import os
import re
import stat
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from provenir.attest.segment import complete_lines, open_log
from provenir.core.errors import InputError
from provenir.core.files import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "SEGMENT",
    "SEGMENT_BYTES",
    "SEGMENT_ENTRIES",
    "Line",
    "Segments",
    "segment_name",
]

SEGMENT_ENTRIES: Final = 65_536
SEGMENT_BYTES: Final = 64 * 1024 * 1024
"""A segment with as many entries or bytes as these is full; 0.1.0 knew no such bound."""

_NAME: Final = re.compile(r"events-([0-9]{6})\.jsonl")
_LIKE_A_NAME: Final = re.compile(r"events-.*\.jsonl", re.DOTALL)


def segment_name(ordinal: int) -> str:
    """The file name of a segment, counted from 0."""
    return f"events-{ordinal:06d}.jsonl"


SEGMENT: Final = segment_name(0)


@dataclass(frozen=True, slots=True)
class Line:
    """One complete line.

    Attributes:
        text: The line without its newline.
        end: Position in the log behind its newline.
        number: Its number in its segment, from 1 where the segment is read from its beginning.
        ordinal: Its segment.
    """

    text: bytes
    end: int
    number: int
    ordinal: int


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of a log as they were at one moment.

    Attributes:
        folder: The log's folder.
        ordinals: What is there, in order.
        sizes: Their sizes in bytes.
        starts: Their positions in the log.
        ids: Device and inode of each.
        foreign: Names that look like a segment's and are none.
    """

    folder: Path
    ordinals: tuple[int, ...]
    sizes: tuple[int, ...]
    starts: tuple[int, ...]
    ids: tuple[tuple[int, int], ...]
    foreign: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> Segments:
        """Look into a folder; one that is not there has no segments.

        Raises:
            InputError: The folder cannot be read.
        """
        found: list[tuple[int, os.stat_result]] = []
        foreign = []
        try:
            with suppress(FileNotFoundError), os.scandir(folder) as entries:
                for entry in entries:
                    named = _NAME.fullmatch(entry.name)
                    if named:
                        found.append((int(named[1]), entry.stat(follow_symlinks=False)))
                    elif _LIKE_A_NAME.fullmatch(entry.name):
                        foreign.append(entry.name)
        except OSError as fault:
            raise InputError(f"cannot read: {fault.strerror}", where=str(folder)) from fault
        found.sort(key=itemgetter(0))
        sizes = [status.st_size if stat.S_ISREG(status.st_mode) else 0 for _, status in found]
        return cls(
            folder,
            ordinals=tuple(ordinal for ordinal, _ in found),
            sizes=tuple(sizes),
            starts=tuple(accumulate(sizes[:-1], initial=0)) if sizes else (),
            ids=tuple((status.st_dev, status.st_ino) for _, status in found),
            foreign=tuple(sorted(foreign)),
        )

    @property
    def missing(self) -> int | None:
        """The first ordinal that a segment is missing for, None where they follow each other."""
        for expected, ordinal in enumerate(self.ordinals):
            if ordinal != expected:
                return expected
        return None

    @property
    def end(self) -> int:
        """The position behind the last segment's last byte."""
        return self.starts[-1] + self.sizes[-1] if self.ordinals else 0

    def path(self, ordinal: int) -> Path:
        """The file of a segment."""
        return self.folder / segment_name(ordinal)

    def refuse_gaps(self) -> None:
        """Refuse a log whose entries cannot be counted.

        Raises:
            InputError: A segment is missing, or a file is named like one and is none.
        """
        if self.missing is not None:
            raise InputError(
                f"the segment {segment_name(self.missing)} is missing",
                where=str(self.folder),
                mend="put it back from a copy of this log",
            )
        if self.foreign:
            raise InputError(
                f"{self.foreign[0]} is named like a segment of this log and is none",
                where=str(self.folder),
                mend="move it elsewhere, or use the version that wrote it",
            )

    def sync(self) -> None:
        """Have the last segment on disk; those before it were when the next one was begun.

        Raises:
            OSError: The disk refuses.
        """
        if self.ordinals:
            with open_log(self.path(self.ordinals[-1]), write=True) as file:
                os.fsync(file.fileno())
            sync_folder(self.folder)

    def at(self, position: int) -> int:
        """Which segment a position lies in: the place in `ordinals`."""
        return max(bisect_right(self.starts, position) - 1, 0)

    def lines(self, position: int = 0) -> Iterator[Line]:
        """Yield the complete lines from a position on, over all segments.

        What stands behind the last newline of a segment is no line: a torn tail, for `check`.

        Args:
            position: Where a line begins.

        Raises:
            InputError: A segment cannot be opened.
            BoundsError: A line is longer than any that the log writes.
        """
        for k in range(self.at(position), len(self.ordinals)):
            ordinal, base = self.ordinals[k], self.starts[k]
            start = max(position - base, 0)
            with open_log(self.path(ordinal), write=False) as file:
                for number, (end, text) in enumerate(complete_lines(file, start=start), start=1):
                    yield Line(text, base + end, number, ordinal)

    def read(self, start: int, stop: int) -> bytes:
        """The bytes between two positions of one segment.

        Raises:
            InputError: They are not there, or the segment cannot be read.
        """
        k = self.at(start)
        path = self.path(self.ordinals[k])
        with open_log(path, write=False) as file:
            data = os.pread(file.fileno(), stop - start, start - self.starts[k])
        if len(data) != stop - start:
            raise InputError("the segment is shorter than it was", where=str(path))
        return data
