"""A run between its start and its end, and how something worth saying about it is noted."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from provenir.core.findings import Finding
from provenir.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenir.attest.log import EventLog
    from provenir.core.manifest import RunManifest
    from provenir.provenance.run_folder import RunFolder
    from provenir.tracking.evidence import Evidence
    from provenir.tracking.journal import Journal

logger = logging.getLogger("provenir")
LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.ERROR}


@dataclass(slots=True)
class OpenRun:
    """The folder a run writes to, its manifest so far, what it has gathered, its workspace's log.

    `live` is False where another process reads a dead run's records. Once `sealed`, the manifest
    lists the digest of the journal, and nothing is appended any more. `unwritten` names what a
    disk refused at the end and a recovery can write. `progress` is called with the bytes of
    artifacts that were read since the last call.
    """

    folder: RunFolder
    manifest: RunManifest
    evidence: Evidence
    journal: Journal
    log: EventLog
    live: bool = True
    sealed: bool = False
    unwritten: list[str] = field(default_factory=list)
    progress: Callable[[int], None] | None = None


def record(run: OpenRun, kind: str, /, **body: Any) -> None:
    """Write one thing that happened to the journal, and note what of it could not be kept.

    Raises:
        OSError: when the disk refuses it.
    """
    for lost in run.journal.append(kind, **body):
        note(run, replace(lost, subject=f"{kind}: {lost.subject}"))


def note(run: OpenRun, finding: Finding) -> None:
    """Record a finding once, in the journal of rank 0 and in the process's log.

    It is recorded before it is said: who listens to the log may log a step of its own.

    Raises:
        OSError: when the disk refuses the journal's line; the finding is kept in memory all the
            same.
    """
    evidence = run.evidence
    if not evidence.lacks(finding):
        return
    if evidence.nearly_full and finding.severity != "critical":
        finding = _MORE
    try:
        if run.folder.rank == 0 and not run.sealed:
            run.journal.append("finding", **finding.to_dict())
        else:
            evidence.finding(finding)
    finally:
        say(LEVELS[finding.severity], f"{finding.kind}: {finding.detail}", evidence)


def say(level: int, text: str, evidence: Evidence | None = None) -> None:
    """Write one line to the process's log; a handler that fails becomes a finding."""
    try:
        logger.log(level, "%s", printable(text))
    except Exception as fault:  # noqa: BLE001 - the handlers are the user's
        if evidence is not None:
            evidence.finding(replace(_UNHEARD, detail=f"{_UNHEARD.detail}: {type(fault).__name__}"))


def fault_text(fault: BaseException) -> str:
    """An exception's type and message in one short line."""
    try:
        message = str(fault)
    except Exception:  # noqa: BLE001 - an exception whose own text raises
        message = "(no message)"
    return printable(f"{type(fault).__name__}: {message}", max_chars=300)


_MORE: Final = Finding(
    kind="more_findings",
    severity="warning",
    detail="there are too many different findings; of further ones only critical ones are kept",
)
_UNHEARD: Final = Finding(
    kind="log_handler_fault",
    severity="info",
    detail="a handler of the process's log raised",
)
