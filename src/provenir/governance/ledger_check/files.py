"""The files of `governed/` as a verifier sees them: bounded, line by line, never outside.

Names are the ledger's own, contents are a stranger's. A link, a pipe or a folder in the place of a
file counts as a file that is not there.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Final, TypeVar

from provenir.core.digest import digest_bytes
from provenir.core.document import Document
from provenir.core.errors import EvidenceError, InputError
from provenir.core.files import read_bounded, read_lines
from provenir.core.limits import MAX_DOCUMENT_BYTES
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.plan import lines_root
from provenir.provenance.ledger.records import parse_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from provenir.provenance.ledger.records import Record, Root

__all__ = ["MAX_DETAILS_BYTES", "MAX_LINE_BYTES", "LedgerFiles", "need"]

MAX_LINE_BYTES: Final = 2**20
"""Longest line of a ledger's file, but of its details."""
MAX_DETAILS_BYTES: Final = 2**25
"""Longest line of `details.jsonl`: 32 MiB, some 200,000 entries."""

D = TypeVar("D", bound=Document)


class LedgerFiles:
    """The folder of a ledger.

    Args:
        folder: `governed/` of a run folder, which need not be there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where a file lies.

        Raises:
            EvidenceError: There is no such regular file (`missing-report`).
        """
        path = self._folder / name
        linked = any(place.is_symlink() for place in (self._folder, path.parent, path))
        need(not linked and path.is_file(), "missing-report", "it is not there", name)
        return path

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        try:
            return self.path(name).exists()
        except EvidenceError:
            return False

    def read(self, name: str, *, max_bytes: int = MAX_DOCUMENT_BYTES) -> bytes:
        """Return a file's bytes.

        Raises:
            EvidenceError: It is not there (`missing-report`), or too large (`malformed`).
        """
        path = self.path(name)
        try:
            return read_bounded(path, max_bytes=max_bytes, follow_symlinks=False)
        except InputError as fault:
            raise EvidenceError(fault.what, reason="malformed", where=name) from fault

    def lines(self, name: str, *, max_bytes: int = MAX_LINE_BYTES) -> Iterator[tuple[str, bytes]]:
        """Yield (place for a message, line) of a file that ends with its last newline.

        Raises:
            EvidenceError: It is not there (`missing-report`), a line is too long or torn
                (`malformed`).
        """
        path = self.path(name)
        try:
            reader = read_lines(path, max_line_bytes=max_bytes)
            for number, line in reader:
                yield f"{name}:{number}", line
        except InputError as fault:
            raise EvidenceError(fault.what, reason="malformed", where=name) from fault
        need(reader.torn is None, "malformed", "its last line has no end", name)

    def discarded(self) -> frozenset[Root]:
        """The root over the lines of each `ledger.discarded-<i>.jsonl`, counted from 0."""
        roots: set[Root] = set()
        for number in count():
            name = layout.discarded_name(layout.LEDGER, number)
            if not self.has(name):
                break
            with suppress(EvidenceError):  # what cannot be read is not there
                roots.add(lines_root(line for _, line in self.records(name)))
        return frozenset(roots)

    def records(self, name: str) -> Iterator[tuple[Record, bytes]]:
        """Yield each record of a ledger with its line.

        Raises:
            EvidenceError: As `lines`, or a line that is none of the six records (`malformed`).
        """
        for where, line in self.lines(name):
            try:
                record = parse_record(line, where=where)
            except InputError as fault:
                raise EvidenceError(fault.what, reason="malformed", where=where) from fault
            need(record.line() == line, "malformed", "a field is missing", where)
            yield record, line

    def document(self, name: str, expected: str, form: type[D]) -> D:
        """Read a document that the header binds.

        Args:
            name: The file.
            expected: Digest of its bytes.
            form: What it should be.

        Raises:
            EvidenceError: It is not there, another one (`changed-report`), or not what it should
                be (`malformed`).
        """
        data = self.read(name)
        found = digest_bytes(data)
        need(found == expected, "changed-report", "it is not the one that the header binds", name)
        try:
            return form.from_bytes(data, where=name)
        except InputError as fault:
            raise EvidenceError(fault.what, reason="malformed", where=name) from fault


def need(holds: bool, reason: str, what: str, where: str | None = None) -> None:
    """Raise an `EvidenceError` unless something holds."""
    if not holds:
        raise EvidenceError(what, reason=reason, where=where)
