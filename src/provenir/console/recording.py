"""How well the run was recorded: its state, what could not be read, what was made up for."""

from __future__ import annotations

from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

from provenir.console.shapes import text, whole
from provenir.console.view import Cell, Column, Notice, Table, severity_tone, table
from provenir.console.wording import count

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from provenir.console.folder import RunSource

_LIMIT: Final = 60
_PASSPORT: Final = "passport.json"
_COLUMNS: Final = (
    Column("Severity"),
    Column("Kind"),
    Column("About"),
    Column("What was noted", wide=True),
)
_STATE: Final = {
    "running": Notice(
        "This run is still going.",
        "The page shows what was on disk when it was written; nothing is closed or signed yet.",
        "info",
    ),
    "died": Notice(
        "The process of this run is gone and never closed it.",
        "What was recorded until then is shown. To close the folder:",
        command="provenir run recover",
    ),
    "interrupted": Notice(
        "This run was interrupted.", "It holds what was recorded until then.", "warning"
    ),
    "failed": Notice(
        "This run failed.",
        "The training loop raised an error. The page shows what was recorded until then.",
        "critical",
    ),
    "unknown": Notice(
        "No readable manifest.", "When this run began, and how it ended, is unknown.", "warning"
    ),
}


def state_notices(source: RunSource, *, said: Container[str] = ()) -> Iterator[Notice]:
    """Yield what a reader must know about the folder before anything else.

    Args:
        source: The run folder as it was read.
        said: Names of documents whose absence was stated already.
    """
    state = _STATE.get(source.state)
    if state is not None:
        where = f"{state.command} {quote(str(source.record.path))}" if state.command else ""
        yield replace(state, command=where)
    for finding in source.record.findings:
        yield Notice(f"{finding.subject or 'Manifest'}:", finding.detail)
    ended = source.state in ("completed", "failed", "interrupted")
    for name, why in source.problems.items():
        if name not in said and (ended or source.is_present(name)):
            yield Notice(f"{name}:", f"{why}.")
    if not source.is_present(_PASSPORT):
        for name in filter(source.is_present, ("passport.md", "passport.proof.json")):
            yield Notice(f"{_PASSPORT}:", f"not in the folder, although {name} is.", "critical")
    for name, n in source.torn.items():
        yield Notice(f"{name}:", f"{count(n, 'line')} could not be read and is left out.")


def recorder_notices(source: RunSource) -> tuple[Notice, ...]:
    """Return what a reader must know about the health section."""
    notices = []
    if "flight_recorder.json" in source.rebuilt:
        notices.append(_rebuilt("flight_recorder.json", "the logged steps"))
    summary = source.recorder.get("summary")
    dropped = whole(summary.get("anomalies_not_kept")) if isinstance(summary, dict) else None
    if dropped:
        notices.append(
            Notice("Not all episodes were kept:", f"{dropped:,} more were only counted.")
        )
    return tuple(notices)


def rollout_notices(source: RunSource) -> tuple[Notice, ...]:
    """Return what a reader must know about the rollouts."""
    if "hacking_report.json" in source.rebuilt:
        return (_rebuilt("hacking_report.json", "the rollouts kept"),)
    return ()


def _rebuilt(name: str, from_what: str) -> Notice:
    return Notice(
        f"{name} is not there or cannot be read.",
        f"What follows was computed for this page from {from_what}, by the same code.",
        "info",
    )


def read_recording(source: RunSource) -> Table:
    """Return what the run itself noted about its recording."""
    rows = [_row(entry) for entry in source.entries("finding")]
    return table(_COLUMNS, rows, limit=_LIMIT, noun="notes")


def _row(entry: Mapping[str, Any]) -> tuple[Cell, ...]:
    severity = text(entry.get("severity")) or "warning"
    return (
        Cell(severity, tone=severity_tone(severity)),
        Cell(str(entry.get("kind", "unnamed")), code=True),
        Cell(text(entry.get("subject")) or "–"),
        Cell(str(entry.get("detail", ""))),
    )
