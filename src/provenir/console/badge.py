"""The large word in the head of the page: the worst that a reader must know first.

Rules, the first that fits:

1. a check that failed, whatever the files say;
2. how the run ended, unless it completed: a run that stopped is not called healthy;
3. the training health.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.console.health import VERDICTS
from provenir.console.wording import count

if TYPE_CHECKING:
    from provenir.console.alarm import Alarm
    from provenir.console.health import Health
    from provenir.console.view import Tone

_COMPLETED: Final = "completed"
_STATES: Final = {"unknown": "END UNKNOWN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """The view of the word."""

    word: str
    note: str
    tone: Tone


def read_badge(state: str, health: Health, alarm: Alarm) -> Badge:
    """Choose the word.

    Args:
        state: How the run ended, as :attr:`RunSource.state` says it.
        health: The training health.
        alarm: What failed.
    """
    if alarm.failures:
        failed = f"{count(len(alarm.failures), 'check')} failed".upper()
        return Badge(word=failed, note=_claim(state, health), tone="critical")
    if state != _COMPLETED:
        tone = VERDICTS[health.verdict]
        return Badge(
            word=_STATES.get(state, state.upper()),
            note=f"training health until then: {_health(health)}",
            tone="plain" if tone == "good" else tone,
        )
    note = "training health"
    if health.verdict != "UNKNOWN":
        note += f", {count(health.num_steps, 'step')}"
    return Badge(word=health.verdict, note=note, tone=VERDICTS[health.verdict])


def _claim(state: str, health: Health) -> str:
    return f"the files say: {state}, {_health(health)}"


def _health(health: Health) -> str:
    if health.verdict == "UNKNOWN":
        return "unknown"
    return f"{health.verdict}, {count(health.num_steps, 'step')}"
