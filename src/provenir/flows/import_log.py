"""A run folder out of a log that exists already: the same health report, and the truth about it.

Nothing here was observed. So the folder says that it was imported, from which files by their
digests (finding `imported_log`), its manifest names no host, commit or packages, and nothing is
signed. A passport that somebody signs over it later claims `declared` at most.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from provenir.core.clock import Clock, SystemClock, utc_text
from provenir.core.digest import digest_file, digest_value
from provenir.core.errors import InputError, UsageError
from provenir.core.findings import Finding
from provenir.core.manifest import IMPORTED, RunManifest
from provenir.core.plain import json_line
from provenir.data.reading import Reading
from provenir.flows.import_findings import changed, imported, unmet
from provenir.flows.import_names import Renaming
from provenir.observability.evaluations import (
    SUMMARY_MARK,
    evaluated_set,
    is_beside,
    is_evaluation,
    score_of,
)
from provenir.observability.logs import LogFiles, LogRow, RowFaults, read_log
from provenir.observability.logs.row import MAX_PLACES
from provenir.observability.metric_names import lookup
from provenir.provenance.run_folder import RunFolder
from provenir.provenance.run_layout import owned_entries
from provenir.tracking.closing import close_run
from provenir.tracking.evidence import Evidence
from provenir.tracking.evidence_records import eval_body
from provenir.tracking.journal import Journal
from provenir.tracking.log_entries import run_log, told_workspace
from provenir.tracking.open_run import OpenRun, note, record
from provenir.tracking.records import step_record
from provenir.tracking.recover import recover_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from provenir.observability.hacking.report import HackingReport
    from provenir.observability.recorder import FlightRecorder

__all__ = ["ImportedLog", "import_log"]

MAX_NAMES: Final = 1_000
SHOWN: Final = 20
CORE: Final = "val-core/"
"""Where verl logs the scores of its validation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedLog:
    """What came of an import.

    Attributes:
        folder: The run folder.
        run_id: The id that the run got.
        source: What kind of log it was.
        evaluations: Number of entries that were evaluations.
        recorder: The flight recorder, with the verdict and the anomalies.
        hacking: What the mean rewards of the steps say about reward hacking.
        findings: What is to be said about the log.
    """

    folder: Path
    run_id: str
    source: str
    evaluations: int
    recorder: FlightRecorder
    hacking: HackingReport
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Told:
    """What the rows say beside their metrics."""

    last: int | None = None
    again: RowFaults = field(default_factory=RowFaults)
    unknown: dict[str, None] = field(default_factory=dict)
    evaluations: int = 0
    scores: dict[str, tuple[Any, dict[str, Any]]] = field(default_factory=dict)

    def score(self, name: str, value: Any, others: dict[str, Any]) -> None:
        """Keep the last score of each evaluation, of a bounded number of them."""
        if name in self.scores or len(self.scores) < MAX_NAMES:
            self.scores[name] = (value, others)


