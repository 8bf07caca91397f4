"""The append-only log of a workspace: one line an entry, RFC 6962 roots over the lines.

What it shows by itself: every entry is well-formed and the root is over exactly these bytes. What
it cannot show by itself: that nothing was cut off or rewritten since. For that compare with a size
and root that someone else kept (`check(known=...)`).

A leaf of the tree is the exact line without its newline. Appending takes the log's lock, so that
processes on one machine take turns; reading takes none and sees complete lines only. The lock is
`flock(2)`: on a network file system it holds as far as that system keeps its word.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from provenir.attest.event import LogEntry, LogEvent
from provenir.attest.log_check import LogState, check_log, segment_not_examined
from provenir.attest.segment import (
    MAX_ENTRY_BYTES,
    append_line,
    complete_lines,
    cut_tail,
    open_log,
)
from provenir.attest.workspace import find_workspace, log_folder
from provenir.core.digest import format_digest, parse_digest
from provenir.core.errors import InputError, UsageError
from provenir.core.files import FileLock, sync_folder
from provenir.core.merkle import (
    Frontier,
    inclusion_proof,
    leaf_hash,
    verify_inclusion,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from provenir.core.findings import Finding

__all__ = [
    "SEGMENT",
    "EventLog",
    "LogReceipt",
    "LogState",
    "find_workspace",
    "inclusion_holds",
    "log_folder",
]

SEGMENT: Final = "events-000000.jsonl"

_LOCK = "log.lock"
_SEGMENTS = "events-*.jsonl"
_LOCK_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReceipt:
    """What an append answers with: the entry is on disk, and this is where.

    Attributes:
        index: The entry's place, from 0.
        size: Entries in the log with this one.
        root: RFC 6962 root over those `size` entries, `sha256:<hex>`.
        leaf_hash: RFC 6962 leaf hash of the entry, `sha256:<hex>`.
        findings: What the append came upon, such as a torn tail that it cut.
    """

    index: int
    size: int
    root: str
    leaf_hash: str
    findings: tuple[Finding, ...] = ()


class EventLog:
    """The log in one folder.

    Nothing is made before the first append. A value may be shared by threads and survives a fork:
    every append opens the file anew under the lock. Appending to a long log hashes only what was
    added since this value last looked.

    Args:
        folder: The workspace's log folder (see `log_folder`).
        lock_timeout_s: Longest wait for another writer, in seconds.
    """

    def __init__(self, folder: str | Path, *, lock_timeout_s: float = _LOCK_TIMEOUT_S) -> None:
        self.folder = Path(folder)
        self.path = self.folder / SEGMENT
        self._lock_timeout_s = lock_timeout_s
        self._seen = _Seen()

    def append(self, event: LogEvent) -> LogReceipt:
        """Append an event's entry and have it on disk before returning.

        A torn tail of a writer that died is cut first and told in the receipt.

        Raises:
            UsageError: No `LogEvent`, or an entry beyond 64 KiB.
            LockedError: Another writer holds the log for longer than the time-out.
            InputError: The log is no regular file, or holds what this version did not write.
            OSError: The disk refuses; the log is then as it was.
        """
        if not isinstance(event, LogEvent):
            raise UsageError(f"a LogEvent is logged, not {type(event).__name__}")
        line = event.line
        if len(line) >= MAX_ENTRY_BYTES:
            raise UsageError(f"an entry beyond {MAX_ENTRY_BYTES} bytes", mend="log fewer subjects")
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / _LOCK, timeout_s=self._lock_timeout_s):
            self._refuse_other_segments()
            with open_log(self.path, write=True) as file:
                return self._append(file, line)

    def entries(self) -> Iterator[LogEntry]:
        """Yield the complete entries in order.

        Raises:
            InputError: There is no log, it goes on in segments that this version does not know, or
                a line is no entry; the message has file and line.
        """
        for number, line in enumerate(self._lines(), start=1):
            yield LogEntry.from_bytes(line, where=f"{self.path}:{number}")

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
        frontier = Frontier()
        self._refuse_other_segments()
        if self._exists():
            for line in self._lines():
                frontier.append(line)
        return LogState(size=frontier.n, root=format_digest(frontier.root()))

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
        lines = list(islice(self._lines(), size))
        if (size is not None and size != len(lines)) or not 0 <= index < len(lines):
            raise UsageError(f"no entry {index} in a log of {len(lines)} entries")
        line = lines[index]
        LogEntry.from_bytes(line, where=f"{self.path}:{index + 1}")
        hashes = [leaf_hash(each) for each in lines]
        frontier = Frontier()
        for hashed in hashes:
            frontier.append_hash(hashed)
        return {
            "entry": line.decode("utf-8"),
            "index": index,
            "size": len(lines),
            "leaf_hash": format_digest(hashes[index]),
            "root": format_digest(frontier.root()),
            "proof": [format_digest(step) for step in inclusion_proof(hashes, index)],
        }

    def check(self, known: LogState | None = None) -> list[Finding]:
        """Look for whatever an honest log does not hold; never raises for what is in the file.

        Args:
            known: Size and root that someone kept. Only against them can a cut tail or a
                rewritten middle be found; without them the answer says that this was not checked.

        Returns:
            The findings; an empty list means that everything was checked and holds.

        Raises:
            InputError: There is a log and it cannot be opened.
        """
        where = str(self.path)
        names = self._other_segments()
        others = [segment_not_examined(names, str(self.folder))] if names else []
        if not self._exists():
            return [*others, *check_log(None, where=where, known=known)]
        with self._quiet(), open_log(self.path, write=False) as file:
            return [*others, *check_log(file, where=where, known=known)]

    def _append(self, file: BinaryIO, line: bytes) -> LogReceipt:
        """Catch up with the file, cut a torn tail, append. The lock is held."""
        seen = self._seen.in_file(file)
        self._seen = _Seen()  # put back at the end: what breaks off in between is forgotten
        for offset, earlier in complete_lines(file, start=seen.offset):
            seen.take(offset, earlier)
        cut = cut_tail(file, seen.offset)
        append_line(file, line + b"\n", seen.offset)
        if seen.offset == 0:
            sync_folder(self.folder)
        seen.take(seen.offset + len(line) + 1, line)
        self._seen = seen
        return LogReceipt(
            index=seen.frontier.n - 1,
            size=seen.frontier.n,
            root=format_digest(seen.frontier.root()),
            leaf_hash=format_digest(leaf_hash(line)),
            findings=(cut,) if cut else (),
        )

    def _lines(self) -> Iterator[bytes]:
        """Yield the complete lines as they are."""
        self._refuse_other_segments()
        with open_log(self.path, write=False) as file:
            for _, line in complete_lines(file):
                yield line

    def _exists(self) -> bool:
        """Tell whether anything at all is at the log's path."""
        return self.path.is_symlink() or self.path.exists()

    def _other_segments(self) -> list[str]:
        """Names of the files in which a later version went on with this log."""
        found = (path.name for path in self.folder.glob(_SEGMENTS))
        return sorted(name for name in found if name != SEGMENT)

    def _refuse_other_segments(self) -> None:
        others = self._other_segments()
        if others:
            raise InputError(
                f"this log goes on in {len(others)} more segment(s), which this version does not "
                "know",
                where=str(self.folder),
                mend="use the version that wrote them",
            )

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


