"""What a run does about what it sees: it asks its loop to stop, and tells people.

Nothing of it goes on unless it was asked for, and nothing of it is replayed: a resumed or recovered
run sends no alert a second time and is not stopped by what happened before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from provenir.core.findings import Finding
from provenir.tracking.episode_watch import EpisodeWatch
from provenir.tracking.halting import Halter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provenir.observability.anomaly import Anomaly
    from provenir.observability.hacking import HackingSignal
    from provenir.observability.recorder import FlightRecorder
    from provenir.tracking.halting import HaltOn

__all__ = ["Attention"]

FinalStatus = Literal["completed", "failed", "interrupted"]


class Attention:
    """Watches the episodes of one run from its start to its end."""

    def __init__(self, halt_on: HaltOn | None) -> None:
        self.halter = Halter(halt_on)
        self._watch = EpisodeWatch()

    @property
    def is_asked(self) -> bool:
        """Whether anybody wants to know."""
        return bool(self.halter.conditions)

    def begin(self, known: Iterable[Anomaly]) -> None:
        """Take the run up; `known` are the episodes that a resumed run had open."""
        self._watch = EpisodeWatch(known)

    def after_rollout(self, signals: Iterable[HackingSignal], step: int) -> None:
        """Take the signals about a rollout that was made for a step."""
        if signals and self.is_asked:
            self._watch.take_signals(signals, step)

    def after_step(self, recorder: FlightRecorder) -> tuple[Finding, ...]:
        """Look at what goes on after a step; return what is to be noted of it."""
        if not self.is_asked:
            return ()
        self._watch.after_step(recorder.ongoing)
        halted = self.halter.after_step(self._watch.open)
        return () if halted is None else (halted,)

    def at_the_end(self, status: FinalStatus) -> tuple[FinalStatus, tuple[Finding, ...]]:
        """How a run ends whose loop ended with a status, and what is to be noted.

        A loop that stopped because it was asked to has not done what it was to do: `interrupted`,
        and the run can be resumed. One that went on all the same ends as it says.
        """
        if self.halter.reason is None:
            return status, ()
        if self.halter.was_obeyed:
            return ("interrupted" if status == "completed" else status), ()
        went_on = Finding(
            kind="halt_not_obeyed",
            severity="warning",
            detail=f"the loop went on for {self.halter.steps_after} steps after run.should_stop",
        )
        return status, (went_on,)
