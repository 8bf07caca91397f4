"""What one pass over a source gathers besides its rows: file digests, findings, progress.

A `Reading` is the only mutable value of this room. It lives for one pass, is handed down to the
readers, and is emptied into a `DatasetIdentity` by whoever started the pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from provenir.core.findings import Finding, Severity

Row: TypeAlias = dict[str, Any]
Advance: TypeAlias = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """One file of a dataset.

    Attributes:
        name: path relative to the folder, the glob's fixed part, or the files' common folder,
            with forward slashes.
        sha256: lower-case hex SHA-256 of the file's bytes as stored (compressed bytes for .gz).
    """

    name: str
    sha256: str

    def to_dict(self) -> dict[str, str]:
        """The file as a plain mapping."""
        return {"name": self.name, "sha256": self.sha256}


class Source(Protocol):
    """Where rows come from."""

    @property
    def label(self) -> str:
        """A short word for messages; the name of a data set without a better one."""
        ...

    @property
    def total(self) -> int | None:
        """What one full pass reports to `Reading.advance`, None when unknown."""
        ...

    @property
    def unit(self) -> str:
        """What `total` counts: "bytes" or "rows"."""
        ...

    @property
    def refusal(self) -> str | None:
        """Why the rows must not be read, None when they may be."""
        ...

    def read(self, reading: Reading) -> Iterator[Row]:
        """Yield the rows in order; a second call yields the same rows again."""
        ...

    def file_identities(self, reading: Reading) -> None:
        """Record the files' digests anew without reading any row."""
        ...


@dataclass(slots=True)
class Reading:
    """The gatherings of one pass.

    Attributes:
        strict: refuse duplicate JSON keys, the literals NaN, Infinity, -Infinity, and numbers
            too large for a double.
        digest_files: whether file digests are wanted (False for `Dataset.rows`).
        fields: the only top-level fields to read, None for all.
        advance: called with an increment in the unit of the source.
        rows: how many rows were digested so far; the number of the next one.
        files: digests of the files read to their end.
    """

    strict: bool = False
    digest_files: bool = True
    fields: tuple[str, ...] | None = None
    advance: Advance | None = None
    rows: int = 0
    files: list[FileIdentity] = field(default_factory=list)
    _notes: dict[tuple[str, str | None], tuple[Severity, str, int]] = field(default_factory=dict)

    def step(self, amount: int) -> None:
        """Report `amount` more bytes or rows to the listener, if there is one."""
        if self.advance is not None and amount:
            self.advance(amount)

    def note(
        self, kind: str, detail: str, *, subject: str | None = None, severity: Severity = "info"
    ) -> None:
        """Remember a finding; later ones of the same kind and subject only raise its count."""
        first = self._notes.get((kind, subject), (severity, detail, 0))
        self._notes[(kind, subject)] = (first[0], first[1], first[2] + 1)

    def findings(self) -> tuple[Finding, ...]:
        """The findings in the order of their first occurrence, each with its count."""
        return tuple(
            Finding(kind=kind, severity=sev, detail=detail, subject=subject, data={"count": count})
            for (kind, subject), (sev, detail, count) in self._notes.items()
        )