def import_log(
    files: LogFiles,
    *,
    name: str | None = None,
    output_dir: Path | None = None,
    channels: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    progress: Callable[[int], None] | None = None,
) -> ImportedLog:
    """Read a log into a run folder, in bounded memory.

    Args:
        files: The log, as `provenir.observability.logs.find_log` found it.
        name: What the run is called; by default as its file or folder.
        output_dir: The run folder; default `artifacts/runs/<run_id>/`.
        channels: Name in the log to the channel that it is, where no framework is known for it.
        clock: Where the time of the import comes from.
        progress: Called with the bytes that were read since the last call.

    Raises:
        UsageError: `channels` names none, or a file lies where one of the folder's would.
        InputError: No row of it can be read, or the folder cannot be made.
        MissingExtraError: Reading it needs an extra that is not installed.
        LockedError: A live run holds the folder.
    """
    clock, renaming = clock or SystemClock(), Renaming(channels or {})
    faults, reading = RowFaults(), Reading(advance=progress)
    if output_dir is not None:
        _refuse_own_files(files, output_dir)
    digests = {files.name_of(path): digest_file(path) for path in files.paths}
    rows = _joined(map(renaming.row, read_log(files, faults, reading)))
    first = next(rows, None)
    if first is None:
        raise _nothing_in(files, faults)
    run = _opened(files, name or _name_of(files), output_dir, clock)
    told = _Told()
    try:
        note(run, imported(files, digests, renaming))
        for row in _up_to_a_tear(chain((first,), rows), faults):
            _take(run, row, told, clock)
        _finish(run, told, faults)
        for absent in renaming.unmet:
            note(run, unmet(absent))
        read = {one.name: f"sha256:{one.sha256}" for one in reading.files}
        for file in sorted(file for file, digest in read.items() if digests.get(file) != digest):
            note(run, changed(file))
        close_run(run, clock=clock, status="completed")
    finally:
        run.folder.close()
    return ImportedLog(
        folder=run.folder.path,
        run_id=run.folder.run_id,
        source=files.source,
        evaluations=told.evaluations,
        recorder=run.evidence.recorder,
        hacking=run.evidence.hacking.report(),
        findings=tuple(run.evidence.findings.values()),
    )


def _refuse_own_files(files: LogFiles, folder: Path) -> None:
    """A log that lies where the folder's own files will would be put away as an older run's."""
    own = {entry.resolve() for entry in owned_entries(folder)}
    for path in files.paths:
        if path.resolve() in own:
            raise UsageError(
                "the log has the name of one of the folder's own files",
                where=str(path),
                mend="give another --out",
            )


def _opened(files: LogFiles, name: str, output_dir: Path | None, clock: Clock) -> OpenRun:
    """A folder for the run, whose manifest says nothing of this host, for it ran elsewhere."""
    folder = RunFolder.create(output_dir, name, clock=clock, recover=recover_run)
    try:
        manifest = RunManifest.create(
            run_id=folder.run_id,
            name=name,
            config_hash=digest_value({}),
            dependencies_lockfile=digest_value([]),
            fingerprint={IMPORTED: files.source},
            status="running",
            started_at=utc_text(clock.now()),
        )
        evidence = Evidence()
        log = run_log(folder.path, None)
        run = OpenRun(
            folder, manifest, evidence, Journal(folder, evidence, clock), log=log, live=False
        )
        folder.manifests.save(manifest)
        start: dict[str, Any] = {"run_id": folder.run_id, "name": name, "config": {}}
        unknown = dict.fromkeys(("seed", "dirty", "diff_digest", "dataset", "eval_dataset"))
        place = {"rank": 0, "world_size": None, "workspace": told_workspace(folder.path, log)}
        start |= unknown | place | {"base_model": "unknown", "trajectories": "all"}
        record(run, "start", **start, imported=files.source)
    except BaseException:
        folder.close()
        raise
    return run


def _take(run: OpenRun, row: LogRow, told: _Told, clock: Clock) -> None:
    metrics = row.metrics
    if SUMMARY_MARK in metrics and "loss" not in metrics:
        record(run, "config", values={"trainer_summary": dict(metrics)})
        return
    if is_evaluation(metrics):
        _take_evaluation(run, row, told)
        return
    _note_order(row, told)
    told.evaluations += any(name.startswith(CORE) for name in metrics)
    for name, value in metrics.items():
        if lookup(name) is None and len(told.unknown) < MAX_NAMES:
            told.unknown.setdefault(name)
        if name.startswith(CORE) and value is not None:
            told.score(name, value, {"step": row.step})
    fields = dict(metrics) if row.step is None else {"step": row.step, **metrics}
    now = utc_text(clock.now())
    line, seen, notes = step_record(fields, next_step=run.evidence.next_step, time=now)
    run.folder.append_step(json_line(line))
    run.evidence.step(line["step"], seen)
    for finding in notes:
        note(run, finding)


