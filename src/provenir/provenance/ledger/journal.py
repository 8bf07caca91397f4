"""The three files that grow, and what a killed process left of them.

A step is three lines in three files: its facts, its details, its record, each one `write()` and in
this order. A process killed in between leaves lines too many in the first two, or a last line
without its end; both are cut when the files are opened again. What a record bound and is not there
cannot be mended and is refused.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.core.errors import EvidenceError, InputError
from provenir.core.files import atomic_write, open_regular, read_lines
from provenir.provenance.append_file import AppendFile
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.chain import Chain
from provenir.provenance.ledger.reader import MAX_DETAIL_BYTES, read_records
from provenir.provenance.ledger.records import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Journal", "Mark", "keep_discarded"]

_GROWING: Final = (layout.FACTS, layout.DETAILS, layout.LEDGER)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to go on from.

    Attributes:
        end: Position in the ledger behind the snapshot's line, or the header's.
        step: The step that it is after.
        param_root: Digest of the trained parameters there.
    """

    end: int
    step: int
    param_root: str


class Journal:
    """The files that grow, open for appending.

    Args:
        folder: The `governed/` folder.

    Attributes:
        chain: The records so far.
        marks: For each step with a snapshot, and for 0, where to go on from.

    Raises:
        EvidenceError: The records do not follow each other, or a step's details are missing.
        InputError: A line cannot be read.
        OSError: A file cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chain = Chain()
        self.marks: dict[int, Mark] = {}
        self._ledger_end = 0
        self._read()
        self._cut()
        private = os.open(folder / layout.FACTS, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        os.close(private)
        self._files = {name: AppendFile(folder / name) for name in _GROWING}
        self._broken = False

    def append_record(self, line: bytes) -> None:
        """Append one line to the ledger; it was taken into the chain by the caller."""
        self._append(layout.LEDGER, line)
        self._ledger_end += len(line) + 1

    def append_step(self, facts: bytes, details: bytes, record: bytes) -> None:
        """Append the three lines of a step."""
        self._append(layout.FACTS, facts)
        self._append(layout.DETAILS, details)
        self.append_record(record)

    def mark(self, step: int, param_root: str) -> None:
        """Remember the end of the ledger as a place to go on from."""
        self.marks[step] = Mark(self._ledger_end, step, param_root)

    def tail(self, mark: Mark) -> list[bytes]:
        """Return the ledger's lines after a mark."""
        return _bytes_from(self.folder / layout.LEDGER, mark.end).split(b"\n")[:-1]

    def sync(self) -> None:
        """Flush to the disk itself."""
        for file in self._files.values():
            file.sync()

    def close(self) -> None:
        """Sync and close the files."""
        for file in self._files.values():
            file.close()

    def _append(self, name: str, line: bytes) -> None:
        if self._broken:
            raise EvidenceError(
                "the ledger could not be written before",
                where=str(self.folder / name),
                mend="make room, open the ledger again and resume from the last snapshot",
            )
        try:
            self._files[name].append(line + b"\n")
        except BaseException:
            # A stump may stand there: only opening the files again cuts it.
            self._broken = True
            raise

    def _read(self) -> None:
        if not (self.folder / layout.LEDGER).exists():
            return
        for placed in read_records(self.folder, self.chain):
            self._ledger_end = placed.at + len(placed.line) + 1
            if self.chain.n == 1 or isinstance(placed.record, Snapshot):
                self.mark(self.chain.step, self.chain.params or "")

    def _cut(self) -> None:
        ledger = self.folder / layout.LEDGER
        if ledger.exists():
            _cut_at(ledger, self._ledger_end)
        for name in (layout.DETAILS, layout.FACTS):
            _cut_at(self.folder / name, _end_of(self.folder / name, self.chain.step))


def keep_discarded(folder: Path, mark: Mark, lines: list[bytes]) -> None:
    """Move the records after a mark, and their details and facts, to files of their own.

    The ledger itself is cut by the caller, when it writes what follows. Done again after a crash,
    it writes the same files.
    """
    number = 0
    ledger = b"".join(line + b"\n" for line in lines)
    while (kept := folder / layout.discarded_name(layout.LEDGER, number)).exists():
        if _bytes_from(kept, 0) == ledger:
            break
        number += 1
    for name in (layout.DETAILS, layout.FACTS):
        path = folder / name
        data = _bytes_from(path, _end_of(path, mark.step))
        mode = 0o600 if name == layout.FACTS else 0o644
        atomic_write(folder / layout.discarded_name(name, number), data, mode=mode)
    atomic_write(kept, ledger)


def _bytes_from(path: Path, start: int) -> bytes:
    with open_regular(path, follow_symlinks=False) as stream:
        stream.seek(start)
        return stream.read()


def _end_of(path: Path, steps: int) -> int:
    """Position behind the line of so many steps; one stands on each line.

    Raises:
        EvidenceError: There are less.
    """
    end = found = 0
    if path.exists():
        lines = read_lines(path, max_line_bytes=MAX_DETAIL_BYTES)
        for number, line in lines:
            if number > steps:
                break
            end += len(line) + 1
            found = number
        lines.close()
    if found < steps:
        raise EvidenceError(
            f"{steps} steps are in the ledger, and {found} here",
            reason="details-mismatch",
            where=str(path),
            mend="resume from a snapshot of another copy: what is missing cannot be made again",
        )
    return end


def _cut_at(path: Path, end: int) -> None:
    try:
        size = path.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        return
    if size > end:
        if path.is_symlink():
            raise InputError("a link, not a file", where=str(path))
        os.truncate(path, end)
