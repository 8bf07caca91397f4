"""`ContaminationHit`: one training row that holds one eval item."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from provenir.core.findings import Finding

__all__ = ["HIT_KIND", "AlignedSpan", "ContaminationHit", "Excerpt", "TrainPlace"]

HIT_KIND = "contamination"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedSpan:
    """A stretch that both texts have in common; places are characters of the fields' texts.

    Attributes:
        eval_field: Path of the field of the eval record.
        eval_start: Where it begins there.
        eval_end: Where it ends.
        train_field: Path of the field of the training row.
        train_start: Where it begins there.
        train_end: Where it ends.
    """

    eval_field: str
    eval_start: int
    eval_end: int
    train_field: str
    train_start: int
    train_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The text around what is common, cut to a length that people read.

    Attributes:
        field: Path of the field that it stands in.
        start: Character of the field's text at which it begins.
        text: The text.
    """

    field: str
    start: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainPlace:
    """Where a training row lies.

    Attributes:
        file: Name of its file in the report's list of files; None for rows in memory.
        line: Its line, from 1; None where the file has no lines.
        offset: Byte of the file at which it begins, of the decompressed content where the file is
            compressed; None where rows are not stored one after the other.
        length: Its bytes, without the end of the line.
        digest: Digest of the row (leaf rule 1, `core.leaf`); None where it has none.
    """

    file: str | None = None
    line: int | None = None
    offset: int | None = None
    length: int | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContaminationHit(Finding):
    """A training row that holds an eval item.

    Attributes:
        train_index: Number of the row in the training data, from 0.
        eval_set: Name of the eval set.
        eval_index: Number of the item in it, from 0.
        method: The method that found it.
        score: Share of the item that the row holds, from 0 to 1.
        role: What of the item leaked: ``item`` for the whole, else ``question``, ``answer``,
            ``passage``, ``options`` or ``text``.
        place: Where the row lies.
        eval_digest: Digest of the eval record.
        spans: What both have in common, in the item's order.
        train_excerpt: The row around it; None for hits beyond those that a document keeps.
        eval_excerpt: The item around it.
    """

    kind: str = HIT_KIND
    train_index: int
    eval_set: str
    eval_index: int
    method: str
    score: float
    role: str
    place: TrainPlace = field(default_factory=TrainPlace)
    eval_digest: str | None = None
    spans: tuple[AlignedSpan, ...] = ()
    train_excerpt: Excerpt | None = None
    eval_excerpt: Excerpt | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the hit as JSON-safe values."""
        named = {name: getattr(self, name) for name in _PLAIN}
        return {
            **Finding.to_dict(self),
            **named,
            "place": asdict(self.place),
            "spans": [asdict(span) for span in self.spans],
            "train_excerpt": self.train_excerpt and asdict(self.train_excerpt),
            "eval_excerpt": self.eval_excerpt and asdict(self.eval_excerpt),
        }


_PLAIN = ("train_index", "eval_set", "eval_index", "method", "score", "role", "eval_digest")
