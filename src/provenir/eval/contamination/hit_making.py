"""From what a worker found to a hit with aligned spans and both texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from provenir.eval.contamination.excerpts import excerpt_of
from provenir.eval.contamination.hit import AlignedSpan, ContaminationHit, Excerpt, TrainPlace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from provenir.core.findings import Severity
    from provenir.data.overlap.items import EvalItem
    from provenir.eval.contamination.examining import Found

__all__ = ["made_hits"]

_WORDS = {"item": "the item", "passage": "its passage alone"}


def made_hits(
    items: Iterable[EvalItem], row: int, place: TrainPlace, found: Found, method: str
) -> Iterator[ContaminationHit]:
    """Make a hit of each item that a finding is one of.

    Args:
        items: The eval items; all have the words that were found.
        row: Number of the row in the training data.
        place: Where it lies.
        found: What the worker found.
        method: The method that found it.
    """
    score = found.hit.score
    what = _WORDS.get(score.role, f"its {score.role}")
    shown, segments = _Shown((), None, None), None
    for item in items:
        if item.segments != segments:
            shown, segments = _shown(item, found), item.segments
        name = f"{item.eval_set}[{item.index}]"
        yield ContaminationHit(
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
            spans=shown.spans,
            train_excerpt=shown.theirs,
            eval_excerpt=shown.ours,
        )


class _Shown(NamedTuple):
    """What is common, and the texts around it; the same for items of the same texts."""

    spans: tuple[AlignedSpan, ...]
    ours: Excerpt | None
    theirs: Excerpt | None


def _shown(item: EvalItem, found: Found) -> _Shown:
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
    if found.texts is None:
        return _Shown(spans, None, None)
    texts = {segment.field: segment.text for segment in item.segments}
    ours = excerpt_of(texts, [(s.eval_field, s.eval_start, s.eval_end) for s in spans])
    theirs = excerpt_of(found.texts, [(s.train_field, s.train_start, s.train_end) for s in spans])
    return _Shown(spans, ours, theirs)
