"""The journal of a run: what recovery needs beside steps and rollouts, one JSON line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.core.clock import Clock, utc_text
from provenir.core.plain import json_line, to_plain

if TYPE_CHECKING:
    from provenir.core.findings import Finding
    from provenir.provenance.run_folder import RunFolder
    from provenir.tracking.evidence import Evidence


_MAX_NODES: Final = 1_000_000
"""More than one call can hand over, so that what was read in full is not cut here."""


class Journal:
    """Writes a record to `journal.jsonl` first and applies it to the evidence second."""

    def __init__(self, folder: RunFolder, evidence: Evidence, clock: Clock) -> None:
        self._folder = folder
        self._evidence = evidence
        self._clock = clock

    def append(self, kind: str, /, **body: Any) -> tuple[Finding, ...]:
        """Record one thing that happened; in memory also when the disk refuses the line.

        Returns:
            What of the body could not be kept.

        Raises:
            OSError: when the disk refuses it.
        """
        plain, lost = to_plain(body, max_nodes=_MAX_NODES)
        record: dict[str, Any] = {"type": kind, "time": utc_text(self._clock.now())}
        record.update(plain if isinstance(plain, dict) else {})
        try:
            self._folder.append_journal(json_line(record))
        finally:
            self._evidence.journal(record)
        return lost
