"""A run between its start and its end, and how something worth saying about it is noted."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provenir.core.findings import Finding
    from provenir.core.manifest import RunManifest
    from provenir.provenance.run_folder import RunFolder
    from provenir.tracking.evidence import Evidence
    from provenir.tracking.journal import Journal

logger = logging.getLogger("provenir")
LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.ERROR}


@dataclass(slots=True)
class OpenRun:
    """The folder a run writes to, its manifest so far, and what it has gathered.

    `live` is False where another process reads a dead run's records. Once `sealed`, the manifest
    lists the digest of the journal, and nothing is appended any more. `unwritten` names what the
    end of the run could not write.
    """

    folder: RunFolder
    manifest: RunManifest
    evidence: Evidence
    journal: Journal
    live: bool = True
    sealed: bool = False
    unwritten: list[str] = field(default_factory=list)


def note(run: OpenRun, finding: Finding) -> None:
    """Record a finding once, in the journal of rank 0 and in the process's log.

    Raises:
        OSError: when the disk refuses the journal's line; the finding is kept in memory all the
            same.
    """
    if (finding.kind, finding.subject) in run.evidence.findings:
        return
    logger.log(LEVELS[finding.severity], "%s: %s", finding.kind, finding.detail)
    if run.folder.rank == 0 and not run.sealed:
        run.journal.append("finding", **finding.to_dict())
    else:
        run.evidence.finding(finding)
