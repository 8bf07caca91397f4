"""One hit of a contamination report, with both texts and what they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.console.marked import Piece
from provenir.console.said import Said
from provenir.console.view import Tone, severity_tone
from provenir.console.wording import shorten
from provenir.eval.contamination.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.eval.contamination import ContaminationHit
    from provenir.eval.contamination.quoting import Piece as Quoted
    from provenir.eval.contamination.quoting import Side

__all__ = ["HitView", "read_hit"]

MOST_CHARS: Final = 1_000
MOST_PIECES: Final = 200
_NAME_CHARS: Final = 120
_OWNERS: Final[dict[Side, str]] = {"eval": "Eval item", "train": "Training row"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HitView:
    """What the template reads of a hit.

    Attributes:
        title: The eval item.
        what: How much of what leaked.
        tone: Its colour.
        where: The place of the training row.
        texts: The eval text, then the training text; empty where the report quotes none.
    """

    title: str
    what: str
    tone: Tone
    where: str
    texts: tuple[Said, ...]


def read_hit(hit: ContaminationHit) -> HitView:
    """Read a hit; what its texts hold is bounded and not yet escaped."""
    place = hit.place
    row = f"row {hit.train_index:,}"
    file = shorten(place.file or "", _NAME_CHARS)
    where = f"{file}:{place.line} ({row})" if place.line else f"{file} {row}".strip()
    what = "the item" if hit.role == "item" else f"its {shorten(hit.role, _NAME_CHARS)}"
    return HitView(
        title=f"{shorten(hit.eval_set, _NAME_CHARS)}[{hit.eval_index}]",
        what=f"{hit.score:.0%} of {what}",
        tone=severity_tone(hit.severity),
        where=where,
        texts=tuple(_texts(hit)),
    )


def _texts(hit: ContaminationHit) -> Iterator[Said]:
    for side, owner in _OWNERS.items():
        excerpt = hit.eval_excerpt if side == "eval" else hit.train_excerpt
        if excerpt is None:
            continue
        label = f"{owner}, field {shorten(excerpt.field, _NAME_CHARS)}"
        begins = f"from character {excerpt.start:,}" if excerpt.start else ""
        pieces = tuple(_bounded(quoted(hit, side)))
        yield Said(label=label, text=excerpt.text[:MOST_CHARS], cut=begins, pieces=pieces, length=0)


def _bounded(pieces: tuple[Quoted, ...]) -> Iterator[Piece]:
    left = MOST_CHARS
    for piece in pieces[:MOST_PIECES]:
        if left <= 0:
            break
        yield Piece(piece.text[:left], "info" if piece.common else None, "in both texts")
        left -= len(piece.text)
    if left <= 0 or len(pieces) > MOST_PIECES:
        yield Piece("…", gap=True)
