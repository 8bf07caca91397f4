"""Training data without its contaminated rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.data.dataset import Dataset
from provenir.data.sources import Files, Records, Subset, resolve
from provenir.eval.contamination.corpus import check_same

if TYPE_CHECKING:
    from provenir.eval.contamination.report import ContaminationReport

__all__ = ["without_contaminated"]

_TAKE: Final = {"datasets.Dataset": "select", "pyarrow.Table": "take", "DataFrame": "take"}
"""What picks rows by number out of a table."""


def without_contaminated(train: Any, report: ContaminationReport) -> Any:
    """Return training data without the rows that a report calls contaminated.

    Args:
        train: The data that the report is about.
        report: The report.

    Returns:
        The type of `train`; a `Dataset` for paths.

    Raises:
        InputError: The report is about other data.
    """
    check_same(report.corpus, train)
    dropped = frozenset(report.row_numbers())
    if isinstance(train, Dataset):
        return replace(train, source=_kept(train.source, dropped))
    return _kept(train, dropped)


def _kept(data: Any, dropped: frozenset[int]) -> Any:
    source = resolve(data)
    if isinstance(source, Files):
        return Dataset(Subset(source, dropped))
    if isinstance(source, Records):
        rows = [row for number, row in enumerate(data) if number not in dropped]
        return tuple(rows) if isinstance(data, tuple) else rows
    keep = [number for number in range(source.total or 0) if number not in dropped]
    take = getattr(data, _TAKE.get(source.label, ""), None)
    if callable(take):
        return take(keep)
    raise UsageError(f"rows cannot be left out of a {type(data).__name__}", mend="pass a list")
