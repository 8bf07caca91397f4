"""What a run does about what it sees: it asks its loop to stop, and tells people.

Nothing of it goes on unless it was asked for, and nothing of it is replayed: a resumed or recovered
run sends no alert a second time and is not stopped by what happened before.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Literal

from provenir.core.clock import Clock, SystemClock, utc_text
from provenir.core.findings import Finding
from provenir.tracking.alert_lane import AlertLane
from provenir.tracking.alert_message import AlertMessage
from provenir.tracking.alerts import is_offline
from provenir.tracking.episode_watch import Episode, EpisodeWatch
from provenir.tracking.halting import Halter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from provenir.observability.anomaly import Anomaly
    from provenir.observability.recorder import FlightRecorder
    from provenir.tracking.alert_message import AlertEvent
    from provenir.tracking.alerts import Alert
    from provenir.tracking.evidence import Evidence
    from provenir.tracking.halting import HaltOn

__all__ = ["Attention"]

FinalStatus = Literal["completed", "failed", "interrupted"]


FLUSH_S: Final = 3.0
"""How long the end of a run waits for its alerts, before and again after its documents."""


class Attention:
    """Watches the episodes of one run from its start to its end.

    Args:
        halt_on: What the loop is to stop for.
        alerts: Who is to be told.
    """

    def __init__(self, halt_on: HaltOn | None, alerts: Sequence[Alert] = ()) -> None:
        self.halter = Halter(halt_on)
        self._alerts = alerts
        self._lanes: list[AlertLane] = []
        self._watch = EpisodeWatch()
        self._run = self._run_id = ""
        self._clock: Clock = SystemClock()

    @property
    def is_asked(self) -> bool:
        """Whether anybody wants to know."""
        return bool(self.halter.conditions or self._lanes)

    def begin(
        self, name: str, run_id: str, clock: Clock, known: Iterable[Anomaly]
    ) -> tuple[Finding, ...]:
        """Take the run up.

        Args:
            name: Its name.
            run_id: Its id.
            clock: Where the times in alerts come from.
            known: Episodes that a resumed run had open.

        Returns:
            What is to be noted.
        """
        self._run, self._run_id, self._clock = name, run_id, clock
        self._watch = EpisodeWatch(known)
        numbered = list(enumerate(self._alerts, start=1))
        silent = is_offline() and any(alert.what == "webhook" for alert in self._alerts)
        self._lanes = [
            AlertLane(alert, number)
            for number, alert in numbered
            if not (silent and alert.what == "webhook")
        ]
        return (_OFFLINE,) if silent else ()

    def after_step(self, evidence: Evidence, step: int) -> list[Finding]:
        """Look at what goes on after a step; return what is to be noted of it.

        The rollouts of the step are judged first: whoever halts for a hack wants the step to be
        the last one, on every machine alike.
        """
        if not self.is_asked:
            return []
        evidence.settle()
        if evidence.judge is not None:
            for signals, made_for in evidence.judge.told():
                self._watch.take_signals(signals, made_for)
        self._watch.take_signals(evidence.hacking.news(), step)
        found: list[Finding] = []
        ongoing = evidence.recorder.ongoing
        if ongoing or self._watch.is_following or self.halter.reason is not None:
            for change in self._watch.after_step(ongoing):
                self._tell(change.event, change.episode)
            halted = self.halter.after_step(self._watch.open)
            if halted is not None and self.halter.reason is not None:
                found.append(halted)
                self._tell("halt", self.halter.reason)
        for lane in self._lanes:
            if lane.has_news:
                found += lane.findings()
        return found

    def at_the_end(self, status: FinalStatus) -> tuple[FinalStatus, list[Finding]]:
        """How a run ends whose loop ended with a status, and what is to be noted.

        A loop that stopped because it was asked to has not done what it was to do: `interrupted`,
        and the run can be resumed. One that went on all the same ends as it says.
        """
        self._flush()
        found = [finding for lane in self._lanes for finding in lane.findings(last=True)]
        if self.halter.reason is None:
            return status, found
        if self.halter.was_obeyed:
            return ("interrupted" if status == "completed" else status), found
        went_on = Finding(
            kind="halt_not_obeyed",
            severity="warning",
            detail=f"the loop went on for {self.halter.steps_after} steps after run.should_stop",
        )
        return status, [*found, went_on]

    def after_the_end(self, recorder: FlightRecorder, status: str) -> list[Finding]:
        """Tell of a run that ended CRITICAL; what is returned can be said and not recorded."""
        if not self._lanes:
            return []
        summary = recorder.summary()
        if summary["verdict"] == "CRITICAL":
            ongoing = ", ".join(summary["ongoing"])
            episode = Episode(
                kind="run_end",
                severity="critical",
                detail=f"the run ended {status} and CRITICAL: {ongoing}",
                channel="run",
                step=summary["last_step"] or 0,
                last_step=summary["last_step"] or 0,
            )
            self._tell("end", episode)
            self._flush()
        for lane in self._lanes:
            lane.end()
        return [finding for lane in self._lanes for finding in lane.findings()]

    def _tell(self, event: AlertEvent, episode: Episode) -> None:
        if not self._lanes:
            return
        message = AlertMessage(
            event=event,
            run=self._run,
            run_id=self._run_id,
            kind=episode.kind,
            severity=episode.severity,
            detail=episode.detail,
            time=utc_text(self._clock.now()),
            step=episode.last_step,
            channel=episode.channel,
            value=episode.value,
        )
        for lane in self._lanes:
            lane.submit(message)

    def _flush(self) -> None:
        deadline = time.monotonic() + FLUSH_S
        for lane in self._lanes:
            lane.flush(max(0.0, deadline - time.monotonic()))


_OFFLINE: Final = Finding(
    kind="alerts_offline",
    severity="info",
    detail="PROVENIR_OFFLINE is set: no webhook is told anything",
)