class _Seen:
    """How far a file was read, and the tree up to there."""

    __slots__ = ("file_id", "frontier", "last", "offset")

    def __init__(self, file_id: tuple[int, int] | None = None) -> None:
        self.file_id = file_id
        self.offset = 0
        self.last = b""
        self.frontier = Frontier()

    def in_file(self, file: BinaryIO) -> _Seen:
        """This memory when the file still holds its last line where it was, else a fresh one."""
        status = os.fstat(file.fileno())
        file_id = (status.st_dev, status.st_ino)
        if file_id != self.file_id:
            return _Seen(file_id)
        length = len(self.last)
        there = os.pread(file.fileno(), length, self.offset - length)
        return self if there == self.last else _Seen(file_id)

    def take(self, offset: int, line: bytes) -> None:
        """Go on to the end of one more line."""
        self.offset = offset
        self.last = line + b"\n"
        self.frontier.append(line)


def inclusion_holds(proof: Mapping[str, Any], known: LogState | None = None) -> bool:
    """Tell whether a proof by `EventLog.inclusion` shows its entry under its root; never raises.

    Args:
        proof: As `EventLog.inclusion` makes it, of any origin.
        known: The state of the log that the verifier trusts. Without it only the proof's own
            consistency is told: anyone can make a log of their own with a proof that fits it, and
            the same path can fit a tree of another size.
    """
    try:
        hashed = leaf_hash(proof["entry"].encode("utf-8"))
        index, size = proof["index"], proof["size"]
        if type(index) is not int or type(size) is not int:
            return False
        if known is not None and (size, proof["root"]) != (known.size, known.root):
            return False
        return parse_digest(proof["leaf_hash"]) == hashed and verify_inclusion(
            hashed,
            index,
            size,
            [parse_digest(step) for step in proof["proof"]],
            parse_digest(proof["root"]),
        )
    except (AttributeError, InputError, KeyError, TypeError, ValueError):
        return False
