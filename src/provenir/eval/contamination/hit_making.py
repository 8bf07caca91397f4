"""From what a worker found to a hit with aligned spans and both texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from provenir.eval.contamination.excerpts import excerpt_of
from provenir.eval.contamination.hit import AlignedSpan, ContaminationHit, TrainPlace

if TYPE_CHECKING:
    from provenir.core.findings import Severity
    from provenir.data.overlap.items import EvalItem
    from provenir.eval.contamination.examining import Found

__all__ = ["made_hit"]

_WORDS = {"item": "the item", "passage": "its passage alone"}


def made_hit(
    item: EvalItem, row: int, place: TrainPlace, found: Found, method: str
) -> ContaminationHit:
    """Make a hit.

    Args:
        item: The eval item.
        row: Number of the row in the training data.
        place: Where it lies.
        found: What the worker found.
        method: The method that found it.
    """
    score = found.hit.score
    name = f"{item.eval_set}[{item.index}]"
    what = _WORDS.get(score.role, f"its {score.role}")
    spans = tuple(
        AlignedSpan(
            eval_field=item.segments[span.segment].field,
            eval_start=span.start,
            eval_end=span.end,
            train_field=span.field,
            train_start=span.row_start,
            train_end=span.row_end,
        )
        for span in found.hit.spans
    )
    ours = theirs = None
    if found.texts is not None:
        texts = {segment.field: segment.text for segment in item.segments}
        ours = excerpt_of(texts, [(s.eval_field, s.eval_start, s.eval_end) for s in spans])
        theirs = excerpt_of(
            found.texts, [(s.train_field, s.train_start, s.train_end) for s in spans]
        )
    return ContaminationHit(
        severity=cast("Severity", score.severity),
        detail=f"train row {row} holds {name}: {score.value:.0%} of {what}",
        subject=f"train[{row}]",
        train_index=row,
        eval_set=item.eval_set,
        eval_index=item.index,
        method=method,
        score=round(score.value, 6),
        role=score.role,
        place=place,
        eval_digest=item.digest,
        spans=spans,
        train_excerpt=theirs,
        eval_excerpt=ours,
    )
