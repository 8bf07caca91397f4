"""What every sensor returns: findings, inside a report that says what was not looked at.

A `Finding` is one observation; anomalies, hacking signals and contamination hits are findings. A
`Report` is findings plus two tables: what was examined, with counts, and what was not, with
reasons. A report that examined nothing is never clean.

Subclasses are frozen, slotted dataclasses too. Inside a slotted dataclass ``super()`` without
arguments does not work, so a subclass that validates more calls ``Finding.__post_init__(self)``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from provenir.core.coercion import coerce
from provenir.core.digest import digest_value
from provenir.core.errors import UsageError
from provenir.core.limits import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "SEVERITIES",
    "Finding",
    "Report",
    "Severity",
    "count_by_kind",
    "severity_rank",
    "worst_severity",
]

Severity = Literal["info", "warning", "critical"]

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""The three severities, the mildest first."""

_KIND: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_MAX_NODES: Final = 1_000_000


def severity_rank(severity: Severity) -> int:
    """Return 0 for info, 1 for warning, 2 for critical."""
    return SEVERITIES.index(severity)


def worst_severity(findings: Iterable[Finding]) -> Severity | None:
    """Return the highest severity among findings, or None where there are none."""
    return max((finding.severity for finding in findings), key=severity_rank, default=None)


def count_by_kind(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many findings there are of each kind, sorted by kind."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.kind] = counts.get(finding.kind, 0) + 1
    return dict(sorted(counts.items()))


def _plain(value: Any) -> Any:
    return coerce(value, max_depth=MAX_DEPTH, max_nodes=_MAX_NODES)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One observation.

    Attributes:
        kind: What was seen, in one lower-case word such as ``kl_blowup``.
        severity: How bad it is.
        detail: A sentence for people, with the numbers in it. It may quote hostile text: whoever
            shows it neutralises it (`core.text.printable`).
        subject: What it is about: a file, a row, a channel; None for the whole.
        data: The numbers and names behind `detail`, for programs.

    Raises:
        UsageError: A kind or severity that is not one.
    """

    kind: str
    severity: Severity
    detail: str
    subject: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if _KIND.fullmatch(self.kind) is None:
            raise UsageError(f"{self.kind!r} cannot be the kind of a finding")
        if self.severity not in SEVERITIES:
            raise UsageError(
                f"{self.severity!r} is no severity", mend=f"one of {', '.join(SEVERITIES)}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-safe values."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "detail": _plain(self.detail),
            "subject": _plain(self.subject),
            "data": _plain(self.data),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Findings, with what was and what was not examined.

    Attributes:
        name: Which sensor reports, such as ``contamination``.
        findings: What was found, in the order found.
        examined: What was looked at and how many of it, such as ``{"rows": 1000}``.
        not_examined: What was not looked at and why, such as ``{"judge": "no key"}``.
    """

    name: str
    findings: tuple[Finding, ...] = ()
    examined: Mapping[str, int] = field(default_factory=dict)
    not_examined: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "findings", tuple(self.findings))

    @property
    def is_clean(self) -> bool:
        """Whether something was examined and nothing of severity warning or above was found."""
        looked = any(count > 0 for count in self.examined.values())
        return looked and all(severity_rank(f.severity) == 0 for f in self.findings)

    def by_kind(self) -> dict[str, int]:
        """Return how many findings there are of each kind, sorted by kind."""
        return count_by_kind(self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-safe values; what `digest` is over."""
        return {
            "name": _plain(self.name),
            "is_clean": self.is_clean,
            "findings": [finding.to_dict() for finding in self.findings],
            "examined": _plain(self.examined),
            "not_examined": _plain(self.not_examined),
        }

    def digest(self) -> str:
        """Return the digest of the canonical bytes of `to_dict`."""
        return digest_value(self.to_dict())
