"""Checking a log: what its lines hold, and whether it still extends what someone kept of it."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from provenir.attest.event import LogEntry
from provenir.attest.segment import complete_lines
from provenir.core.digest import format_digest, parse_digest
from provenir.core.errors import BoundsError, InputError, UsageError
from provenir.core.findings import Finding, Severity, severity_rank
from provenir.core.merkle import Frontier

__all__ = ["LogState", "check_log", "segment_not_examined"]

_MAX_FINDINGS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """A log's size and root at one moment. Kept outside the log, it shows later tampering.

    Attributes:
        size: Number of entries.
        root: RFC 6962 root over them, `sha256:<hex>`.

    Raises:
        UsageError: The size is negative.
        InputError: The root is no digest.
    """

    size: int
    root: str

    def __post_init__(self) -> None:
        if type(self.size) is not int or self.size < 0:
            raise UsageError("a log's size is a number from 0")
        parse_digest(self.root)

    def to_dict(self) -> dict[str, int | str]:
        """The state as JSON values."""
        return {"size": self.size, "root": self.root}


def check_log(file: BinaryIO | None, *, where: str, known: LogState | None) -> list[Finding]:
    """Read a whole log once and report what an honest one does not hold.

    Args:
        file: The open log, or None when there is none.
        where: Its name, for the findings.
        known: A state that someone kept, or None.

    Returns:
        At most `_MAX_FINDINGS` findings about lines and one for each kind of note, then those
        about the log as a whole.
    """
    found = _Lines(where)
    roots = {0: format_digest(Frontier().root())}
    frontier, end = Frontier(), 0
    whole: list[Finding] = []
    if file is None:
        whole.append(_finding("log_absent", "warning", "there is no log here", where))
    else:
        try:
            for offset, line in complete_lines(file):
                end = offset
                frontier.append(line)
                found.examine(frontier.n, line)
                if known is not None and frontier.n == known.size:
                    roots[known.size] = format_digest(frontier.root())
            torn = os.fstat(file.fileno()).st_size - end
            if torn > 0:
                detail = f"{torn} bytes of an unfinished entry stand at the end"
                whole.append(_finding("torn_tail", "warning", detail, where))
        except BoundsError as fault:
            detail = f"{fault.what}; what follows was not examined"
            whole.append(
                _finding("oversized_line", "critical", detail, f"{where}:{frontier.n + 1}")
            )
    return [*found.findings(), *whole, *_against(known, frontier.n, roots, where)]


def segment_not_examined(names: list[str], where: str) -> Finding:
    """Say of segments that this version does not know that nobody looked into them."""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    detail = f"the log goes on in {names[0]}{more}, which this version does not know"
    return _finding("segment_not_examined", "warning", detail, where)


def _against(known: LogState | None, size: int, roots: dict[int, str], where: str) -> list[Finding]:
    """Compare with a kept state; not having one is said, not passed over."""
    if known is None:
        detail = "nobody's earlier size and root were given: a cut or rewritten log cannot be told"
        return [_finding("truncation_not_checked", "info", detail, where)]
    if known.size not in roots:
        detail = f"the log had {known.size} entries and now has {size}"
        return [_finding("log_truncated", "critical", detail, where)]
    if roots[known.size] != known.root:
        detail = f"the first {known.size} entries are not those of the kept root"
        return [_finding("log_rewritten", "critical", detail, where)]
    return []


class _Lines:
    """What was found line by line, bounded.

    What is only worth knowing is counted by kind: it takes no place from what is wrong.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._ids: set[str] = set()
        self._kept: list[Finding] = []
        self._notes: dict[str, tuple[Finding, int]] = {}
        self._left: Counter[Severity] = Counter()

    def examine(self, number: int, line: bytes) -> None:
        """Look at one complete line; `number` counts from 1."""
        place = f"{self._where}:{number}"
        try:
            entry = LogEntry.from_bytes(line, where=place)
        except InputError as fault:
            self._add(_finding("malformed_entry", "critical", fault.what, place))
            return
        if entry.to_bytes() != line:
            detail = "not the canonical bytes of its own content: no writer of this log made it"
            self._add(_finding("noncanonical_entry", "critical", detail, place))
        if entry.id in self._ids:
            detail = f"the event {entry.id} is in the log twice"
            self._add(_finding("duplicate_event", "critical", detail, place))
        unknown = sum(parent not in self._ids for parent in entry.parents)
        if unknown:
            detail = f"{unknown} parent(s) are no earlier event of this log"
            self._add(_finding("unknown_parent", "info", detail, place))
        self._ids.add(entry.id)

    def findings(self) -> list[Finding]:
        """Everything kept, how much was not, and one finding for each kind of note."""
        found = [*self._kept, *(_noted(first, n) for first, n in self._notes.values())]
        if self._left:
            detail = f"{self._left.total()} more finding(s) about single entries"
            worst = max(self._left, key=severity_rank)
            found.append(_finding("more_findings", worst, detail, self._where))
        return found

    def _add(self, finding: Finding) -> None:
        if finding.severity == "info":
            first, n = self._notes.get(finding.kind, (finding, 0))
            self._notes[finding.kind] = (first, n + 1)
        elif len(self._kept) < _MAX_FINDINGS:
            self._kept.append(finding)
        else:
            self._left[finding.severity] += 1


def _noted(first: Finding, n: int) -> Finding:
    more = f"; so it is in {n - 1} more entries" if n > 1 else ""
    return replace(first, detail=first.detail + more, data={"count": n})


def _finding(kind: str, severity: Severity, detail: str, subject: str) -> Finding:
    return Finding(kind=kind, severity=severity, detail=detail, subject=subject)
