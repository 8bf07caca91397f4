"""When a run asks its loop to stop. Never, unless it was told to.

A condition looks at what goes on after each logged step. It is met by an episode

- whose kind is one of `kinds`, where those are named, and else by any anomaly;
- whose severity is at least `severity`;
- that was seen again `patience` steps after it began, in the trainer's own numbers. A value that is
  not finite needs no patience: each update after it is made with broken parameters. Nor does what
  took many steps to be seen at all: that over the run the rewards part, or texts grow.

Signals about rollouts count only where their kind is named: one flagged rollout is no reason to
stop a run whose user asked for "critical".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.core.findings import SEVERITIES, Finding, Severity, severity_rank
from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.observability.detectors.registry import CHANNELS_OF, NONFINITE
from provenir.observability.hacking.signal import HACKING_KINDS
from provenir.tracking.episode_watch import OVER_RUN

if TYPE_CHECKING:
    from provenir.tracking.episode_watch import Episode

__all__ = ["WATCHED_KINDS", "HaltOn", "Halter", "checked_kinds", "read_halt_on"]

_AT_THE_END: Final = frozenset({"group_outlier", "solved_group"})
"""Known when a group is complete, which nobody says before the report."""

WATCHED_KINDS: Final = frozenset((*CHANNELS_OF, *HACKING_KINDS)) - _AT_THE_END
"""Every kind of episode that there can be while a run goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltOn:
    """What a run stops for.

    Attributes:
        severity: The least severity; by default `critical`, and `warning` where kinds are named.
        kinds: Kinds of anomalies and hacking signals; none for every kind of anomaly.
        patience: Steps for which the episode must have gone on.

    Raises:
        UsageError: A severity, kind or patience that is none.
    """

    severity: Severity | None = None
    kinds: tuple[str, ...] = ()
    patience: int = 0

    def __post_init__(self) -> None:
        """Check the fields and fill the severity in."""
        object.__setattr__(self, "kinds", checked_kinds(self.kinds, "halt_on"))
        if self.severity is None:
            object.__setattr__(self, "severity", "warning" if self.kinds else "critical")
        elif self.severity not in SEVERITIES:
            raise UsageError(
                f"halt_on: {self.severity!r} is no severity", mend=f"one of {', '.join(SEVERITIES)}"
            )
        if type(self.patience) is not int or not 0 <= self.patience <= MAX_SAFE_INTEGER:
            raise UsageError(
                f"halt_on: patience={self.patience!r}", mend="give a number of steps, 0 or greater"
            )

    def is_met_by(self, episode: Episode) -> bool:
        """Whether an episode that goes on is a reason to stop."""
        if episode.kind not in self.kinds if self.kinds else episode.is_hacking:
            return False
        if self.severity and severity_rank(episode.severity) < severity_rank(self.severity):
            return False
        if episode.kind == NONFINITE or episode.channel == OVER_RUN:
            return True
        return episode.last_step - episode.step >= self.patience


class Halter:
    """Decides once whether a run is to stop, and keeps to it.

    Attributes:
        conditions: What it stops for.
        reason: The episode that it stopped for, None so far.
        steps_after: Steps that were logged since.
    """

    def __init__(self, condition: HaltOn | None = None) -> None:
        self.conditions = [] if condition is None else [condition]
        self.reason: Episode | None = None
        self.steps_after = 0

    def after_step(self, ongoing: Iterable[Episode]) -> Finding | None:
        """Look at what goes on after a step; return the finding that the run is to stop."""
        if self.reason is not None:
            self.steps_after += 1
            return None
        for episode in ongoing:
            if any(condition.is_met_by(episode) for condition in self.conditions):
                self.reason = episode
                return _halted(episode, self.text)
        return None

    @property
    def text(self) -> str | None:
        """Why the run is to stop, in one line."""
        if self.reason is None:
            return None
        why = self.reason
        return f"{why.kind} ({why.severity}) since step {why.step}: {why.detail}"

    @property
    def was_obeyed(self) -> bool:
        """Whether the loop stopped when it was asked to: one more step may have been on its way."""
        return self.reason is not None and self.steps_after <= 1


def read_halt_on(value: Any) -> HaltOn | None:
    """The condition that `halt_on=` asks for.

    Args:
        value: None, a severity, a kind, several kinds, or a `HaltOn`.

    Raises:
        UsageError: It is none of these.
    """
    if value is None or isinstance(value, HaltOn):
        return value
    if isinstance(value, str):
        if value in SEVERITIES:
            return HaltOn(severity=value)
        return HaltOn(kinds=(value,))
    kinds = checked_kinds(value, "halt_on")
    if not kinds:
        raise UsageError("halt_on names no kind", mend="leave it out, or name one")
    return HaltOn(kinds=kinds)


def checked_kinds(value: Any, argument: str) -> tuple[str, ...]:
    """The kinds that somebody named.

    Raises:
        UsageError: One of them is no kind, with those that are.
    """
    listed = isinstance(value, Iterable) and not isinstance(value, str | bytes)
    kinds = tuple(value) if listed else (value,)
    for kind in kinds:
        if not isinstance(kind, str) or kind not in WATCHED_KINDS:
            late = isinstance(kind, str) and kind in _AT_THE_END
            raise UsageError(
                f"{argument}: {kind!r:.80} is {'known at the end only' if late else 'no kind'}",
                mend=f"give one severity, or kinds: {', '.join(sorted(WATCHED_KINDS))}",
            )
    return kinds


def _halted(episode: Episode, text: str | None) -> Finding:
    return Finding(
        kind="halted",
        severity="warning",
        detail=f"the run asks its loop to stop: {text}",
        subject=f"step {episode.last_step}",
        data={"kind": episode.kind, "severity": episode.severity, "step": episode.step},
    )
