"""`Span`: a stretch of a text that a finding is about."""

from __future__ import annotations

from dataclasses import dataclass

from provenir.core.errors import UsageError

__all__ = ["Span"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters `start` to `end` of a text, the end excluded.

    Attributes:
        start: The first character, counted from 0 in code points.
        end: The one after the last; never before `start`.
        rule: What was recognised there, such as ``os._exit``.

    Raises:
        UsageError: for places that are no stretch of a text.
    """

    start: int
    end: int
    rule: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise UsageError(f"{self.start} to {self.end} is no stretch of a text")

    def moved(self, by: int) -> Span:
        """Return the span as it lies in a text of which this one's text is a part."""
        return Span(self.start + by, self.end + by, self.rule)
