"""The journal of a run: what recovery needs beside steps and rollouts, one JSON line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.core.clock import Clock, utc_text
from provenir.core.plain import json_line, to_plain

if TYPE_CHECKING:
    from provenir.provenance.run_folder import RunFolder
    from provenir.tracking.evidence import Evidence


class Journal:
    """Writes a record to `journal.jsonl` first and applies it to the evidence second."""

    def __init__(self, folder: RunFolder, evidence: Evidence, clock: Clock) -> None:
        self._folder = folder
        self._evidence = evidence
        self._clock = clock

    def append(self, kind: str, /, **body: Any) -> None:
        """Record one thing that happened; in memory also when the disk refuses the line.

        Raises:
            OSError: when the disk refuses it.
        """
        plain, _ = to_plain(body)
        record: dict[str, Any] = {"type": kind, "time": utc_text(self._clock.now())}
        record.update(plain if isinstance(plain, dict) else {})
        try:
            self._folder.append_journal(json_line(record))
        finally:
            self._evidence.journal(record)
