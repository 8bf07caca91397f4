"""The pieces that the page is made of: plain values, read by the template.

Texts here are still raw. They are neutralised and escaped at one place, when the template writes
them out (:mod:`provenir.console.html`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Tone = Literal["good", "warning", "critical", "info", "plain"]

SEVERITY_TONE: Final[dict[str, Tone]] = {
    "critical": "critical",
    "warning": "warning",
    "info": "info",
}


def severity_tone(severity: object) -> Tone:
    """Return the tone of a severity; an unknown word is shown as a warning."""
    return SEVERITY_TONE.get(str(severity), "warning")


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence that must not be overlooked; ``command`` is what mends it."""

    title: str
    text: str
    tone: Tone = "warning"
    command: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A labelled value; ``code`` sets it in the typewriter face, ``tone`` as a pill."""

    label: str
    value: str
    code: bool = False
    tone: Tone | None = None


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the overview."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column; ``digest`` is for long names that may break anywhere."""

    title: str
    numeric: bool = False
    wide: bool = False
    digest: bool = False

    @property
    def dress(self) -> str:
        """The class of its cells."""
        return "num" if self.numeric else "digest" if self.digest else "wide" if self.wide else ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A table's cell; with a ``tone`` it is a pill."""

    text: str
    code: bool = False
    tone: Tone | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``omitted`` says how many rows were left out, in words."""

    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    caption: str = ""
    omitted: str = ""


NO_TABLE: Final = Table()
"""A table without rows."""


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One thing that was, or was not, checked.

    Attributes:
        outcome: One or two words: ``pass``, ``fail``, ``not checked``, ``3 of 9``.
        what: What the check is about.
        why: Its detail or reason.
        tone: The outcome's colour.
        things: How many things it speaks of.
    """

    outcome: str
    what: str
    why: str = ""
    tone: Tone = "plain"
    things: int = 1


def table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    *,
    limit: int,
    noun: str,
    caption: str = "",
) -> Table:
    """Make a table of at most ``limit`` rows that says how many it leaves out."""
    left_out = len(rows) - limit
    return Table(
        columns=tuple(columns),
        rows=tuple(tuple(row) for row in rows[:limit]),
        caption=caption,
        omitted=f"{left_out:,} more {noun} not shown." if left_out > 0 else "",
    )
