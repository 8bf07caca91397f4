"""What goes on in a run now, for whoever halts it or sends an alert: episodes and their changes.

An anomaly of the flight recorder is an episode as it is. Signals about rollouts become one episode
for each kind: it begins with the first signal of at least a warning, goes on with each further one,
and is over after five logged steps without any. Signals about the whole run, such as that its
rewards part, are an episode of their own beside it.

Episodes that a resumed run had open already are old news: they count again from the first step at
which their condition is seen anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from provenir.core.findings import severity_rank

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provenir.core.findings import Severity
    from provenir.observability.anomaly import Anomaly
    from provenir.observability.hacking import HackingSignal

__all__ = ["OVER_RUN", "Change", "Episode", "EpisodeWatch"]

OVER_RUN: Final = "run"
"""The channel of what shows over a run and in no rollout alone."""

QUIET_STEPS: Final = 5
"""Logged steps without a signal that end an episode of signals."""
_OF_ROLLOUTS: Final = "rollouts"
_Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One thing that is not as it should be.

    Attributes:
        kind: The kind of anomaly or of hacking signal.
        severity: The highest so far.
        detail: A sentence with the numbers in it; it may quote data.
        channel: The signal, `rollouts` or `run` for hacking signals.
        step: The step at which it began.
        last_step: The last step at which it was seen.
        value: The value that set it off, where there is one.
        is_hacking: Whether it is about rollouts.
    """

    kind: str
    severity: Severity
    detail: str
    channel: str
    step: int
    last_step: int
    value: float | None = None
    is_hacking: bool = False


class Change(NamedTuple):
    """What happened to an episode."""

    event: Literal["onset", "escalation", "recovery"]
    episode: Episode


class EpisodeWatch:
    """Follows the episodes of one run; memory is bounded by kinds and channels.

    Args:
        known: Episodes that were open when this process took the run up.
    """

    def __init__(self, known: Iterable[Anomaly] = ()) -> None:
        self._old = {_key(anomaly): anomaly for anomaly in known}
        self._open: dict[_Key, Episode] = {}
        self._hacking: dict[tuple[str, str], Episode] = {}
        self._quiet: dict[tuple[str, str], int] = {}

    def take_signals(self, signals: Iterable[HackingSignal], step: int) -> None:
        """Take signals about a rollout of a step, or the run; information is left out."""
        for signal in signals:
            if signal.severity == "info":
                continue
            channel = OVER_RUN if signal.index is None else _OF_ROLLOUTS
            key = (signal.kind, channel)
            self._quiet[key] = 0
            known = self._hacking.get(key)
            if known is None:
                self._hacking[key] = Episode(
                    kind=signal.kind,
                    severity=signal.severity,
                    detail=signal.detail,
                    channel=channel,
                    step=step,
                    last_step=step,
                    is_hacking=True,
                )
                continue
            if severity_rank(signal.severity) > severity_rank(known.severity):
                known = replace(known, severity=signal.severity, detail=signal.detail)
            self._hacking[key] = replace(known, last_step=step)

    def after_step(self, ongoing: Iterable[Anomaly]) -> list[Change]:
        """Take a step's end; return what changed since the last one.

        Args:
            ongoing: The recorder's open episodes.
        """
        now = {**self._anomalies(ongoing), **self._signals()}
        if not now and not self._open:
            return []
        before, self._open = self._open, now
        changes = []
        for key, episode in now.items():
            known = before.get(key)
            if known is None:
                changes.append(Change("onset", episode))
            elif severity_rank(episode.severity) > severity_rank(known.severity):
                changes.append(Change("escalation", episode))
        changes += [Change("recovery", old) for key, old in before.items() if key not in now]
        return changes

    @property
    def is_following(self) -> bool:
        """Whether anything goes on, as far as it was told."""
        return bool(self._open or self._hacking)

    @property
    def open(self) -> Iterable[Episode]:
        """The episodes that go on."""
        return self._open.values()

    def _anomalies(self, ongoing: Iterable[Anomaly]) -> dict[_Key, Episode]:
        found = {}
        for anomaly in ongoing:
            key, begun = _key(anomaly), anomaly.step
            known = self._open.get(key)
            if known is not None:
                begun = known.step
            elif key in self._old:
                # It is another value as soon as it was seen again. The step does not tell: who goes
                # on from an earlier snapshot has smaller ones.
                if anomaly is self._old[key]:
                    continue
                begun = anomaly.last_step
            begun = min(begun, anomaly.last_step)  # a loop may count anew
            found[key] = Episode(
                kind=anomaly.kind,
                severity=anomaly.severity,
                detail=anomaly.detail,
                channel=anomaly.channel,
                step=begun,
                last_step=anomaly.last_step,
                value=anomaly.value,
            )
        return found

    def _signals(self) -> dict[_Key, Episode]:
        if not self._hacking:
            return {}
        for key in list(self._hacking):
            self._quiet[key] += 1
            if self._quiet[key] > QUIET_STEPS:
                del self._hacking[key]
        return {(*key, one.step): one for key, one in self._hacking.items()}


def _key(anomaly: Anomaly) -> _Key:
    return (anomaly.kind, anomaly.channel, anomaly.step)
