"""Reading a log as it is now, without a lock and without writing into it.

By the index where there is one. A proof is checked before it is handed out: where the index gave
one that does not hold, every line is read instead, and the index is mended if no writer is at it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from provenir.attest.event import LogEntry
from provenir.attest.log_proofs import (
    consistency_document,
    consistency_holds,
    inclusion_document,
    inclusion_holds,
)
from provenir.attest.log_tree import LogTree
from provenir.attest.log_writer import LOCK
from provenir.attest.segments import SEGMENT, Segments
from provenir.attest.tiles import prove_consistency, prove_inclusion
from provenir.core.errors import InputError, UsageError
from provenir.core.files import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["LogReader"]


class LogReader:
    """Reads the log in one folder; `EventLog` documents what each method is for.

    Args:
        folder: The log's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def segments(self) -> Segments:
        """The segments of a log that is there and can be counted.

        Raises:
            InputError: There is none, or a segment is missing.
        """
        segments = Segments.of(self._folder)
        segments.refuse_gaps()
        if not segments.ordinals:
            raise InputError("no log here", where=str(self._folder / SEGMENT))
        return segments

    def tree(self, segments: Segments, *, by_index: bool = True) -> LogTree:
        """The tree over all lines, with what the index has or from the lines alone.

        Raises:
            InputError: The log cannot be read.
        """
        tree = LogTree.opened(self._folder, segments) if by_index else LogTree(self._folder)
        tree.catch_up(segments)
        return tree

    def inclusion(self, index: int, size: int | None) -> dict[str, Any]:
        """See `EventLog.inclusion`."""

        def prove(segments: Segments, tree: LogTree) -> dict[str, Any] | None:
            n = tree.n if size is None else size
            _check_size(n, tree)
            if not 0 <= index < n:
                mend = "indexes count from 0; provenir log show lists them"
                raise UsageError(f"no index {index} at the log's size {n}", mend=mend)
            proof = prove_inclusion(tree, n, index)
            line = tree.line(segments, index)
            LogEntry.from_bytes(line, where=f"{self._folder}, entry {index}")
            document = inclusion_document(line, index, n, tree.root(n), proof)
            return document if inclusion_holds(document) and _is_prefix(tree, n) else None

        return self._proved(prove)

    def consistency(self, old_size: int, new_size: int | None) -> dict[str, Any]:
        """See `EventLog.consistency`."""

        def prove(_: Segments, tree: LogTree) -> dict[str, Any] | None:
            n = tree.n if new_size is None else new_size
            _check_size(n, tree)
            if not 0 <= old_size <= n:
                mend = f"give an earlier size of at most {n}"
                raise UsageError(f"the log of size {n} was never of size {old_size}", mend=mend)
            document = _consistency(tree, old_size, n)
            return document if consistency_holds(document) and _is_prefix(tree, n) else None

        return self._proved(prove)

    def _proved(
        self, prove: Callable[[Segments, LogTree], dict[str, Any] | None]
    ) -> dict[str, Any]:
        segments = self.segments()
        tree = self.tree(segments)
        by_index = tree.indexed > 0
        with suppress(*((InputError,) if by_index else ())):
            document = prove(segments, tree)
            if document is not None:
                return document
        tree = self.tree(segments, by_index=False)
        document = prove(segments, tree)
        if document is None:
            raise InputError("the log changed while it was read", where=str(self._folder))
        if by_index:
            self._mend(tree)
        return document

    def _mend(self, tree: LogTree) -> None:
        """Put an index in the place of one that was wrong, where no writer is at it."""
        lock = FileLock(self._folder / LOCK)
        try:
            with suppress(InputError, OSError):
                if lock.acquire(blocking=False):
                    tree.save()
        finally:
            lock.release()


def _check_size(size: int, tree: LogTree) -> None:
    if not 0 <= size <= tree.n:
        raise UsageError(f"the log has {tree.n} entries, not {size}", mend="give a smaller size")


def _consistency(tree: LogTree, old: int, new: int) -> dict[str, Any]:
    roots = (tree.root(old), tree.root(new))
    return consistency_document((old, new), roots, prove_consistency(tree, new, old))


def _is_prefix(tree: LogTree, n: int) -> bool:
    """Whether the root at a size is one that the whole tree's root vouches for."""
    return n == tree.n or consistency_holds(_consistency(tree, n, tree.n))
