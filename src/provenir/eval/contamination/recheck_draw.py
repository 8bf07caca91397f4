"""Which rows of a report are looked at again: what it names, and some that it does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from provenir.core.errors import ProvenirError
from provenir.eval.contamination.row_set import parse_rows

if TYPE_CHECKING:
    from random import Random

    from provenir.eval.contamination.document import ContaminationReportDocument

__all__ = ["Drawn", "draw_rows"]


@dataclass(slots=True)
class Drawn:
    """Numbers of the rows that are looked at, by what for.

    Attributes:
        hits: Places in the report's list of hits.
        unkept: Contaminated rows of which no hit is kept.
        skipped: Rows that are called unreadable.
        others: Rows that the report does not name.
        of: How many of each kind there are to draw from, by the names above.
    """

    hits: list[int] = field(default_factory=list)
    unkept: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    of: dict[str, int] = field(default_factory=dict)


def draw_rows(
    report: ContaminationReportDocument, hits: int | None, sample: int, random: Random
) -> Drawn:
    """Choose the rows that are looked at.

    Args:
        report: The report.
        hits: How many hits; None for all.
        sample: How many rows of each other kind, at most.
        random: What is drawn depends on it alone.
    """
    try:
        contaminated = parse_rows(report.contaminated_rows, below=report.corpus.rows)
        skipped = parse_rows(report.skips.rows, below=report.corpus.rows)
    except ProvenirError:
        return Drawn()
    every = list(range(len(report.hits)))
    chosen = every if hits is None or hits >= len(every) else sorted(random.sample(every, hits))
    held = {hit.train_index for hit in report.hits}
    named = contaminated | skipped | held
    return Drawn(
        hits=chosen,
        unkept=_sample(sorted(contaminated - held), sample, random),
        skipped=_sample(sorted(skipped), sample, random),
        others=_others(report.corpus.rows, named, sample, random),
        of={
            "hits": len(every),
            "unkept": len(contaminated - held),
            "skipped": len(skipped),
            "others": report.corpus.rows - len(named),
        },
    )


def _sample(rows: list[int], sample: int, random: Random) -> list[int]:
    return rows if sample >= len(rows) else sorted(random.sample(rows, sample))


def _others(rows: int, named: set[int], sample: int, random: Random) -> list[int]:
    """Draw rows that the report does not name, without a list of all of them."""
    if sample >= rows - len(named):
        return [row for row in range(rows) if row not in named]
    drawn: set[int] = set()
    while len(drawn) < sample:
        row = random.randrange(rows)
        if row not in named:
            drawn.add(row)
    return sorted(drawn)
