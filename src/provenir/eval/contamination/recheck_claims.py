"""What a stored report says, held against itself: no data is needed for it.

Each law is a generator of faults. A report that was changed in one place breaks one of them; one
that was changed in all places that belong together breaks none, and only the data tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.core.digest import format_digest
from provenir.core.errors import ProvenirError
from provenir.core.merkle import Frontier
from provenir.eval.contamination.corpus import chunk_bytes_for
from provenir.eval.contamination.report import ContaminationReport
from provenir.eval.contamination.report_laws import count_faults
from provenir.eval.contamination.row_set import parse_rows
from provenir.eval.contamination.scanner import kept_hits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.eval.contamination.document import ContaminationReportDocument, CorpusPart

__all__ = ["claim_faults"]

_HEX: Final = 64
"""Digits of a leaf."""


def claim_faults(report: ContaminationReportDocument) -> Iterator[str]:
    """Yield what in a report contradicts the rest of it, one clause each.

    Args:
        report: The report as it is stored.
    """
    try:
        faults = list(count_faults(report))
    except ProvenirError as error:
        faults = [error.what]
    yield from faults
    if faults:
        return
    again = ContaminationReport.from_document(report).to_document()
    for name in type(report).model_fields:
        if getattr(again, name) != getattr(report, name):
            yield f"{name} does not follow from the rest"
    yield from _hit_faults(report)
    yield from _corpus_faults(report.corpus)


def _hit_faults(report: ContaminationReportDocument) -> Iterator[str]:
    """What the list of hits owes to the lists of rows and items."""
    kept = min(report.hits_total, kept_hits(report.config))
    if len(report.hits) != kept:
        yield f"{len(report.hits)} hits are kept, of {report.hits_total} there should be {kept}"
    contaminated = parse_rows(report.contaminated_rows, below=report.corpus.rows)
    leaked = {part.name: parse_rows(part.leaked, below=part.items) for part in report.evals}
    grave = [hit for hit in report.hits if hit.severity != "info"]
    for hit in grave:
        where = f"the hit of row {hit.train_index} and {hit.eval_set}[{hit.eval_index}]"
        if hit.train_index not in contaminated:
            yield f"{where}: the row is not among the contaminated ones"
        if hit.eval_index not in leaked.get(hit.eval_set, ()):
            yield f"{where}: the item is not among the leaked ones"
    if report.hits_total > kept:
        return
    if rows := sorted(contaminated - {hit.train_index for hit in grave}):
        yield f"row {rows[0]} is called contaminated, and has no hit"
    for name, items in leaked.items():
        held = {hit.eval_index for hit in grave if hit.eval_set == name}
        if more := sorted(items - held):
            yield f"{name}[{more[0]}] is called leaked, and has no hit"


def _corpus_faults(corpus: CorpusPart) -> Iterator[str]:
    chunk = chunk_bytes_for(sum(file.size for file in corpus.files))
    if corpus.chunk_bytes != chunk:
        yield f"chunk_bytes is {corpus.chunk_bytes}, of files of this size it is {chunk}"
        return
    if not corpus.files:
        return
    tree, first = Frontier(), 0
    for file in corpus.files:
        if file.first_row != first:
            yield f"{file.name} begins with row {file.first_row}, the files before it have {first}"
        first = file.first_row + file.rows
        chunks = -(-file.size // chunk)
        if len(file.leaves) != chunks * _HEX:
            yield f"{file.name} has {len(file.leaves) // _HEX} leaves, its size makes {chunks}"
        for at in range(0, len(file.leaves), _HEX):
            tree.append_hash(bytes.fromhex(file.leaves[at : at + _HEX]))
    if first != corpus.rows:
        yield f"the files have {first} rows, the corpus {corpus.rows}"
    if format_digest(tree.root()) != corpus.merkle_root:
        yield "the leaves of the files do not make merkle_root"
