"""`lr_anomaly`: the learning rate is not one that a schedule would give.

Certain: a negative rate, and a rate that becomes zero from more than a tenth of its maximum and
faster than it was falling. A jump
up by half or more is an anomaly unless it goes on as a warm-up (no rise larger than three times the
largest before) or begins a new cycle (from below a third of the maximum to at most one and a half
times of it). Constant rates, linear, cosine, exponential, inverse-root and step decay, restarts,
warm-up from zero and repeated values are silent by construction: these rules hold no statistics and
raise no alarm by chance. Not seen: a rate that is wrong from the first step on, or that a resumed
run sets back by less than half.

False alarms and power as measured: `measured` in `observability.kinds`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.observability.detectors.hit import Hit

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANNEL: Final = "learning_rate"

_ALIVE: Final = 0.1
_JUMP: Final = 1.5
_RISES: Final = 3.0
_CYCLE_FROM: Final = 0.34
_PACE: Final = 1.5
_FEWEST: Final = 2
_HUGE: Final = 5.0


class Schedule:
    """The course of the learning rate so far, in a few numbers."""

    __slots__ = ("_dead", "_largest_rise", "_last", "_last_drop", "_most", "_seen")

    def __init__(self) -> None:
        self._seen = 0
        self._dead = False
        self._last = 0.0
        self._last_drop = 0.0
        self._most = 0.0
        self._largest_rise = 0.0

    def take(self, values: Mapping[str, float]) -> Hit | None:
        """Judge the step's learning rate; None where it has none."""
        rate = values.get(CHANNEL)
        if rate is None:
            return None
        if rate < 0:
            return Hit("critical", f"learning_rate is {rate:.4g}, below 0")
        last = self._last
        if rate == last and self._seen:
            self._seen += 1
            return _gone() if self._dead else None
        hit = self._judge(rate) if self._seen else None
        self._dead = rate == 0 and hit is not None
        if rate < last:
            self._last_drop = last - rate
        elif self._seen and hit is None:
            self._largest_rise = max(self._largest_rise, rate - last)
        self._most = max(self._most, rate)
        self._last = rate
        self._seen += 1
        return hit

    def _judge(self, rate: float) -> Hit | None:
        last, most = self._last, self._most
        if rate == 0 and last > _ALIVE * most and last > _PACE * self._last_drop:
            return _gone()
        if (
            self._seen < _FEWEST
            or most == 0
            or rate < _JUMP * last
            or rate - last <= _RISES * self._largest_rise
        ):
            return None
        if last < _CYCLE_FROM * most and rate <= _JUMP * most:
            return None
        text = f"learning_rate went from {last:.4g} to {rate:.4g}, its maximum was {most:.4g}"
        return Hit("critical" if rate >= _HUGE * most else "warning", text)


def _gone() -> Hit:
    return Hit("warning", "learning_rate is 0 and had not decayed to it", ((20, "critical"),))
