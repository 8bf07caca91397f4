"""Whether eval sets and training data are those that a report is bound to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.eval.contamination.checker import set_digests
from provenir.eval.contamination.row_set import parse_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.eval.contamination.document import ContaminationReportDocument, CorpusPart
    from provenir.eval.contamination.scanner import Scanner

__all__ = ["corpus_faults", "eval_faults"]

_HEX: Final = 64
"""Digits of a leaf."""


def eval_faults(report: ContaminationReportDocument, scanner: Scanner) -> Iterator[str]:
    """Yield what is not as the report says of its eval sets."""
    digests = set_digests(scanner)
    for part in report.evals:
        found = digests.pop(part.name, None)
        if found is None:
            yield f"the eval set {part.name} was not given"
        elif found != part.digest:
            yield f"the eval set {part.name} has other records than the report names"
    yield from (f"the eval set {name} is not in the report" for name in digests)
    if not digests and scanner.digest != report.index:
        yield f"the index is {scanner.digest}, the report names {report.index}"
    short: dict[str, set[int]] = {}
    for number in scanner.unexamined():
        item = scanner.items[number]
        short.setdefault(item.eval_set, set()).add(item.index)
    for part in report.evals:
        if parse_rows(part.too_short, below=part.items) != short.get(part.name, set()):
            yield f"{part.name}: other items are too short than the report says"


def corpus_faults(report: ContaminationReportDocument, here: CorpusPart) -> Iterator[str]:
    """Yield what is not as the report says of its training data, each chunk by its bytes."""
    there = report.corpus
    if here.rows != there.rows:
        yield f"there are {here.rows:,} rows, the report has {there.rows:,}"
    if there.records_root is not None and here.records_root != there.records_root:
        yield f"the rows' root is {here.records_root}, the report names {there.records_root}"
    if not there.files:
        if there.records_root is None:
            yield "the report names no root over its rows, so nothing binds it to them"
        return
    if len(here.files) != len(there.files):
        yield f"there are {len(here.files)} files, the report has {len(there.files)}"
        return
    for ours, theirs in zip(here.files, there.files, strict=True):
        for name in ("name", "size", "rows", "sha256", "addressable"):
            if getattr(ours, name) != getattr(theirs, name):
                yield (
                    f"{theirs.name}: {name} is {getattr(ours, name)!r}, "
                    f"the report has {getattr(theirs, name)!r}"
                )
        for at in range(0, max(len(ours.leaves), len(theirs.leaves)), _HEX):
            if ours.leaves[at : at + _HEX] != theirs.leaves[at : at + _HEX]:
                first = at // _HEX * there.chunk_bytes
                yield f"{theirs.name}: bytes {first:,} to {first + there.chunk_bytes:,} are others"
