"""`Anomaly`: one episode in which a signal of a run was not as it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from provenir.core.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly(Finding):
    """One episode, from its first step on.

    Attributes:
        step: The step at which it began.
        channel: The signal, such as ``grad_norm``.
        value: The value that set it off or, once it got worse, the one that made it worse; None
            where that is NaN or infinite, which `detail` then says.
        last_step: The last step at which the condition held.
        recovered_at: The first step of the signal's return, None while it goes on.
    """

    step: int
    channel: str
    value: float | None = None
    last_step: int
    recovered_at: int | None = None

    @property
    def ongoing(self) -> bool:
        """Whether the condition still held when the run was last looked at."""
        return self.recovered_at is None

    def to_dict(self) -> dict[str, Any]:
        """Return the anomaly as JSON-safe values."""
        return {
            **Finding.to_dict(self),
            "step": self.step,
            "channel": self.channel,
            "value": self.value,
            "last_step": self.last_step,
            "recovered_at": self.recovered_at,
        }
