"""What a scan finds: rows that hold items, and the stretches of text that both have in common."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RawHit", "Score", "Span"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How much of what leaked.

    Attributes:
        value: Share of the text that is matched, from 0 to 1.
        role: What leaked: ``item``, ``question``, ``answer`` or ``passage``.
        severity: ``info`` for what says nothing alone (see `rules`); ``warning`` for a run of
            thirteen words that only an exhaustive search names; else ``critical``.
    """

    value: float
    role: str
    severity: str


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch that both sides have in common; places are counted in characters.

    Attributes:
        segment: Number of the segment of the item.
        start: Where it begins in the segment's text.
        end: Where it ends.
        field: Path of the field of the row.
        row_start: Where it begins in the field's text.
        row_end: Where it ends.
    """

    segment: int
    start: int
    end: int
    field: str
    row_start: int
    row_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RawHit:
    """A row of a block that holds an item.

    Attributes:
        row: Number of the row in the block, from 0.
        offset: Byte of the block's buffer at which the row begins.
        length: Bytes of the row, without its line end.
        item: Number of the item in the index; `EvalIndex.twins` gives those with the same words.
        score: What the rule found.
        spans: The common stretches, in the item's order.
        runs: The same in words: place in the item, place in the row, length; empty where the
            method does not align words.
    """

    row: int
    offset: int
    length: int
    item: int
    score: Score
    spans: tuple[Span, ...]
    runs: tuple[tuple[int, int, int], ...] = ()
