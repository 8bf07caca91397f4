"""What a scan for canaries found: hits in a report that a run can keep.

A report may end up beside a published passport, so what it says in JSON holds no canary: it names
each by its commitment, which an owner can open (`Canary.commitment`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from provenir.core.findings import Finding, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from provenir.eval.canary.token import Canary

__all__ = ["MAX_HITS", "CanaryHit", "CanaryReport", "found_hit"]

MAX_HITS: Final = 10_000
"""Most hits that a report lists; more are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryHit(Finding):
    """One canary in one field of one row.

    Attributes:
        row: Number of the row in the data that was scanned, from 0.
        field: The field, such as ``messages[1].content``; None where no single field holds it: a
            row that is no JSON object, or a canary that goes over several entries of a list.
        location: ``file:line``; None for rows from memory.
        canary: What was found; not part of `to_dict`.
        recipient: Whose copy it marked, None where it marks all copies.
    """

    row: int
    field: str | None
    location: str | None
    canary: Canary
    recipient: str | None


def found_hit(canary: Canary, row: int, place: str | None, location: str | None) -> CanaryHit:
    """Make the hit of a canary in a field of a row."""
    whose = "" if canary.recipient is None else f" (the copy of {canary.recipient})"
    name = "an unnamed eval set" if canary.eval_set_id is None else canary.eval_set_id
    spot = "no single field" if place is None else f"field {place}"
    at = "" if location is None else f", {location}"
    return CanaryHit(
        kind="canary_found",
        severity="critical",
        detail=f"the canary of {name}{whose} stands in row {row}, {spot}{at}",
        subject=location or f"row {row}",
        data={
            "row": row,
            "field": place,
            "location": location,
            "eval_set_id": canary.eval_set_id,
            "recipient": canary.recipient,
            "commitment": canary.commitment(),
        },
        row=row,
        field=place,
        location=location,
        canary=canary,
        recipient=canary.recipient,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryReport(Report):
    """All hits of one scan; iterating gives them in the order of the rows.

    Attributes:
        sought: How many canaries were looked for.
        leaked_rows: Numbers of all rows that hold a canary, also of those whose hits are not
            listed, ascending.
        rows_by_recipient: For each recipient whose canary was found, in how many rows.
    """

    name: str = "canaries"
    sought: int = 0
    leaked_rows: tuple[int, ...] = ()
    rows_by_recipient: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether every row of every file was looked at, there was one, and none holds a canary."""
        return self.examined.get("rows", 0) > 0 and not self.findings and not self.not_examined

    @property
    def hits(self) -> tuple[CanaryHit, ...]:
        """The first `MAX_HITS` hits."""
        return tuple(each for each in self.findings if isinstance(each, CanaryHit))

    def __iter__(self) -> Iterator[CanaryHit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-safe values, without any canary."""
        return {
            **Report.to_dict(self),
            "sought": self.sought,
            "leaked_rows": len(self.leaked_rows),
            "rows_by_recipient": dict(sorted(self.rows_by_recipient.items())),
        }