def _take_evaluation(run: OpenRun, row: LogRow, told: _Told) -> None:
    told.evaluations += 1
    logged = {name: value for name, value in row.metrics.items() if value is not None}
    logged["step"] = row.step
    evaluated = evaluated_set(logged)
    record(run, "config", values={f"trainer_{evaluated}": logged})
    found = score_of(evaluated, logged)
    scores = [] if found is None else [found]
    core = {name: value for name, value in logged.items() if name.startswith(CORE)}
    scores += [(name, value, {"step": row.step}) for name, value in core.items()]
    for name, value, others in scores:
        told.score(name, value, others)


def _note_order(row: LogRow, told: _Told) -> None:
    if row.step is None:
        return
    if told.last is not None and row.step <= told.last:
        again = "begin the count again" if row.step < told.last else "repeat the one before"
        told.again.note(again, row.place)
    told.last = row.step


def _finish(run: OpenRun, told: _Told, faults: RowFaults) -> None:
    """Write down the last score of each evaluation, and what is to be said about the log."""
    for name, (value, others) in told.scores.items():
        body, notes = eval_body(name, value, None, None, others)
        record(run, "eval", **body)
        for finding in notes:
            note(run, finding)
    for what, count in told.again.counts.items():
        places = ", ".join(told.again.places[what])
        detail = f"steps that {what}: {count}, at {places}{_more(count)}; the order is the log's"
        note(run, Finding(kind="log_order", severity="info", detail=detail, subject=what))
    for what, count in faults.counts.items():
        places = ", ".join(faults.places[what])
        detail = f"{what}: {count}, at {places}{_more(count)}"
        note(run, Finding(kind="unreadable_log", severity="warning", detail=detail, subject=what))
    if told.unknown:
        shown = ", ".join(list(told.unknown)[:SHOWN])
        detail = f"names that no framework is known for, {len(told.unknown)}: {shown}"
        note(run, Finding(kind="unknown_names", severity="info", detail=detail))


def _more(count: int) -> str:
    return " and further on" if count > MAX_PLACES else ""


def _joined(rows: Iterable[LogRow]) -> Iterator[LogRow]:
    """Rows of one step that came apart, made one: next to each other, and no name in both."""
    held: LogRow | None = None
    for row in rows:
        if held is not None and _belong_together(held, row):
            held = LogRow(held.place, held.step, {**held.metrics, **_present(row.metrics)})
        else:
            if held is not None:
                yield held
            held = row
    if held is not None:
        yield held


def _belong_together(first: LogRow, second: LogRow) -> bool:
    if first.step is None or first.step != second.step:
        return False
    both = _present(first.metrics).keys() & _present(second.metrics).keys()
    apart = is_evaluation(first.metrics) != is_evaluation(second.metrics)
    summary = SUMMARY_MARK in second.metrics
    return not (apart or summary) and all(is_beside(name) for name in both)


def _present(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metrics.items() if value is not None}


def _up_to_a_tear(rows: Iterator[LogRow], faults: RowFaults) -> Iterator[LogRow]:
    """The rows before the place where a file cannot be read any more."""
    try:
        yield from rows
    except InputError as fault:
        faults.note(fault.what, fault.where or "the file")


def _name_of(files: LogFiles) -> str:
    path = files.paths[0]
    if files.source != "trl":
        return path.name.removesuffix(".gz").removesuffix(".zst").rpartition(".")[0] or path.name
    folder = path.absolute().parent
    return folder.parent.name if folder.name.startswith("checkpoint-") else folder.name or path.name


def _nothing_in(files: LogFiles, faults: RowFaults) -> InputError:
    what, where = "no row of metrics in it", str(files.paths[0])
    for fault, places in faults.places.items():
        what, where = f"no row of metrics in it: {fault}", places[0]
        break
    return InputError(what, where=where, mend="give the file of a log, and its kind with --from")
