"""`HackingSignal`: one sign that a reward was earned in another way than meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from provenir.core.errors import UsageError
from provenir.core.findings import Finding

if TYPE_CHECKING:
    from provenir.core.spans import Span

EvidenceClass = Literal["static", "statistical", "executed", "judge"]
"""How a signal knows: by reading the text, by counting, by running it, by asking a model."""

EVIDENCE_CLASSES: Final[tuple[EvidenceClass, ...]] = get_args(EvidenceClass)

HACKING_KINDS: Final[tuple[str, ...]] = (
    "length_inflation",
    "format_exploit",
    "test_tampering",
    "verifier_gaming",
    "proxy_divergence",
    "degenerate_repetition",
    "advantage_collapse",
    "judge_injection",
    "hardcoded_answers",
    "group_outlier",
    "solved_group",
)
"""Every kind that a signal can have; the list is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HackingSignal(Finding):
    """One signal.

    Attributes:
        index: The rollout that it is about, None for a group or a whole run.
        group_id: The group that it is about, None for a lone rollout or a whole run.
        evidence: How it is known.
        spans: Where in the response it was seen, in characters of the text as it was given.
        confidence: Share of hacks among the rollouts of the calibration set that carried this
            signal, its lower bound, 0 to 1; None where it was not measured.
        calibration: Name of that set, None where there is none.
        confirmed: Whether two independent classes of evidence agree on the rollout, or it was
            executed; else the signal is a suspicion.

    Raises:
        UsageError: if `kind` is not one of `HACKING_KINDS`, `evidence` is no class of evidence, or
            `confidence` is not between 0 and 1.
    """

    index: int | None = None
    group_id: str | int | None = None
    evidence: EvidenceClass = "statistical"
    spans: tuple[Span, ...] = ()
    confidence: float | None = None
    calibration: str | None = None
    confirmed: bool = False

    def __post_init__(self) -> None:
        """Hold the kind to the closed list."""
        Finding.__post_init__(self)
        if self.kind not in HACKING_KINDS:
            raise UsageError(
                f"{self.kind!r} is no kind of reward hacking",
                mend=f"give one of {', '.join(HACKING_KINDS)}",
            )
        if self.evidence not in EVIDENCE_CLASSES:
            raise UsageError(
                f"{self.evidence!r} is no class of evidence",
                mend=f"give one of {', '.join(EVIDENCE_CLASSES)}",
            )
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise UsageError(f"confidence={self.confidence!r}", mend="give a number from 0 to 1")

    def to_dict(self) -> dict[str, Any]:
        """Return the signal as JSON-safe values."""
        return {
            **Finding.to_dict(self),
            "index": self.index,
            "group_id": self.group_id,
            "evidence": self.evidence,
            "spans": [[span.start, span.end, span.rule] for span in self.spans],
            "confidence": self.confidence,
            "calibration": self.calibration,
            "confirmed": self.confirmed,
        }
