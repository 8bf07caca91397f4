"""Checking a log: what its lines hold, and whether it still extends what someone kept of it."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from provenir.attest.event import LogEntry, read_plain_line
from provenir.attest.segment import complete_lines, open_log
from provenir.attest.segments import segment_name
from provenir.core.digest import format_digest, parse_digest
from provenir.core.errors import BoundsError, InputError, UsageError
from provenir.core.findings import Finding, Severity, severity_rank
from provenir.core.merkle import Frontier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from provenir.attest.segments import Segments

__all__ = ["LogExamination", "LogState", "examine_log", "truncation_not_checked"]

_MAX_FINDINGS: Final = 200
_PROGRESS_LINES: Final = 1_024


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LogExamination:
    """What reading every line of a log showed.

    Attributes:
        findings: Whatever an honest log does not hold.
        state: Size and root over the lines.
        roots: For each size that was asked for and is not beyond the log, the root at it.
    """

    findings: tuple[Finding, ...]
    state: LogState
    roots: dict[int, str]

    def against(self, known: LogState, where: str) -> list[Finding]:
        """Compare with a state that someone kept and whose size was asked for."""
        if known.size not in self.roots:
            detail = f"the log had {known.size} entries and now has {self.state.size}"
            return [_finding("log_truncated", "critical", detail, where)]
        if self.roots[known.size] != known.root:
            detail = f"the first {known.size} entries are not those of the kept root"
            return [_finding("log_rewritten", "critical", detail, where)]
        return []


def examine_log(
    segments: Segments, *, sizes: Iterable[int] = (), progress: Callable[[int], None] | None = None
) -> LogExamination:
    """Read a whole log once, its lines alone, and report what an honest one does not hold.

    Args:
        segments: The log.
        sizes: At which sizes the root is wanted.
        progress: Called now and then with the bytes read since.

    Returns:
        At most `_MAX_FINDINGS` findings about lines and one for each kind of note, then those
        about segments; no line behind a missing segment is examined.

    Raises:
        InputError: A segment cannot be opened.
    """
    reading = _Reading(segments, frozenset(sizes))
    for k, ordinal in enumerate(segments.ordinals):
        if ordinal != k or not reading.read(k, progress or (lambda _: None)):
            break
    state = LogState(size=reading.frontier.n, root=format_digest(reading.frontier.root()))
    findings = (*reading.lines.findings(), *reading.whole, *_about(segments))
    return LogExamination(findings=findings, state=state, roots=reading.roots)


def truncation_not_checked(where: str) -> Finding:
    """Say that nobody's earlier state was given; it is said, not passed over."""
    detail = "nobody's earlier size and root were given: a cut or rewritten log cannot be told"
    return _finding("truncation_not_checked", "info", detail, where)


def _about(segments: Segments) -> Iterator[Finding]:
    """What the names in the folder show."""
    where = str(segments.folder)
    if segments.missing is not None:
        detail = f"{segment_name(segments.missing)} is missing; what follows was not examined"
        yield _finding("segment_missing", "critical", detail, where)
    elif not segments.ordinals:
        yield _finding("log_absent", "warning", "there is no log here", where)
    if segments.foreign:
        more = f" and {len(segments.foreign) - 1} more" if len(segments.foreign) > 1 else ""
        detail = f"nobody looked into {segments.foreign[0]}{more}: no name of a segment"
        yield _finding("segment_not_examined", "warning", detail, where)


class _Reading:
    """The tree and the findings so far."""

    def __init__(self, segments: Segments, sizes: frozenset[int]) -> None:
        self._segments = segments
        self._sizes = sizes
        self.lines = _Lines(str(segments.folder))
        self.whole: list[Finding] = []
        self.frontier = Frontier()
        self.roots = {0: format_digest(self.frontier.root())}

    def read(self, k: int, progress: Callable[[int], None]) -> bool:
        """Read one segment; False where the log cannot be read on."""
        path = self._segments.path(self._segments.ordinals[k])
        is_last = k + 1 == len(self._segments.ordinals)
        end = number = told = 0
        with open_log(path, write=False) as file:
            try:
                for number, (end, line) in enumerate(complete_lines(file), start=1):
                    self._take(line, f"{path}:{number}")
                    if not number % _PROGRESS_LINES:
                        progress(end - told)
                        told = end
            except BoundsError as fault:
                detail = f"{fault.what}; what follows was not examined"
                place = f"{path}:{number + 1}"
                self.whole.append(_finding("oversized_line", "critical", detail, place))
                return False
            size = os.fstat(file.fileno()).st_size
        progress(end - told)
        self._judge_end(path, number, size - end, is_last=is_last)
        return True

    def _take(self, line: bytes, place: str) -> None:
        self.frontier.append(line)
        self.lines.examine(line, place)
        if self.frontier.n in self._sizes:
            self.roots[self.frontier.n] = format_digest(self.frontier.root())

    def _judge_end(self, path: Path, lines: int, torn: int, *, is_last: bool) -> None:
        if torn > 0:
            detail = f"{torn} bytes of an unfinished entry stand at the end"
            severity: Severity = "warning" if is_last else "critical"
            kind = "torn_tail" if is_last else "torn_segment"
            self.whole.append(_finding(kind, severity, detail, str(path)))
        if not lines and not is_last:
            detail = "a segment without an entry, and the log goes on behind it"
            self.whole.append(_finding("empty_segment", "critical", detail, str(path)))


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

    def examine(self, line: bytes, place: str) -> None:
        """Look at one complete line; `place` is its file and number."""
        plain = read_plain_line(line)
        if plain is None:
            plain = self._judge(line, place)
        if plain is None:
            return
        event_id, parents = plain
        if event_id in self._ids:
            detail = f"the event {event_id} is in the log twice"
            self._add(_finding("duplicate_event", "critical", detail, place))
        unknown = sum(parent not in self._ids for parent in parents)
        if unknown:
            detail = f"{unknown} parent(s) are no earlier event of this log"
            self._add(_finding("unknown_parent", "info", detail, place))
        self._ids.add(event_id)

    def _judge(self, line: bytes, place: str) -> tuple[str, tuple[str, ...]] | None:
        """Id and parents of any line, None where it is no entry."""
        try:
            entry = LogEntry.from_bytes(line, where=place)
        except InputError as fault:
            self._add(_finding("malformed_entry", "critical", fault.what, place))
            return None
        if entry.to_bytes() != line:
            detail = "not the canonical bytes of its own content: no writer of this log made it"
            self._add(_finding("noncanonical_entry", "critical", detail, place))
        return entry.id, entry.parents

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
