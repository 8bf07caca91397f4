"""A hit's two texts in pieces, so that whoever shows them can mark what is common."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provenir.eval.contamination.hit import ContaminationHit, Excerpt

__all__ = ["Piece", "Side", "quoted"]

Side = Literal["eval", "train"]
"""Whose text is meant."""

_WORD: Final = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text.

    Attributes:
        text: The part as it was given: it may hold anything.
        common: Whether the other text has it too.
    """

    text: str
    common: bool = False


def quoted(hit: ContaminationHit, side: Side) -> tuple[Piece, ...]:
    """Return the text that a hit quotes of one side; nothing where it quotes none.

    Common stretches with but white space and signs between them are one piece.

    Args:
        hit: The hit.
        side: Whose text.
    """
    excerpt: Excerpt | None = getattr(hit, f"{side}_excerpt")
    if excerpt is None:
        return ()
    spans = (
        (getattr(span, f"{side}_start"), getattr(span, f"{side}_end"))
        for span in hit.spans
        if getattr(span, f"{side}_field") == excerpt.field
    )
    pieces: list[Piece] = []
    done = 0
    for start, end in _joined(excerpt, spans):
        pieces.append(Piece(excerpt.text[done:start]))
        pieces.append(Piece(excerpt.text[start:end], common=True))
        done = end
    pieces.append(Piece(excerpt.text[done:]))
    return tuple(piece for piece in pieces if piece.text)


def _joined(excerpt: Excerpt, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The stretches as places in the excerpt, in order, those that touch as one."""
    size = len(excerpt.text)
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        start, end = max(first - excerpt.start, 0), min(last - excerpt.start, size)
        if start >= end:
            continue
        if joined and _WORD.search(excerpt.text, joined[-1][1], max(start, joined[-1][1])) is None:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
