"""A stored report checked again, as a command asks for it: find the data, hold it against them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenir.core.progress import progress_bar
from provenir.flows.contamination import BAR_FROM_BYTES, eval_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.eval.contamination import ContaminationReportDocument
    from provenir.eval.contamination.recheck import Rechecked

__all__ = ["recheck_contamination"]


def recheck_contamination(
    path: Path,
    *,
    train: Sequence[str] = (),
    evals: Sequence[str] = (),
    hits: int | None = None,
    sample: int,
    seed: int,
) -> Rechecked:
    """Check a report again.

    Args:
        path: The report.
        train: The training data; where none is given, its files are looked for beside the report
            and in this folder.
        evals: The eval sets, or their index; likewise.
        hits: How many hits; None for all.
        sample: How many rows that are no hits.
        seed: What they are drawn by.

    Raises:
        DocumentError: The file is no report.
        InputError: Data that was given cannot be read.
        UsageError: A number below 0, or eval sets that cannot be named.
    """
    from provenir.core.extras import require

    require("data", "numpy")
    from provenir.eval.contamination import ContaminationReportDocument
    from provenir.eval.contamination.corpus import open_corpus
    from provenir.eval.contamination.recheck import recheck

    report = ContaminationReportDocument.read(path)
    names = [file.name for file in report.corpus.files]
    found = [str(one) for one in train] or _nearby(names, path)
    source = found[0] if len(found) == 1 else found or None
    size, unit = (None, "bytes") if source is None else open_corpus(source).size
    least = BAR_FROM_BYTES if unit == "bytes" else None
    with progress_bar(size, unit=unit, label="reading", least=least) as progress:
        return recheck(
            report,
            train=source,
            evals=_given(report, evals) if evals else _eval_files(report, path),
            hits=hits,
            sample=sample,
            seed=seed,
            progress=progress,
        )


def _given(report: ContaminationReportDocument, evals: Sequence[str]) -> Any:
    """The eval sets that were given; a single one bears the name that the report has for it."""
    from provenir.data.dataset import Dataset
    from provenir.eval.contamination.compared import is_index

    if len(evals) == 1 and is_index(evals[0]):
        return evals[0]
    sources = [eval_source(one) for one in evals]
    if len(sources) == len(report.evals) == 1 and isinstance(sources[0], str):
        return [Dataset(sources[0], name=report.evals[0].name)]
    return sources


def _eval_files(report: ContaminationReportDocument, path: Path) -> Any:
    from provenir.data.dataset import Dataset

    sets = []
    for part in report.evals:
        files = _nearby(part.files, path)
        if not files:
            return None
        sets.append(Dataset(files if len(files) > 1 else files[0], name=part.name))
    return sets or None


def _nearby(names: Sequence[str], report: Path) -> list[str]:
    """Files of these names beside the report or in this folder; none where one is missing."""
    for folder in (report.parent, Path()):
        paths = [folder / name for name in names]
        # A name of a report is a stranger's: nothing outside of the folder is meant by it.
        inside = all(
            not Path(name).is_absolute() and ".." not in Path(name).parts for name in names
        )
        if paths and inside and all(one.is_file() for one in paths):
            return [str(one) for one in paths]
    return []
