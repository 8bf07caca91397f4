"""The append-only log of a workspace: one line an entry, RFC 6962 roots over the lines.

What it shows by itself: every entry is well-formed and the root is over exactly these bytes. What
it cannot show by itself: that nothing was cut off or rewritten since. For that compare with a size
and root that someone else kept (`check(known=...)`).

A leaf of the tree is the exact line without its newline. Appending takes the log's lock, so that
processes on one machine take turns; threads that append at the same time share one write and one
sync. Reading takes no lock and sees complete lines only. The lock is `flock(2)`: on a network file
system it holds as far as that system keeps its word.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from provenir.attest.event import LogEntry, LogEvent
from provenir.attest.group_commit import GroupCommit
from provenir.attest.log_check import LogState, examine_log, truncation_not_checked
from provenir.attest.log_proofs import (
    consistency_document,
    consistency_holds,
    inclusion_document,
    inclusion_holds,
)
from provenir.attest.log_tree import LogTree
from provenir.attest.segment import MAX_ENTRY_BYTES, append_lines, cut_tail, open_log
from provenir.attest.segments import SEGMENT, SEGMENT_BYTES, SEGMENT_ENTRIES, Segments
from provenir.attest.tiles import prove_consistency, prove_inclusion
from provenir.attest.workspace import find_workspace, log_folder
from provenir.core.digest import format_digest
from provenir.core.errors import InputError, UsageError
from provenir.core.files import FileLock, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from provenir.core.findings import Finding

__all__ = [
    "SEGMENT",
    "EventLog",
    "LogReceipt",
    "LogState",
    "consistency_holds",
    "find_workspace",
    "inclusion_holds",
    "log_folder",
]

_LOCK: Final = "log.lock"
_LOCK_TIMEOUT_S: Final = 10.0


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


class EventLog:
    """The log in one folder.

    Nothing is made before the first append. A value may be shared by threads and survives a fork:
    every append opens the file anew under the lock. What a long log holds is hashed once and kept
    in an index beside it (`attest.log_index`), which is made anew where it is missing or wrong.

    Args:
        folder: The workspace's log folder (see `log_folder`).
        lock_timeout_s: Longest wait for another writer, in seconds.
    """

    def __init__(self, folder: str | Path, *, lock_timeout_s: float = _LOCK_TIMEOUT_S) -> None:
        self.folder = Path(folder)
        self.path = self.folder / SEGMENT
        self._lock_timeout_s = lock_timeout_s
        self._tree: LogTree | None = None
        self._commits = GroupCommit(self._commit)

    def append(self, event: LogEvent) -> LogReceipt:
        """Append an event's entry and have it on disk before returning.

        A torn tail of a writer that died is cut first and told in the receipt.

        Raises:
            UsageError: No `LogEvent`, or an entry beyond 64 KiB.
            LockedError: Another writer holds the log for longer than the time-out.
            InputError: The log is no regular file, a segment is missing, or it holds what this
                version did not write.
            OSError: The disk refuses; the log is then as it was.
        """
        return self.append_many((event,))[0]

    def append_many(self, events: Iterable[LogEvent]) -> tuple[LogReceipt, ...]:
        """Append several entries by one write and one sync, all of them or none.

        Args:
            events: The events, in the order of their entries.

        Returns:
            A receipt for each; they share their `size` and `root`.

        Raises:
            UsageError: One is no `LogEvent`, or an entry is beyond 64 KiB.
            LockedError: Another writer holds the log for longer than the time-out.
            InputError: The log is no regular file, a segment is missing, or it holds what this
                version did not write.
            OSError: The disk refuses; the log is then as it was.
        """
        lines = [_line(event) for event in events]
        return tuple(self._commits.submit(lines)) if lines else ()

    def entries(self) -> Iterator[LogEntry]:
        """Yield the complete entries in order.

        Raises:
            InputError: There is no log, a segment is missing, or a line is no entry; the message
                has file and line.
        """
        segments = self._segments()
        for line in segments.lines():
            where = f"{segments.path(line.ordinal)}:{line.number}"
            yield LogEntry.from_bytes(line.text, where=where)

    @property
    def size(self) -> int:
        """How many complete entries there are; 0 without a log."""
        return self.state().size

    def root(self) -> str:
        """RFC 6962 root over the complete entries, `sha256:<hex>`; use `state` to have its size."""
        return self.state().root

    def state(self) -> LogState:
        """Size and root of one and the same moment: what to keep for a later `check`.

        Raises:
            InputError: The log cannot be read.
        """
        segments = Segments.of(self.folder)
        segments.refuse_gaps()
        tree = self._read(segments)
        return LogState(size=tree.n, root=format_digest(tree.root()))

    def inclusion(self, index: int, *, size: int | None = None) -> dict[str, Any]:
        """Prove that an entry is in the log (RFC 6962 section 2.1.1).

        Args:
            index: The entry's place, from 0.
            size: Prove it for the log of that size, the present one unless given.

        Returns:
            `{"entry", "index", "size", "leaf_hash", "root", "proof"}`; check it with
            `inclusion_holds`. `entry` is the exact line.

        Raises:
            UsageError: There is no such entry or size.
            InputError: The log cannot be read.
        """

        def prove(segments: Segments, tree: LogTree) -> dict[str, Any] | None:
            n = tree.n if size is None else size
            if not 0 <= index < n <= tree.n:
                raise UsageError(f"no entry {index} in a log of {min(n, tree.n)} entries")
            proof = prove_inclusion(tree, n, index)
            line = tree.line(segments, index)
            LogEntry.from_bytes(line, where=f"{self.folder}, entry {index}")
            document = inclusion_document(line, index, n, tree.root(n), proof)
            sound = inclusion_holds(document) and consistency_holds(_consistency(tree, n, tree.n))
            return document if sound else None

        return self._proved(prove)

    def consistency(self, old_size: int, new_size: int | None = None) -> dict[str, Any]:
        """Prove that the log of one size is a beginning of that of another (section 2.1.2).

        Args:
            old_size: The smaller size.
            new_size: The larger size, the present one unless given.

        Returns:
            `{"old_size", "new_size", "old_root", "new_root", "proof"}`; check it with
            `consistency_holds`.

        Raises:
            UsageError: There is no such size.
            InputError: The log cannot be read.
        """

        def prove(_: Segments, tree: LogTree) -> dict[str, Any] | None:
            n = tree.n if new_size is None else new_size
            if not 0 <= old_size <= n <= tree.n:
                raise UsageError(f"no sizes {old_size} and {n} in a log of {tree.n} entries")
            document = _consistency(tree, old_size, n)
            sound = consistency_holds(document) and consistency_holds(_consistency(tree, n, tree.n))
            return document if sound else None

        return self._proved(prove)

    def check(self, known: LogState | None = None) -> list[Finding]:
        """Look for whatever an honest log does not hold; never raises for what is in the files.

        Every line is read; the index counts for nothing here.

        Args:
            known: Size and root that someone kept. Only against them can a cut tail or a
                rewritten middle be found; without them the answer says that this was not checked.

        Returns:
            The findings; an empty list means that everything was checked and holds.

        Raises:
            InputError: There is a log and it cannot be opened.
        """
        with self._quiet():
            sizes = () if known is None else (known.size,)
            seen = examine_log(Segments.of(self.folder), sizes=sizes)
        where = str(self.folder)
        if known is None:
            return [*seen.findings, truncation_not_checked(where)]
        return [*seen.findings, *seen.against(known, where)]

    def _commit(self, lines: list[bytes]) -> list[LogReceipt]:
        """Catch up with the files, cut a torn tail, append by one write."""
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            sync_folder(self.folder.parent)
        with FileLock(self.folder / _LOCK, timeout_s=self._lock_timeout_s):
            segments = Segments.of(self.folder)
            segments.refuse_gaps()
            tree, self._tree = self._tree, None  # what breaks off in between is forgotten
            if tree is None or not tree.still_fits(segments):
                tree = LogTree.opened(self.folder, segments)
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
            sync_folder(self.folder)
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

    def _segments(self) -> Segments:
        """The segments of a log that is there and can be counted."""
        segments = Segments.of(self.folder)
        segments.refuse_gaps()
        if not segments.ordinals:
            raise InputError("no log here", where=str(self.path))
        return segments

    def _read(self, segments: Segments, *, by_index: bool = True) -> LogTree:
        """The tree of a log as it is now; nothing is written."""
        opened = LogTree.opened(self.folder, segments) if by_index else LogTree(self.folder)
        opened.catch_up(segments)
        return opened

    def _proved(
        self, prove: Callable[[Segments, LogTree], dict[str, Any] | None]
    ) -> dict[str, Any]:
        """A proof that holds: by the index, else by reading every line."""
        segments = self._segments()
        tree = self._read(segments)
        if tree.indexed:
            with suppress(InputError):
                document = prove(segments, tree)
                if document is not None:
                    return document
            tree = self._read(segments, by_index=False)
            document = prove(segments, tree)
            self._heal(tree)
        else:
            document = prove(segments, tree)
        if document is None:
            raise InputError("the log changed while it was read", where=str(self.folder))
        return document

    def _heal(self, tree: LogTree) -> None:
        """Put an index in the place of one that was wrong, where no writer is at it."""
        lock = FileLock(self.folder / _LOCK)
        with suppress(InputError, OSError):
            if lock.acquire(blocking=False):
                tree.save()
        lock.release()

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Keep writers out for a while, as far as that can be: a read-only copy has none."""
        path = self.folder / _LOCK
        lock = FileLock(path)
        with suppress(OSError):  # a lock that cannot be opened: no writer gets past it either
            if path.is_file() and os.access(path, os.W_OK):
                lock.acquire(timeout_s=self._lock_timeout_s)
        try:
            yield
        finally:
            lock.release()


def _line(event: LogEvent) -> bytes:
    """An event's line, of a length that the log takes."""
    if not isinstance(event, LogEvent):
        raise UsageError(f"a LogEvent is logged, not {type(event).__name__}")
    if len(event.line) >= MAX_ENTRY_BYTES:
        raise UsageError(f"an entry beyond {MAX_ENTRY_BYTES} bytes", mend="log fewer subjects")
    return event.line


def _consistency(tree: LogTree, old: int, new: int) -> dict[str, Any]:
    roots = (tree.root(old), tree.root(new))
    return consistency_document((old, new), roots, prove_consistency(tree, new, old))
