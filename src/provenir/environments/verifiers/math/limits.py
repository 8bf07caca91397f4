"""How much of a response is read, and how large a value may be before nobody computes it."""

from __future__ import annotations

from typing import Final

__all__ = [
    "MAX_ANSWER_CHARS",
    "MAX_DEPTH",
    "MAX_DIGITS",
    "MAX_ITEMS",
    "MAX_MAGNITUDE",
    "MAX_TAIL_CHARS",
    "Undecided",
]

MAX_TAIL_CHARS: Final = 200_000
"""Characters at the end of a response in which the final answer is looked for."""

MAX_ANSWER_CHARS: Final = 2_000
"""Longest final answer, in characters."""

MAX_DEPTH: Final = 24
"""Deepest nesting of braces and brackets."""

MAX_DIGITS: Final = 2_000
"""Most digits in one numeral; Python itself refuses to convert more than 4,300."""

MAX_ITEMS: Final = 64
"""Most elements of a set, list, tuple or matrix."""

MAX_MAGNITUDE: Final = 2_000
"""Most decimal digits that a value met on the way may have, before or after the point."""


class Undecided(Exception):  # noqa: N818 - an outcome, caught where the verdict is made
    """Two answers could not be compared.

    Args:
        reason: One of the verifier's reasons, such as ``timeout``.
        detail: One sentence for people.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
