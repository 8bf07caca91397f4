"""What the counts of a stored report owe to each other.

A report whose counts disagree is no report: what its verdict is over cannot be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.eval.contamination.row_set import parse_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.eval.contamination.document import ContaminationReportDocument

__all__ = ["count_faults"]


def count_faults(report: ContaminationReportDocument) -> Iterator[str]:
    """Yield what does not agree, one clause each.

    Args:
        report: The report as it is stored.

    Raises:
        InputError: A list of rows is not what `format_rows` writes, or goes beyond the rows.
    """
    rows = report.corpus.rows
    contaminated = parse_rows(report.contaminated_rows, below=rows)
    skipped = parse_rows(report.skips.rows, below=rows)
    if len(contaminated) != report.contaminated:
        yield f"contaminated is {report.contaminated}, {len(contaminated)} rows are named"
    if len(skipped) != report.skips.count:
        yield f"skips.count is {report.skips.count}, {len(skipped)} rows are named"
    if other := [skip.row for skip in report.skips.first if skip.row not in skipped]:
        yield f"row {other[0]} is among skips.first, and not among skips.rows"
    if both := sorted(contaminated & skipped):
        yield f"row {both[0]} is called contaminated and skipped"
    if report.rows_examined != rows - len(skipped):
        yield f"rows_examined is {report.rows_examined}, {rows - len(skipped)} were not skipped"
    if report.examined.get("rows") != report.rows_examined:
        yield "examined.rows is not rows_examined"
    if report.examined.get("items") != sum(part.examined for part in report.evals):
        yield "examined.items is not the sum of the eval sets"
    if len(report.hits) > report.hits_total:
        yield f"hits_total is {report.hits_total}, {len(report.hits)} hits are kept"
    yield from _item_faults(report)
    yield from _silences(report)


def _item_faults(report: ContaminationReportDocument) -> Iterator[str]:
    for part in report.evals:
        short = parse_rows(part.too_short, below=part.items)
        leaked = parse_rows(part.leaked, below=part.items)
        rate = min(len(leaked) / part.examined, 1.0) if part.examined else None
        if part.examined != part.items - len(short):
            yield f"{part.name}: examined and too_short do not make up the items"
        if part.leaked_items != len(leaked) or part.eval_leak_rate != rate:
            yield f"{part.name}: leaked_items or the rate is not that of the leaked items"
        if bad := sorted(leaked & short):
            yield f"{part.name}[{bad[0]}] is called leaked and too short"


def _silences(report: ContaminationReportDocument) -> Iterator[str]:
    """What was not examined by the counts, and is not among what was not examined."""
    said = report.not_examined
    if report.skips.count and not any(what.startswith("rows") for what in said):
        yield "rows were skipped, and not_examined does not say so"
    owed = {
        "other fields": bool(report.config.fields),
        "other eval fields": bool(report.config.eval_fields),
        "hits set aside": report.examined.get("set_aside", 0) > 0,
    }
    owed |= {f"eval {part.name}": part.examined < part.items for part in report.evals}
    for what, is_owed in owed.items():
        if is_owed and what not in said:
            yield f"not_examined does not name {what}"
