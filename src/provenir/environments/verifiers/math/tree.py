"""What an answer is made of: one value of a tree, whose leaves are expressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from provenir.environments.verifiers.math.numerals import Numeral

__all__ = ["Answer", "Kind"]

Kind = Literal[
    "leaf",
    "text",
    "choice",
    "tuple",
    "interval",
    "set",
    "list",
    "union",
    "difference",
    "matrix",
    "relation",
    "ratio",
]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read.

    Attributes:
        kind: What it is; everything but ``leaf``, ``text`` and ``choice`` has items.
        source: Its text, normalised and without a unit.
        items: Elements of a set, ends of an interval, sides of a relation, entries of a matrix.
        form: Brackets of an interval (``[)``), operators of a relation, rows and columns of a
            matrix, the letter of a choice, the word that joins a list.
        number: The value of a leaf that is a numeral.
        unit: The measure behind a leaf.
    """

    kind: Kind
    source: str
    items: tuple[Answer, ...] = ()
    form: str = ""
    number: Numeral | None = None
    unit: str = ""
