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
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.attest.checkpoint import Checkpoint, sign_checkpoint
from provenir.attest.event import LogEntry, LogEvent
from provenir.attest.group_commit import GroupCommit
from provenir.attest.log_check import (
    LogExamination,
    LogState,
    examine_log,
    truncation_not_checked,
)
from provenir.attest.log_origin import read_origin
from provenir.attest.log_proofs import consistency_holds, inclusion_holds
from provenir.attest.log_reader import LogReader
from provenir.attest.log_writer import LOCK, LogReceipt, LogWriter
from provenir.attest.own_checkpoint import (
    inconsistent,
    keep_checkpoint,
    own_checkpoint,
    truncated,
)
from provenir.attest.segment import MAX_ENTRY_BYTES
from provenir.attest.segments import SEGMENT, Segments
from provenir.attest.workspace import find_workspace, log_folder
from provenir.core.digest import format_digest
from provenir.core.errors import InputError, UsageError
from provenir.core.files import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from provenir.attest.ed25519 import Ed25519Signer
    from provenir.attest.log_tree import LogTree
    from provenir.attest.witness import Witness
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

_LOCK_TIMEOUT_S: Final = 10.0


class EventLog:
    """The log in one folder.

    Nothing is made before the first append. A value may be shared by threads and survives a fork:
    every append opens the file anew under the lock. What a long log holds is hashed once and kept
    in an index beside it (`attest.log_index`), which is made anew where it is missing or wrong.

    Args:
        folder: The workspace's log folder (see `log_folder`).
        lock_timeout_s: Longest wait for another writer, in seconds.
        origin: The name of a log that is to be begun, such as `example.org/log`; a random one
            unless given. A log that has another is refused.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        lock_timeout_s: float = _LOCK_TIMEOUT_S,
        origin: str | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.path = self.folder / SEGMENT
        self._lock_timeout_s = lock_timeout_s
        self._reader = LogReader(self.folder)
        self._writer = LogWriter(self.folder, lock_timeout_s=lock_timeout_s, origin=origin)
        self._commits = GroupCommit(self._writer.commit)

    def append(self, event: LogEvent) -> LogReceipt:
        """Append an event's entry and have it on disk before returning.

        A torn tail of a writer that died is cut first and told in the receipt.

        Raises:
            UsageError: No `LogEvent`, an entry beyond 64 KiB, or the log has another origin.
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
            ProvenirError: As for `append`.
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
        segments = self._reader.segments()
        for line in segments.lines():
            where = f"{segments.path(line.ordinal)}:{line.number}"
            yield LogEntry.from_bytes(line.text, where=where)

    def lines(self, count: int | None = None) -> Iterator[bytes]:
        """Yield the exact lines without their newlines: the leaves of the tree.

        Args:
            count: How many at most; all unless given.

        Raises:
            InputError: There is no log, or it cannot be read.
        """
        for line in islice(self._reader.segments().lines(), count):
            yield line.text

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
        tree = self._reader.tree(segments)
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
        return self._reader.inclusion(index, size)

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
        return self._reader.consistency(old_size, new_size)

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
            LockedError: A writer holds the log for longer than the time-out.
        """
        seen = self.examine(sizes=() if known is None else (known.size,))
        where = str(self.folder)
        if known is None:
            return [*seen.findings, truncation_not_checked(where)]
        return [*seen.findings, *seen.against(known, where)]

    def examine(
        self, *, sizes: Iterable[int] = (), progress: Callable[[int], None] | None = None
    ) -> LogExamination:
        """Read every line and nothing else: findings, size and root, and the roots at `sizes`.

        Args:
            sizes: At which sizes the root is wanted.
            progress: Called now and then with the bytes read since.

        Raises:
            InputError: There is a log and it cannot be opened.
            LockedError: A writer holds the log for longer than the time-out.
        """
        with self._quiet():
            return examine_log(Segments.of(self.folder), sizes=sizes, progress=progress)

    @property
    def origin(self) -> str | None:
        """The log's recorded name, None before its first entry.

        Raises:
            InputError: What is recorded is no origin.
        """
        return read_origin(self.folder)

    def checkpoint(
        self, signer: Ed25519Signer | None = None, *, witness: Witness | None = None
    ) -> bytes:
        """Have the log on disk and state its size and root, as other tools read it.

        Args:
            signer: The log's key, used for nothing else. Without one the answer is the text of a
                checkpoint, which proves nothing and is not kept.
            witness: Cosigns what the log signed.

        Returns:
            A signed note; it is kept in `log/checkpoint` too.

        Raises:
            UsageError: A witness without a signer, or the log has another origin.
            EvidenceError: The log does not extend the checkpoint that this key signed before
                (`log-truncated`, `log-inconsistent`), or the witness refuses.
            LockedError: Another writer holds the log for longer than the time-out.
            InputError: The log cannot be read.
            OSError: The disk refuses.
        """
        if witness is not None and signer is None:
            raise UsageError("a witness cosigns what the log signed", mend="give a signing key too")
        with self._writer.lock():
            origin = self._writer.origin()
            segments = Segments.of(self.folder)
            segments.refuse_gaps()
            segments.sync()
            tree = self._tree_that_extends(segments, origin, signer)
            current = Checkpoint(origin, tree.n, tree.root())
            if signer is None:
                return current.text.encode()
            note = sign_checkpoint(current, signer, origin)
            if witness is not None:
                old = witness.known_size(origin)
                if old > tree.n:
                    raise truncated(old, tree.n, str(self.folder))
                # A log without an entry has nothing to prove.
                proof = self.consistency(old, tree.n) if tree.n else None
                note = witness.cosign(note, proof)
            keep_checkpoint(self.folder, note)
            return note.to_bytes()

    def _tree_that_extends(
        self, segments: Segments, origin: str, signer: Ed25519Signer | None
    ) -> LogTree:
        """The tree as it is now, where it extends what this key signed before."""
        tree = self._reader.tree(segments)
        key = None if signer is None else signer.verification_key
        before = None if key is None else own_checkpoint(self.folder, origin, key)
        if before is None:
            return tree
        if before.size > tree.n:
            raise truncated(before.size, tree.n, str(self.folder))
        with suppress(InputError):
            if tree.root(before.size) == before.root:
                return tree
        tree = self._reader.tree(segments, by_index=False)
        if tree.root(before.size) != before.root:
            raise inconsistent(before.size, str(self.folder))
        return tree

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Keep writers out for a while, as far as that can be: a read-only copy has none."""
        path = self.folder / LOCK
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
