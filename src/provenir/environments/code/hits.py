"""What a rule returns: a `Hit` in a block, or an `Embedded` piece of code to look at next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provenir.core.findings import Severity

__all__ = ["Embedded", "Hit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A rule that applies to characters `start` to `end` of a block.

    Attributes:
        rule: The rule's name.
        start: Where, in characters of the block's source.
        end: The end of it.
        what: What was recognised, for the sentence that people read.
        severity: In place of the rule's own, where the circumstances make it milder.
    """

    rule: str
    start: int
    end: int
    what: str = ""
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """Code inside code: a decoded string that is run, a command given to a shell.

    Attributes:
        source: The code.
        language: ``python`` or ``shell``.
        start: Where it comes out of, in characters of the block's source.
        end: The end of it.
        decoded: Whether it was hidden, not just quoted.
        literal: Whether it stands in the block as it is, from `start` on.
        path: The file that it is written to.
    """

    source: str
    language: str
    start: int
    end: int
    decoded: bool = False
    literal: bool = False
    path: str | None = None
