"""What an attached contamination report says about the data and the evals of its run.

It counts only where it is about the data that the run was given. A check that left something out
does not make the data checked: what was left out becomes a finding of the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from provenir.core.errors import ProvenirError
from provenir.core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.data.dataset import Dataset
    from provenir.eval.contamination.document import CorpusPart
    from provenir.eval.contamination.report import ContaminationReport

__all__ = ["clean_evals", "contamination_body", "contamination_report_of", "is_told"]


def contamination_body(
    report: object, start: Mapping[str, Any], dataset: Dataset | None
) -> tuple[dict[str, Any], list[str], tuple[Finding, ...]]:
    """Read what a report says about a run.

    Args:
        report: What was attached; anything but a contamination report says nothing.
        start: The record of the run's start.
        dataset: The training data that the run was given.

    Returns:
        What is added to the report's record in the journal; the names of the eval sets that
        training rows hold; and findings about what the report leaves open.
    """
    from provenir.eval.contamination.report import ContaminationReport

    if not isinstance(report, ContaminationReport):
        return {}, [], ()
    described = start.get("dataset")
    if not isinstance(described, dict) or not _same_data(report.corpus, described, dataset):
        return {}, [], (_of_other_data(report),)
    compared = {part.digest for part in report.evals if part.examined}
    complete = _saw_every_row(report) and bool(compared)
    surely = complete and not report.examined.get("set_aside")
    leaked = [part.name for part in report.evals if part.leaked_items]
    clean = [
        part.name
        for part in report.evals
        if surely and not part.leaked_items and part.examined == part.items
    ]
    held_out = start.get("eval_dataset")
    root = held_out.get("records_root") if isinstance(held_out, dict) else None
    facts = {"train": complete, "eval": complete and root in compared, "clean": clean}
    return {"contamination": facts}, leaked, _left_out(report)


def _saw_every_row(report: ContaminationReport) -> bool:
    config = report.config
    return not report.skips.count and config.fields is None and config.eval_fields is None


def _same_data(corpus: CorpusPart, described: Mapping[str, Any], dataset: Dataset | None) -> bool:
    """Whether a report is about the data that a run described at its start."""
    stated = described.get("files")
    files = [file.get("sha256") for file in stated or () if isinstance(file, dict)]
    root = described.get("records_root")
    if _agrees(corpus, files, root):
        return True
    if dataset is None or corpus.records_root is not None or not corpus.files:
        return False
    from provenir.eval.contamination.corpus import with_identity

    try:  # a large corpus, which was bound by its chunks alone
        return _agrees(with_identity(corpus, dataset), files, root)
    except ProvenirError:
        return False


def _agrees(corpus: CorpusPart, files: Sequence[object], root: object) -> bool:
    mine = [file.sha256 for file in corpus.files]
    if mine and None not in mine and mine == list(files):
        return True
    return corpus.records_root is not None and corpus.records_root == root


def _of_other_data(report: ContaminationReport) -> Finding:
    return Finding(
        kind="contamination_of_other_data",
        severity="warning",
        detail=(
            f"the contamination report is about {report.corpus.name}, which is not shown to be "
            "the data of this run; it is kept and counts for nothing: check what track() is given"
        ),
        subject=report.corpus.name,
    )


def _left_out(report: ContaminationReport) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            kind="partial_contamination_check",
            severity="warning",
            detail=f"the contamination check left out: {what}: {why}",
            subject=what,
        )
        for what, why in report.not_examined.items()
    )


def is_told(body: Mapping[str, Any]) -> bool:
    """Whether an evaluation's record comes from a contamination report, and not from a score."""
    return isinstance(body.get("report"), str)


def contamination_report_of(reports: Sequence[Mapping[str, Any]], role: str) -> str | None:
    """The digest of the last report that checked the data of a role, None where none did."""
    done = [body for body in reports if _facts(body).get(role) is True]
    return str(done[-1]["digest"]) if done else None


def clean_evals(reports: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Eval sets that a report found wholly absent from the training data, with its digest."""
    return {str(name): str(body["digest"]) for body in reports for name in _clean(body)}


def _clean(body: Mapping[str, Any]) -> list[Any]:
    names = _facts(body).get("clean")
    return names if isinstance(names, list) else []


def _facts(body: Mapping[str, Any]) -> Mapping[str, Any]:
    facts = body.get("contamination")
    return facts if isinstance(facts, Mapping) else {}
