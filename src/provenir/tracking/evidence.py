"""What a run has gathered so far, rebuilt by the same code live and in recovery.

Every record goes to the run folder first and to `Evidence` second; `provenir run recover` reads the
records again and applies them in the same way. So a recovered run says what the live one would have
said.

A signal handler may log or end the run in the middle of a call, and Ctrl-C may break one off. What
is in memory is then half done, while the lines on disk are whole: `stale` names what is to be
made again from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.core.findings import SEVERITIES, Finding
from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.observability.config import FlightRecorderConfig
from provenir.observability.hacking import HackingMonitor
from provenir.observability.recorder import FlightRecorder
from provenir.tracking.journal_shapes import misshapen
from provenir.tracking.judging import RolloutJudge
from provenir.tracking.records import SAMPLE_EVERY, judged_trajectory, seen_by_recorder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.observability.anomaly import Anomaly
    from provenir.observability.hacking import HackingSignal
    from provenir.provenance.run_record import RunRecord

MAX_FINDINGS: Final = 1_000
STEPS: Final = "steps"
TRAJECTORIES: Final = "trajectories"


@dataclass(slots=True)
class Evidence:
    """The in-memory state of one run; `start` holds the facts known before the first step."""

    start: dict[str, Any] = field(default_factory=dict)
    recorder: FlightRecorder = field(default_factory=FlightRecorder)
    hacking: HackingMonitor = field(default_factory=HackingMonitor)
    evals: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    statements: list[dict[str, Any]] = field(default_factory=list)
    findings: dict[tuple[str, str | None], Finding] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    next_step: int = 0
    trajectories: int = 0
    modes: set[str] = field(default_factory=set)
    faults: dict[str, int] = field(default_factory=dict)
    changing: str | None = None
    stale: set[str] = field(default_factory=set)
    judge: RolloutJudge | None = None

    def judge_later(self) -> None:
        """Judge rollouts beside the loop from now on; `settle` is called before a report."""
        self.judge = RolloutJudge(self._judged)

    def judge_now(self) -> None:
        """End judging beside the loop, with every rollout judged."""
        self.settle()
        judge, self.judge = self.judge, None
        if judge is not None:
            judge.close()

    def settle(self) -> None:
        """Have every rollout judged that was taken."""
        if self.judge is not None:
            self.judge.settle()
            if self.judge.broken:
                self.stale.add(TRAJECTORIES)

    def step(self, step: int, seen: Mapping[str, Any]) -> list[Anomaly]:
        """Take one step's metrics; return the anomalies that begin with it."""
        self.next_step = min(step + 1, MAX_SAFE_INTEGER)
        if self.changing == STEPS:
            self.stale.add(STEPS)
            return []
        outer, self.changing = self.changing, STEPS
        try:
            self.hacking.add_step(seen)
            return self.recorder.log_step(seen)
        finally:
            self.changing = outer

    def stored_step(self, record: Mapping[str, Any]) -> list[Anomaly]:
        """Take a step record read back from a file; return the anomalies that begin with it."""
        step = record.get("step")
        number = step if isinstance(step, int) else self.next_step
        return self.step(number, seen_by_recorder(record))

    def trajectory(self, record: Mapping[str, Any]) -> list[HackingSignal]:
        """Take one rollout; return the signals about it, none yet where it is judged later.

        `trajectories` becomes the number of the next one.
        """
        self._count(record)
        if self.judge is not None:
            self.judge.put(record, self.next_step)
            return []
        if self.changing == TRAJECTORIES:
            self.stale.add(TRAJECTORIES)
            return []
        outer, self.changing = self.changing, TRAJECTORIES
        try:
            return self._judged(record)
        finally:
            self.changing = outer

    def rollouts(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Take rollouts, in order; see `trajectory`."""
        if self.judge is None:
            for record in records:
                self.trajectory(record)
            return
        for record in records:
            self._count(record)
        self.judge.put_all(records, self.next_step)

    def _count(self, record: Mapping[str, Any]) -> None:
        number = record.get("number")
        if type(number) is int and self.trajectories < number < MAX_SAFE_INTEGER:
            self.trajectories = number  # those before it did not reach the disk
        self.trajectories += 1

    def _judged(self, record: Mapping[str, Any]) -> list[HackingSignal]:
        trajectory = judged_trajectory(record)
        if trajectory is None:
            return []
        return self.hacking.add(trajectory, reading=record.get("reading"))

    def stored_trajectories(self, record: RunRecord, rank: int = 0) -> None:
        """Take the rollouts that are on disk; say so where those are not all that there were."""
        kept = 0
        for stored in record.trajectories(rank):
            self.trajectory(stored)
            kept += 1
        if "sampled" in self.modes:  # up to nine more may have come; no number is given twice
            self.trajectories = -(-self.trajectories // SAMPLE_EVERY) * SAMPLE_EVERY
        if "off" in self.modes and not kept:
            self.hacking.miss("no rollout was kept, and how many there were is not known")
        elif self.modes & {"sampled", "off"} and self.trajectories:
            self.hacking.miss(f"{kept} of about {self.trajectories} rollouts were kept")
        elif kept < self.trajectories:
            self.hacking.miss(f"{kept} of {self.trajectories} rollouts were kept")

    def refresh(self, record: RunRecord) -> set[str]:
        """Make again from the files what is half done in memory; return what that was.

        Where the files hold less than memory does, memory is kept: a rollout that is judged in
        part is worth more than nine that are forgotten, and the report says that it is so.
        """
        self.settle()
        half_done = self.stale | ({self.changing} if self.changing else set())
        again = Evidence(modes=set(self.modes), recorder=FlightRecorder(self.recorder.config))
        if STEPS in half_done:
            for step in record.steps():
                again.stored_step(step)
            refused = self.faults.get("log_step", 0)
            if not refused or again.recorder.num_steps >= self.recorder.num_steps:
                self.recorder = again.recorder
                self.hacking.steps = again.hacking.steps
        if TRAJECTORIES in half_done:
            again.stored_trajectories(record)
            self._keep_larger(again)
        self.stale, self.changing = set(), None
        if self.judge is not None:
            self.judge.broken = False
        return half_done

    def _keep_larger(self, again: Evidence) -> None:
        if again.hacking.num_trajectories >= self.hacking.num_trajectories:
            again.hacking.steps = self.hacking.steps
            self.hacking = again.hacking
            if self.hacking.has_seen_all and again.trajectories >= self.trajectories:
                return
        judged = self.hacking.num_trajectories
        total = max(self.trajectories, judged)
        self.hacking.miss(f"{judged} of {total} rollouts were judged, one perhaps in part")

    def journal(self, record: Mapping[str, Any]) -> None:
        """Take one journal record; types that this version does not know are left alone."""
        body = {key: value for key, value in record.items() if key not in {"type", "time"}}
        kind = record.get("type")
        for part in misshapen(kind, body):
            detail = f"the journal has a {kind!r:.40} record whose {part} cannot be read"
            self.finding(
                Finding(kind="unreadable_record", severity="warning", detail=detail, subject=part)
            )
            if kind != "start":
                return
            body[part] = None
        match kind:
            case "start":
                self.start = body
                config = body.get("config")
                self.config = dict(config) if isinstance(config, Mapping) else {}
                self._note_mode(body)
                self._note_recorder(body)
            case "resume":
                self._note_mode(body)
                self._note_code(body)
            case "config":
                self.config.update(body.get("values") or {})
            case "eval":
                self.evals.append(body)
            case "artifact":
                kept = [known for known in self.artifacts if known.get("path") != body.get("path")]
                self.artifacts = [*kept, body]
            case "report":
                self.reports.append(body)
            case "statement":
                self.statements.append(body)
            case "finding":
                self.finding(finding_of(body))

    def _note_mode(self, body: Mapping[str, Any]) -> None:
        mode = body.get("trajectories")
        if isinstance(mode, str):
            self.modes.add(mode)

    def _note_recorder(self, body: Mapping[str, Any]) -> None:
        """Judge the steps of a stored run with the settings that it began with."""
        settings = body.get("recorder")
        if settings is None or self.recorder.num_steps:
            return
        try:
            self.recorder = FlightRecorder(FlightRecorderConfig.from_dict(settings))
        except (UsageError, TypeError) as fault:
            detail = f"the recorder's settings in the journal cannot be used: {fault}"
            self.finding(Finding(kind="unreadable_record", severity="warning", detail=detail))

    def _note_code(self, body: Mapping[str, Any]) -> None:
        """The code of a resumed part: changes that one part had, the whole run had."""
        if not self.start:
            return  # killed before its first record, which is made anew
        if body.get("dirty") is True or self.start.get("dirty") is None:
            self.start["dirty"] = body.get("dirty")
        if self.start.get("diff_digest") is None:
            self.start["diff_digest"] = body.get("diff_digest")

    @property
    def nearly_full(self) -> bool:
        """Whether only one more finding has room."""
        return len(self.findings) == MAX_FINDINGS - 1

    def lacks(self, finding: Finding) -> bool:
        """Whether a finding is new and has room; a critical one always has."""
        room = len(self.findings) < MAX_FINDINGS or finding.severity == "critical"
        return room and (finding.kind, finding.subject) not in self.findings

    def finding(self, finding: Finding) -> None:
        """Keep a finding once per kind and subject."""
        if self.lacks(finding):
            self.findings[(finding.kind, finding.subject)] = finding


def finding_of(body: Mapping[str, Any], *, subject: str | None = None) -> Finding:
    """A finding from its stored form; what cannot be read of it becomes a general one."""
    severity = body.get("severity")
    stored, data = body.get("subject"), body.get("data")
    named = stored if isinstance(stored, str) else subject
    try:
        return Finding(
            kind=str(body.get("kind")),
            severity=severity if severity in SEVERITIES else "warning",
            detail=str(body.get("detail", "")),
            subject=named,
            data=data if isinstance(data, Mapping) else {},
        )
    except UsageError:
        detail = f"a finding of an unknown form: {body.get('kind')!r:.80}"
        return Finding(kind="unreadable_finding", severity="warning", detail=detail, subject=named)
