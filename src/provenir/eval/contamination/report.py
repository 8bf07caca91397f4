"""`ContaminationReport`: the hits of a check, with what it read and what it could not examine."""

from __future__ import annotations

import math
from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING, Any, Final, cast

from provenir.core.errors import DocumentError, ProvenirError
from provenir.core.findings import Report, severity_rank
from provenir.core.text import printable
from provenir.eval.contamination.document import (
    ConfigPart,
    ContaminationReportDocument,
    CorpusPart,
    EvalSetPart,
    SkipsPart,
)
from provenir.eval.contamination.hit import AlignedSpan, ContaminationHit, Excerpt, TrainPlace
from provenir.eval.contamination.report_laws import count_faults
from provenir.eval.contamination.row_set import parse_rows

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.core.document import Part
    from provenir.eval.contamination.document import HitPart

__all__ = ["DOCUMENT_HITS", "ContaminationReport", "worst_first"]

DOCUMENT_HITS: Final = 1_000
"""Most hits that a document keeps."""

Order = tuple[int, float, int, str, int]


def worst_first(hit: ContaminationHit) -> Order:
    """The place of a hit in a list that begins with the worst."""
    return (
        -severity_rank(hit.severity),
        -hit.score,
        hit.train_index,
        hit.eval_set,
        hit.eval_index,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContaminationReport(Report):
    """What a check found.

    Attributes:
        config: What was looked for, as it took effect.
        index: Digest of the eval items as they were compared.
        evals: The eval sets, by name.
        corpus: The training data.
        rows_examined: Rows that were examined.
        contaminated: How many rows hold an eval item.
        contaminated_rows: Their numbers, as `row_set` writes them.
        hits_total: Pairs of a row and an item, those that are not kept and those of severity info
            included. `examined["set_aside"]` counts pairs that share with the corpus but what the
            corpus is full of, and are no hits.
        skips: Rows that could not be examined.
    """

    name: str = "contamination"
    config: ConfigPart
    index: str
    evals: tuple[EvalSetPart, ...]
    corpus: CorpusPart
    rows_examined: int
    contaminated: int
    contaminated_rows: str
    hits_total: int
    skips: SkipsPart

    @property
    def hits(self) -> tuple[ContaminationHit, ...]:
        """The hits that are kept, by row; of a report that was stored, the worst."""
        return cast("tuple[ContaminationHit, ...]", self.findings)

    @property
    def contamination_rate(self) -> float:
        """Contaminated rows / examined rows; NaN where no row could be examined."""
        return self.contaminated / self.rows_examined if self.rows_examined else math.nan

    @property
    def eval_leak_rate(self) -> dict[str, float]:
        """Leaked items / examined items, by eval set; NaN where none could be examined."""
        return {
            part.name: math.nan if part.eval_leak_rate is None else part.eval_leak_rate
            for part in self.evals
        }

    @property
    def is_contaminated(self) -> bool:
        """Whether any training row holds an eval item."""
        return self.contaminated > 0

    @property
    def is_complete(self) -> bool:
        """Whether every row, field and item could be examined."""
        return not self.not_examined

    @property
    def is_clean(self) -> bool:
        """Whether everything was examined and no row holds an eval item."""
        return self.rows_examined > 0 and self.is_complete and not self.is_contaminated

    @property
    def verdict(self) -> str:
        """``CONTAMINATED``, ``CLEAN``, ``NOTHING FOUND`` in a part, or ``NOTHING EXAMINED``."""
        if self.contaminated:
            return "CONTAMINATED"
        if self.is_clean:
            return "CLEAN"
        if not self.rows_examined or not any(part.examined for part in self.evals):
            return "NOTHING EXAMINED"
        return "NOTHING FOUND"

    def row_numbers(self) -> set[int]:
        """Return the numbers of the contaminated rows."""
        return parse_rows(self.contaminated_rows, below=self.corpus.rows)

    def summary(self, *, most: int = 10) -> str:
        """Return what a person reads first, in a few lines; safe for a terminal.

        Args:
            most: Hits that are shown, the worst first.
        """
        rate = self.contamination_rate
        shown = "unknown" if math.isnan(rate) else f"{rate:.2%}"
        counts = f"{self.contaminated} of {self.rows_examined} rows hold eval items"
        lines = [f"{self.verdict}: {counts} ({shown}), {self.hits_total} hits"]
        for part in self.evals:
            leaked = f"{part.leaked_items} of {part.examined} examined items leaked"
            lines.append(f"  {part.name}: {leaked}")
        worst = nsmallest(most, self.hits, key=worst_first)
        lines += [f"  {hit.severity}: {hit.detail}" for hit in worst]
        if self.hits_total > len(worst):
            lines.append(f"  {self.hits_total - len(worst)} more hits")
        lines += [f"  not examined: {what}: {why}" for what, why in self.not_examined.items()]
        return "\n".join(printable(line) for line in lines)

    def __str__(self) -> str:
        """Return the summary."""
        return self.summary()

    def to_document(self) -> ContaminationReportDocument:
        """Return what is stored: the worst `DOCUMENT_HITS` hits, and every contaminated row."""
        value = {
            "schema_version": "contamination-report/1",
            "name": self.name,
            "is_clean": self.is_clean,
            "config": self.config,
            "index": self.index,
            "evals": list(self.evals),
            "corpus": self.corpus,
            "rows_examined": self.rows_examined,
            "contamination_rate": None if not self.rows_examined else self.contamination_rate,
            "contaminated": self.contaminated,
            "contaminated_rows": self.contaminated_rows,
            "hits_total": self.hits_total,
            "hits": [hit.to_dict() for hit in nsmallest(DOCUMENT_HITS, self.hits, key=worst_first)],
            "skips": self.skips,
            "examined": dict(self.examined),
            "not_examined": dict(self.not_examined),
        }
        return ContaminationReportDocument.model_validate(value)

    def to_dict(self) -> dict[str, Any]:
        """Return the document as JSON-safe values; what `digest` is over."""
        return self.to_document().model_dump(mode="json")

    def write(self, path: str | Path) -> None:
        """Write the document to a file, atomically.

        Raises:
            OSError: The file cannot be written.
        """
        self.to_document().write(path)

    @classmethod
    def read(cls, path: str | Path) -> ContaminationReport:
        """Return the report that a file holds.

        Raises:
            DocumentError: The file cannot be read, is no such document, or its counts do not agree.
        """
        document = ContaminationReportDocument.read(path)
        try:
            return cls.from_document(document)
        except ProvenirError as error:
            error.where = error.where or str(path)
            raise

    @classmethod
    def from_document(cls, document: ContaminationReportDocument) -> ContaminationReport:
        """Return the report that a document holds.

        Raises:
            DocumentError: Its counts do not agree.
        """
        if faults := list(count_faults(document)):
            raise DocumentError(
                f"the report contradicts itself: {faults[0]}", mend="get the report as it was made"
            )
        return cls(
            findings=tuple(_hit(part) for part in document.hits),
            examined=dict(document.examined),
            not_examined=dict(document.not_examined),
            config=document.config,
            index=document.index,
            evals=tuple(document.evals),
            corpus=document.corpus,
            rows_examined=document.rows_examined,
            contaminated=document.contaminated,
            contaminated_rows=document.contaminated_rows,
            hits_total=document.hits_total,
            skips=document.skips,
        )


def _hit(part: HitPart) -> ContaminationHit:
    plain = {name: getattr(part, name) for name in type(part).model_fields}
    plain["place"] = TrainPlace(**_fields(part.place))
    plain["spans"] = tuple(AlignedSpan(**_fields(span)) for span in part.spans)
    for name in ("train_excerpt", "eval_excerpt"):
        excerpt = getattr(part, name)
        plain[name] = None if excerpt is None else Excerpt(**_fields(excerpt))
    return ContaminationHit(**plain)


def _fields(part: Part) -> dict[str, Any]:
    return {name: getattr(part, name) for name in type(part).model_fields}
