"""`Run`: what `provenir.track` hands to a loop.

Two rules hold everywhere below. Before the run has begun, misuse raises with its mend. Once it has
begun, nothing raises into the loop: a fault becomes a finding of the run and a line in the log
`provenir`, and what was recorded so far is on disk already.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from provenir.core.clock import utc_text
from provenir.core.errors import UsageError
from provenir.core.findings import Finding, Report
from provenir.core.plain import json_line
from provenir.core.text import printable
from provenir.provenance.run_layout import FINAL_STATUSES
from provenir.tracking import evidence_records as records
from provenir.tracking.attention import Attention
from provenir.tracking.closing import ClosedRun, close_run
from provenir.tracking.contamination import contamination_body
from provenir.tracking.decorating import decorate
from provenir.tracking.ending import OneOfAKind, status_after
from provenir.tracking.evidence import STEPS, TRAJECTORIES
from provenir.tracking.halting import read_halt_on
from provenir.tracking.never_raising import never_raises
from provenir.tracking.notebook import as_html, as_markdown, run_rows
from provenir.tracking.open_run import OpenRun, fault_text, note, record, say
from provenir.tracking.opening import open_run
from provenir.tracking.records import step_record
from provenir.tracking.rollouts import log_rollouts
from provenir.tracking.settings import RunSettings, plain_config
from provenir.tracking.vouching import given_statement, statement_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from provenir.attest.log import EventLog
    from provenir.core.manifest import RunManifest
    from provenir.governance.bom import ModelBOM
    from provenir.governance.passport import ModelPassport
    from provenir.governance.statements import RoleStatement
    from provenir.observability.anomaly import Anomaly
    from provenir.observability.hacking import HackingReport
    from provenir.observability.recorder import FlightRecorder
    from provenir.provenance.lineage import LineageGraph

Status = Literal["new", "running", "completed", "failed", "interrupted"]
P = ParamSpec("P")
R = TypeVar("R")
_HALF_DONE = {
    "log_step": STEPS,
    "log_trajectory": TRAJECTORIES,
    "log_trajectories": TRAJECTORIES,
}
_current: ContextVar[Run | None] = ContextVar("provenir_run", default=None)


def current_run() -> Run | None:
    """The run that is open in this context, or None."""
    run = _current.get()
    while run is not None and run.status != "running":
        run = run._outer  # runs may end in another order than they began
    return run


class Run(OneOfAKind):
    """One tracked run; made by `provenir.track`, used once.

    Attributes that the end of the run fills: `manifest`, `lineage`, `bom`, `passport`. The flight
    recorder, its anomalies and the hacking report can be read at any time.
    """

    def __init__(self, settings: RunSettings) -> None:
        self._settings = settings
        self._open: OpenRun | None = None
        self._closed: ClosedRun | None = None
        self._status: Status = "new"
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._warned: set[str] = set()
        self._outer: Run | None = None
        self._attention = Attention(settings.halt_on, settings.alerts if settings.rank == 0 else ())

    # -- life -----------------------------------------------------------------------------------

    def start(self) -> Run:
        """Begin the run: make its folder and write its manifest.

        Raises:
            UsageError: if it was started before.
            LockedError: if a live run holds the folder.
            InputError: if the data cannot be read or the folder cannot be made.
        """
        if self._status != "new":
            raise UsageError(
                f"this run is {self._status}; a run is used once",
                mend="call provenir.track(…) again for another run",
            )
        self._pid = os.getpid()
        self._open = open_run(self._settings)
        self._status = "running"
        self._outer = current_run()
        _current.set(self)
        self._attend()
        atexit.register(self._finish_at_exit)
        return self

    def finish(self, status: Literal["completed", "failed", "interrupted"] = "completed") -> None:
        """End the run: write its documents, sign its passport. Never raises once it has begun.

        A status that is none of the three becomes `interrupted`, with a finding.
        """
        if os.getpid() != self._pid:  # before the lock, which a thread of the parent may hold
            self._warn_once("finish", "finish() in a forked child; the run is its parent's")
            return
        with self._lock:
            if self._status != "running" or self._open is None:
                self._warn_once("finish", f"finish() was called on a run that is {self._status}")
                return
            atexit.unregister(self._finish_at_exit)
            given: object = status
            if not isinstance(given, str) or given not in FINAL_STATUSES:
                self._fault("finish", UsageError("that is no status of a run's end"))
                status = "interrupted"
            status, notes = self._attention.at_the_end(status)
            self._status = status
            try:
                self._note_all(notes)
                self._open.evidence.judge_now()
                self._closed = close_run(
                    self._open,
                    clock=self._settings.clock,
                    status=status,
                    signers=self._settings.signers,
                )
            except Exception as fault:  # noqa: BLE001 - the loop's own result must survive us
                self._fault("finish", fault)
            except BaseException:
                self._status = "interrupted"  # what the folder will say once it is recovered
                raise
            finally:
                _current.set(current_run())
                self._tell_the_end()

    def __enter__(self) -> Run:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish_after(error)

    def finish_after(self, error: BaseException | None) -> None:
        """End the run as what ended its loop says: nothing, an exception, Ctrl-C, `sys.exit()`."""
        self.finish(status_after(error))

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate a function, sync or async: every call is a run of its own.

        A parameter called `run` receives the run.

        Raises:
            UsageError: for a generator, whose body would run after the run had ended.
        """
        return decorate(function, lambda: Run(self._settings).start())

    # -- what a loop says -----------------------------------------------------------------------

    @never_raises(list)
    def log_step(self, metrics: Any) -> list[Anomaly]:
        """Record one step; return the anomalies that begin with it.

        Args:
            metrics: A dict under any framework's names, or `RLStepMetrics`. Numbers may be Python,
                numpy or torch scalars. `step` defaults to a counter.
        """
        run = self._running()
        line, seen, notes = step_record(metrics, next_step=run.evidence.next_step, time=self._now())
        try:
            run.folder.append_step(json_line(line))
        finally:
            anomalies = run.evidence.step(line["step"], seen)
            attention = self._attention.after_step(run.evidence, line["step"])
            self._note_all((*notes, *attention))
        return anomalies

    @never_raises(lambda: None)
    def log_trajectory(self, trajectory: Any) -> None:
        """Record one rollout.

        Args:
            trajectory: A dict with `prompt`, `prediction` or `response`, `reward` or
                `proxy_reward`, and, where known, `true_reward` or `held_out_reward`, `group_id`,
                `index`. Other keys are kept.
        """
        self._log_rollouts([trajectory])

    @never_raises(lambda: None)
    def log_trajectories(self, trajectories: Any) -> None:
        """Record several rollouts at once, in order; cheaper than one after the other.

        Args:
            trajectories: Dicts as for `log_trajectory`.
        """
        self._log_rollouts(list(trajectories))

    @never_raises(lambda: None, named=True)
    def record_eval(
        self,
        /,
        name: str,
        score: Any,
        contaminated: bool | None = None,
        n: int | None = None,
        **meta: Any,
    ) -> None:
        """Record an evaluation score; `contaminated` stays None where nobody checked."""
        body, notes = records.eval_body(name, score, contaminated, n, meta)
        record(self._running(), "eval", **body)
        self._note_all(notes)

    @never_raises(lambda: None, named=True)
    def log_artifact(
        self,
        path: str | os.PathLike[str],
        kind: str = "model",
        *,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Record a model, adapter or other artifact by the digests of all its files.

        The folder is hashed now and again at the end of the run, so what the passport names is what
        lay there at the end; a difference between the two becomes a finding.

        Args:
            path: the folder or file.
            kind: what it is in the lineage.
            progress: called with the bytes read since the last call while it is hashed now, in the
                place of a bar on the terminal.
        """
        run = self._running()
        body = records.artifact_body(Path(path), kind, run.folder.path, progress)
        record(run, "artifact", **body)

    @never_raises(lambda: None)
    def attach(self, report: Report | RoleStatement) -> None:
        """Keep a report, or a statement of another role; the passport binds it by its digest."""
        run = self._running()
        statement = given_statement(report)
        if statement is not None:
            name, body = statement_body(statement)
            run.folder.write_document(name, statement.envelope.to_bytes())
            record(run, "statement", **body)
            return
        name, data, body, notes = records.report_body(report)
        start, dataset = run.evidence.start, self._settings.dataset
        facts, leaked, open_ends = contamination_body(report, start, dataset)
        run.folder.write_document(name, data)
        record(run, "report", **body, **facts)
        for benchmark in leaked:
            told = records.eval_body(benchmark, None, True, None, {})[0]
            record(run, "eval", **told, report=body["digest"])
        self._note_all((*notes, *open_ends))

    @never_raises(lambda: None)
    def log_config(self, values: Any) -> None:
        """Add hyperparameters that became known after the start, such as a trainer's arguments.

        They reach the BOM; `config_hash` covers what `track(config=…)` was given.
        """
        plain, notes = plain_config(values)
        record(self._running(), "config", values=plain)
        self._note_all(notes)

    @never_raises(lambda: None)
    def add_finding(self, finding: Finding) -> None:
        """Note something about the recording itself; kept once per kind and subject."""
        note(self._running(), finding)

    def halt_when(self, halt_on: Any) -> None:
        """Add a condition on which `should_stop` becomes true.

        Args:
            halt_on: A severity, a kind, several kinds, or a `HaltOn`; None adds nothing.

        Raises:
            UsageError: It is none of these.
        """
        condition = read_halt_on(halt_on)
        if condition is not None:
            self._attention.halter.conditions.append(condition)

    # -- what can be read -----------------------------------------------------------------------

    @property
    def status(self) -> Status:
        """`new`, `running`, `completed`, `failed` or `interrupted`."""
        return self._status

    @property
    def halts(self) -> bool:
        """Whether there is anything that the run would ask its loop to stop for."""
        return bool(self._attention.halter.conditions)

    @property
    def should_stop(self) -> bool:
        """Whether the loop is to stop before its next update; stays so once it is."""
        return self._attention.halter.reason is not None

    @property
    def stop_reason(self) -> str | None:
        """Why the loop is to stop, in one line that may quote data; None while it is not."""
        return self._attention.halter.text

    @property
    def run_id(self) -> str | None:
        """The id of the run; None before the start."""
        return self._open.folder.run_id if self._open else None

    @property
    def output_dir(self) -> Path | None:
        """The run folder, absolute; before the start, the one that was asked for."""
        return self._open.folder.path if self._open else self._settings.output_dir

    @property
    def manifest(self) -> RunManifest | None:
        """The run manifest; its last version once the run is over."""
        if self._closed is not None:
            return self._closed.manifest
        return self._open.manifest if self._open else None

    @property
    def workspace_log(self) -> EventLog | None:
        """The event log of the run's workspace; None before the start."""
        return self._open.log if self._open else None

    @property
    def flight_recorder(self) -> FlightRecorder | None:
        """The flight recorder; None before the start."""
        return self._open.evidence.recorder if self._open else None

    @property
    def anomalies(self) -> list[Anomaly]:
        """Every anomaly so far, one per episode."""
        return list(self._open.evidence.recorder.anomalies) if self._open else []

    @property
    def hacking_report(self) -> HackingReport | None:
        """The hacking report over the rollouts so far; None before the start."""
        if self._open is None:
            return None
        self._open.evidence.settle()
        return self._open.evidence.hacking.report()

    @property
    def findings(self) -> list[Finding]:
        """What went wrong or had to be changed in recording, each kind and subject once."""
        return list(self._open.evidence.findings.values()) if self._open else []

    @property
    def lineage(self) -> LineageGraph | None:
        """The lineage graph, once the run is over."""
        return self._closed.lineage if self._closed else None

    @property
    def bom(self) -> ModelBOM | None:
        """The bill of materials, once the run is over."""
        return self._closed.bom if self._closed else None

    @property
    def passport(self) -> ModelPassport | None:
        """The signed passport, once the run is over; None if it was not signed."""
        return self._closed.passport if self._closed else None

    # -- inside ---------------------------------------------------------------------------------

    def _accepts(self, method: str) -> bool:
        if self._status == "new":
            raise UsageError(
                f"{method}() before the run has begun",
                mend='use "with provenir.track(…) as run:" or call run.start() first',
            )
        if self._status != "running":
            self._warn_once(method, f"{method}() after the run has ended; nothing was recorded")
            return False
        if os.getpid() != self._pid:
            self._warn_once(method, f"{method}() in a forked child; nothing was recorded")
            return False
        return True

    def _running(self) -> OpenRun:
        if self._open is None:
            raise UsageError("the run has not begun", mend="call run.start() first")
        return self._open

    def _log_rollouts(self, rollouts: list[Any]) -> None:
        log_rollouts(self._running(), rollouts, self._settings, self._now())

    def _now(self) -> str:
        return utc_text(self._settings.clock.now())

    def _attend(self) -> None:
        """Begin to judge rollouts, and to look out for what stops the loop and people are told."""
        run, settings = self._running(), self._settings
        run.evidence.judge_later()
        known = run.evidence.recorder.ongoing
        run.evidence.hacking.news()  # what a resumed run knew is none
        notes = self._attention.begin(settings.name, run.folder.run_id, settings.clock, known)
        try:
            self._note_all(notes)
        except OSError as fault:
            self._fault("alerts", fault)

    def _tell_the_end(self) -> None:
        """Tell people of a run that ended badly; the journal is sealed, so faults go to the log."""
        evidence = self._running().evidence
        try:
            for finding in self._attention.after_the_end(evidence.recorder, self._status):
                say(logging.WARNING, f"{finding.kind}: {finding.detail}", evidence)
        except Exception as fault:  # noqa: BLE001 - the loop's own result must survive us
            self._fault("alerts", fault)

    def _note_all(self, notes: Iterable[Finding]) -> None:
        if self._open is not None:
            for finding in notes:
                note(self._open, finding)

    def _fault(self, where: str, fault: BaseException, thing: object = None) -> None:
        named = isinstance(thing, str | Path)
        hides = self._settings.hides_texts and _HALF_DONE.get(where) == TRAJECTORIES
        finding = Finding(
            kind="recording_fault",
            severity="warning",
            detail=f"{where}: {type(fault).__name__ if hides else fault_text(fault)}",
            subject=f"{where} {printable(str(thing), max_chars=200)}" if named else where,
        )
        if self._open is not None:
            faults = self._open.evidence.faults
            faults[where] = faults.get(where, 0) + 1
        try:
            self._note_all((finding,))
        except Exception:  # noqa: BLE001 - the journal's disk may be the very thing that failed
            if self._open is not None:
                self._open.evidence.finding(finding)

    def _interrupted(self, method: str) -> None:
        """Ctrl-C or a signal handler's exit broke off a call: only the disk is sure to be right."""
        half_done = _HALF_DONE.get(method)
        if self._open is not None and half_done is not None:
            self._open.evidence.stale.add(half_done)

    def _warn_once(self, key: str, message: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            say(logging.WARNING, message, self._open.evidence if self._open else None)

    def _finish_at_exit(self) -> None:
        """The interpreter ends with the run open: what is known is written, nothing is signed."""
        if self._status == "running" and os.getpid() == self._pid:
            self._settings = self._settings.unsigned()
            self.finish("interrupted")

    def _repr_html_(self) -> str:
        return as_html(run_rows(self._settings.name, self))

    def _repr_markdown_(self) -> str:
        return as_markdown(run_rows(self._settings.name, self))

    def __repr__(self) -> str:
        return f"Run({self._settings.name!r}, status={self._status!r}, run_id={self.run_id!r})"


__all__ = ["Run", "Status", "current_run"]
