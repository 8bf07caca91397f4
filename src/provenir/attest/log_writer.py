"""Writing into a log: under its lock, in groups, from where the files are now.

In this order: catch up with what others wrote, cut a torn tail, write, sync, answer. Whatever
breaks off in between leaves complete lines that nobody was promised, or a torn tail that the next
writer cuts.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from provenir.attest.log_origin import ORIGIN_FILE, record_origin
from provenir.attest.log_tree import LogTree
from provenir.attest.segment import append_lines, cut_tail, open_log
from provenir.attest.segments import SEGMENT_BYTES, SEGMENT_ENTRIES, Segments
from provenir.core.digest import format_digest
from provenir.core.errors import InputError
from provenir.core.files import FileLock, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.core.findings import Finding

__all__ = ["LOCK", "LogReceipt", "LogWriter"]

LOCK: Final = "log.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReceipt:
    """What an append answers with: the entry is on disk, and this is where.

    Attributes:
        index: The entry's place, from 0.
        size: Entries in the log when this one and those committed with it were on disk.
        root: RFC 6962 root over those `size` entries, `sha256:<hex>`.
        leaf_hash: RFC 6962 leaf hash of the entry, `sha256:<hex>`.
        findings: What the commit came upon, such as a torn tail that it cut.
    """

    index: int
    size: int
    root: str
    leaf_hash: str
    findings: tuple[Finding, ...] = ()


class LogWriter:
    """Writes into the log in one folder.

    Args:
        folder: The log's folder, made by the first commit.
        lock_timeout_s: Longest wait for another writer, in seconds.
        origin: The origin that the user chose, if so.
    """

    def __init__(self, folder: Path, *, lock_timeout_s: float, origin: str | None) -> None:
        self._folder = folder
        self._lock_timeout_s = lock_timeout_s
        self._wanted = origin
        self._origin: str | None = None
        self._tree: LogTree | None = None

    def lock(self) -> FileLock:
        """The log's lock, for a `with`; the folder is made."""
        if not self._folder.is_dir():
            self._folder.mkdir(parents=True, exist_ok=True)
            sync_folder(self._folder.parent)
        return FileLock(self._folder / LOCK, timeout_s=self._lock_timeout_s)

    def origin(self) -> str:
        """The log's origin, recorded now where it was not; the lock is held."""
        self._origin = record_origin(self._folder, self._wanted)
        return self._origin

    def _has_origin(self) -> bool:
        """Whether something stands for it; one that cannot be read is no reason to lose entries."""
        path = self._folder / ORIGIN_FILE
        return path.is_symlink() or path.exists()

    def commit(self, lines: list[bytes]) -> list[LogReceipt]:
        """Append lines by one write and one sync, all of them or none.

        Raises:
            LockedError: Another writer holds the log for longer than the time-out.
            UsageError: The log has another origin than the wanted one.
            InputError: The log cannot be gone on with.
            OSError: The disk refuses; the log is then as it was.
        """
        with self.lock():
            if self._origin is None and (self._wanted is not None or not self._has_origin()):
                self.origin()
            segments = Segments.of(self._folder)
            segments.refuse_gaps()
            tree, self._tree = self._tree, None  # what breaks off in between is forgotten
            if tree is None or not tree.still_fits(segments):
                tree = LogTree.opened(self._folder, segments, for_writing=True)
            tree.catch_up(segments)
            receipts = self._append(segments, tree, lines)
            # The entries are on disk: a fault of the index costs time later, and nothing else.
            with suppress(InputError):  # it vanished: the next append makes it anew
                with suppress(OSError):
                    tree.save()
                self._tree = tree
            return receipts

    def _append(self, segments: Segments, tree: LogTree, lines: list[bytes]) -> list[LogReceipt]:
        """Write into the last segment, or into a new one where that is full. The lock is held."""
        ordinal = segments.ordinals[-1] if segments.ordinals else 0
        base = segments.starts[-1] if segments.ordinals else 0
        if tree.ordinal != ordinal:
            tree.begin_segment(ordinal)
        with open_log(segments.path(ordinal), write=True) as file:
            end = max(tree.end - base, 0)
            cut = cut_tail(file, end)
            found = (cut,) if cut else ()
            if tree.in_segment < SEGMENT_ENTRIES and end < SEGMENT_BYTES:
                return self._write(file, base, tree, lines, found)
            # Another process may have died between its write and its sync.
            os.fsync(file.fileno())
        tree.begin_segment(ordinal + 1)
        with open_log(segments.path(ordinal + 1), write=True) as file:
            return self._write(file, base + end, tree, lines, found)

    def _write(
        self,
        file: BinaryIO,
        base: int,
        tree: LogTree,
        lines: list[bytes],
        found: tuple[Finding, ...],
    ) -> list[LogReceipt]:
        end = max(tree.end - base, 0)
        append_lines(file, b"\n".join(lines) + b"\n", end)
        if end == 0:
            sync_folder(self._folder)
        first = tree.n
        hashes = tree.take(lines, base + end)
        status = os.fstat(file.fileno())
        tree.remember((status.st_dev, status.st_ino))
        root = format_digest(tree.root())
        return [
            LogReceipt(
                index=index,
                size=tree.n,
                root=root,
                leaf_hash=format_digest(hashed),
                findings=found,
            )
            for index, hashed in enumerate(hashes, start=first)
        ]
