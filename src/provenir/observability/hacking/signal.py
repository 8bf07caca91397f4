"""`HackingSignal`: one sign that a reward was earned in another way than meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from provenir.core.errors import UsageError
from provenir.core.findings import Finding

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

    Raises:
        UsageError: if `kind` is not one of `HACKING_KINDS`.
    """

    index: int | None = None
    group_id: str | int | None = None

    def __post_init__(self) -> None:
        """Hold the kind to the closed list."""
        Finding.__post_init__(self)
        if self.kind not in HACKING_KINDS:
            raise UsageError(
                f"{self.kind!r} is no kind of reward hacking",
                mend=f"give one of {', '.join(HACKING_KINDS)}",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the signal as JSON-safe values."""
        return {**Finding.to_dict(self), "index": self.index, "group_id": self.group_id}
