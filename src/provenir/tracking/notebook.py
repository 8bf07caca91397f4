"""A run as a notebook shows it: one small table, in HTML and in Markdown.

Text of a run's name, of findings and of anomalies may come from data: it is neutralised
(`core.text.printable`) and escaped, so that nothing of it acts in a page.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from provenir.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from provenir.observability.anomaly import Anomaly
    from provenir.observability.hacking import HackingReport
    from provenir.observability.recorder import FlightRecorder

__all__ = ["as_html", "as_markdown", "run_rows"]

_SHOWN: Final = 5
_CELL_CHARS: Final = 300
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+!|~$:@-])")
Rows = list[tuple[str, str]]


class _Run(Protocol):
    """What is shown of a run."""

    @property
    def status(self) -> str: ...
    @property
    def run_id(self) -> str | None: ...
    @property
    def output_dir(self) -> Path | None: ...
    @property
    def stop_reason(self) -> str | None: ...
    @property
    def anomalies(self) -> Sequence[Anomaly]: ...
    @property
    def findings(self) -> Sequence[Any]: ...
    @property
    def flight_recorder(self) -> FlightRecorder | None: ...
    @property
    def hacking_report(self) -> HackingReport | None: ...


def run_rows(name: str, run: _Run) -> Rows:
    """What is shown of a run: names and values, as text that is not escaped yet."""
    rows = [("run", name), ("status", run.status)]
    if run.run_id is not None:
        rows += [("id", run.run_id), ("folder", str(run.output_dir))]
    if run.flight_recorder is not None:
        rows += _health(run.flight_recorder.summary(), run.anomalies)
    if (report := run.hacking_report) is not None and report.num_trajectories:
        flagged, examined = report.num_flagged, report.examined.get("trajectories", 0)
        rows.append(("rollouts", f"{report.num_trajectories}: {flagged} of {examined} flagged"))
    if run.stop_reason is not None:
        rows.append(("should stop", run.stop_reason))
    worth = [finding for finding in run.findings if finding.severity != "info"]
    rows += [("finding", f"{one.kind}: {one.detail}") for one in worth[:_SHOWN]]
    return rows


def as_html(rows: Rows) -> str:
    """The rows as a table."""
    cells = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(_safe(value))}</td></tr>"
        for name, value in rows
    )
    return f"<table>{cells}</table>"


def as_markdown(rows: Rows) -> str:
    """The rows as a table of Markdown."""
    lines = [f"| {name} | {_escaped(value)} |" for name, value in rows]
    return "\n".join([lines[0], "|---|---|", *lines[1:]])


def _health(summary: Mapping[str, Any], anomalies: Sequence[Anomaly]) -> Rows:
    steps, verdict = summary["num_steps"], summary["verdict"]
    rows = [("health", f"{verdict} after {steps} step{'' if steps == 1 else 's'}")]
    rows += [
        ("anomaly", f"step {one.step}, {one.severity} {one.kind}: {one.detail}")
        for one in anomalies[-_SHOWN:]
    ]
    if len(anomalies) > _SHOWN:
        rows.append(("anomalies", f"{len(anomalies)} in all, the newest are shown"))
    return rows


def _escaped(value: str) -> str:
    return _MARKDOWN.sub(r"\\\1", html.escape(_safe(value), quote=False))


def _safe(value: str) -> str:
    return printable(value, max_chars=_CELL_CHARS)
