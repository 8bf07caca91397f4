"""A channel's robust baseline: where it has been lately, how much it scatters, where it is going.

Location and scale come from medians and quantiles of a bounded window of past values, so that
single outliers do not move them. The newest values wait outside the window (`lag`), so that a fault
does not become its own baseline. Half-window medians give a slope; the location is carried forward
along it, so that a steady trend is no event, but never beyond what was observed.

Sustained shifts are accumulated by a two-sided CUSUM of the clipped robust score (E. S. Page,
"Continuous Inspection Schemes", Biometrika 41, 1954): a score below `slack` drains the sum, one
above fills it. Clipping keeps a single wild value from filling it alone.

An excursion to the side where no fault lies does not become the baseline unnoticed, or its end
would look like one. Rules: a full sum on that side begins an excursion; the baseline then stands
still and the values are kept apart. `BACK` values in a row near the baseline end it, and what was
kept apart is dropped. After `REFRESH` values apart these are the new baseline; the old one is
remembered for `REMEMBERED` windows if the move was abrupt, for what climbs is not coming back, nor
is what moves on. What lies between the remembered level and the present one is no event; a value at
the remembered level, or beyond it, restores it. While another watch of the channel sees a fault,
the baseline stands still as well.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from provenir.observability.detectors.robust import median
from provenir.observability.detectors.robust import scatter as scatter_of

if TYPE_CHECKING:
    from provenir.observability.config import FlightRecorderConfig

FEWEST: Final = 4
"""Values before anything is compared with the baseline."""

REFRESH: Final = 16
"""New values after which a full-grown baseline is computed again, or replaced."""

HOLD: Final = 2.5
"""Score within which a channel counts as back at its baseline."""

BACK: Final = 3
"""Values within the slack, one after the other, that end an excursion."""

REMEMBERED: Final = 8
"""Windows after which a level that was left is forgotten."""

_CLIP: Final = 4.0
_LARGEST: Final = 1e150
_RELATIVE_FLOOR: Final = 0.03
_HALVES_FROM: Final = 16
_ABRUPT: Final = 1 / 3


class _Past(NamedTuple):
    """A level that the channel left for another one, and until which value it is remembered."""

    window: deque[float]
    location: float
    scale: float
    left_for: float
    until: int


class Baseline:
    """Baseline of one channel and the score of its newest value against it.

    Args:
        config: Window, lag, warm-up and CUSUM settings.
        log: Judge logarithms; for positive quantities whose faults are multiples.
        floor: Smallest value told apart with `log`; smallest scale without it.
        side: Where faults lie: 1 above the baseline, -1 below it, 0 on both sides.
        least: Level below which a baseline is not remembered; coming back there is an event.

    Attributes:
        seen: Values in the baseline so far.
        location: Expected value, on the scale that is judged.
        scale: Robust standard deviation, never 0.
        first: Median of the first eight values, unscaled; None before.
        score: Distance of the newest value in scales; 0 while there is no baseline.
        before: The score of the value before.
        rise: Upward CUSUM.
        fall: Downward CUSUM.
        recent: The newest values, unscaled, the current one last.
        held: An episode is going on; values that belong to it are not absorbed.
        away: An excursion is going on that is no fault; its values are kept apart.
    """

    __slots__ = (
        "_apart",
        "_back",
        "_excursion_down",
        "_excursion_up",
        "_fresh",
        "_high",
        "_lag",
        "_least",
        "_log_floor",
        "_low",
        "_most",
        "_past",
        "_shielded",
        "_slack",
        "_slope",
        "_value",
        "_waiting",
        "_warmup",
        "_window",
        "away",
        "before",
        "fall",
        "first",
        "floor",
        "held",
        "location",
        "log",
        "recent",
        "rise",
        "scale",
        "score",
        "seen",
    )

    def __init__(
        self,
        config: FlightRecorderConfig,
        *,
        log: bool = False,
        floor: float = 1e-9,
        side: int = 0,
        least: float = 0.0,
    ) -> None:
        self._warmup = config.warmup
        self._lag = config.lag
        self._slack = config.slack
        self._slope = 0.0
        self._waiting = 0
        self._least = least
        self._low = 0.0
        self._high = 0.0
        self._excursion_up = config.threshold if side <= 0 else math.inf
        self._excursion_down = config.threshold if side >= 0 else math.inf
        self._most = 2.0 * config.threshold
        self._window: deque[float] = deque(maxlen=config.window + config.lag)
        self._apart: list[float] = []
        self._back = 0
        self._shielded = False
        self._past: _Past | None = None
        self._fresh = 0
        self._value = 0.0
        self.log = log
        self.floor = floor
        self._log_floor = math.log(floor) if log else 0.0
        self.seen = 0
        self.location = 0.0
        self.scale = math.inf
        self.first: float | None = None
        self.score = 0.0
        self.before = 0.0
        self.rise = 0.0
        self.fall = 0.0
        self.recent: deque[float] = deque(maxlen=8)
        self.held = False
        self.away = False

    @property
    def typical(self) -> float:
        """The expected value, unscaled."""
        return math.exp(min(self.location, 700.0)) if self.log else self.location

    def measure(self, value: float) -> None:
        """Score a new finite value against the baseline, which stays as it is."""
        if not -_LARGEST < value < _LARGEST:
            value = math.copysign(_LARGEST, value)  # sums and squares stay finite
        self.recent.append(value)
        if self.log:
            value = math.log(value) if value > self.floor else self._log_floor
        self._value = value
        if self.seen < FEWEST:
            return
        score = (value - self.location) / self.scale
        if self._past is not None and not -HOLD < score < HOLD:
            score = self._beside(self._past, value, score)
        self.before = self.score
        self.score = score
        if self.seen < self._warmup:
            return
        # Written without min() and max(): this runs for every channel of every step.
        if score > _CLIP:
            score = _CLIP
        elif score < -_CLIP:
            score = -_CLIP
        sum_up = self.rise + score - self._slack
        self.rise = 0.0 if sum_up < 0.0 else sum_up if sum_up < self._most else self._most
        sum_down = self.fall - score - self._slack
        self.fall = 0.0 if sum_down < 0.0 else sum_down if sum_down < self._most else self._most

    def absorb(self) -> None:
        """Take the measured value into the baseline, where it waits for its lag to pass."""
        self.seen += 1
        if self.seen <= self._warmup:
            self._window.append(self._value)
            self._refresh()
            if self.seen <= 2 * FEWEST:
                self.first = self.typical
            return
        if self.away or self.rise >= self._excursion_up or self.fall >= self._excursion_down:
            self._keep_apart()
            return
        self._window.append(self._value)
        if self._slope != 0.0:
            self._carry_forward()
        if self._waiting < self._lag:
            self._waiting += 1
        self._fresh += 1
        if self._fresh >= REFRESH:
            self._fresh = 0
            self._refresh()

    def hold(self) -> None:
        """Drop the newest values, which may belong to the episode that begins."""
        self.held = True
        self._drop()
        self._come_back()

    def shield(self) -> None:
        """Stand still through a fault that another watch of the channel has begun to see."""
        self._shielded = abs(self.typical) >= self._least
        if self._shielded:
            self._drop()
            self._come_back()

    def skip(self) -> None:
        """Leave out the measured value, in which another watch sees a fault."""
        if not self._shielded:
            self.absorb()

    def release(self) -> None:
        """Begin anew after an episode, with empty sums."""
        self.held = False
        self.rise = 0.0
        self.fall = 0.0

    def _drop(self) -> None:
        for _ in range(self._waiting):
            self._window.pop()
        self._waiting = 0

    def _carry_forward(self) -> None:
        self._low = min(self._low, self._value)
        self._high = max(self._high, self._value)
        self.location = min(max(self.location + self._slope, self._low), self._high)

    def _keep_apart(self) -> None:
        """Take a value of an excursion, which is over when values are back or settle elsewhere."""
        if not self.away:
            self.away = True
            self._drop()
        self._apart.append(self._value)
        self._back = self._back + 1 if -self._slack < self.score < self._slack else 0
        if self._back >= BACK:
            self._come_back()
            self.rise = self.fall = 0.0
        elif len(self._apart) >= REFRESH:
            self._settle(self._apart)

    def _come_back(self) -> None:
        self.away = False
        self._apart = []
        self._back = 0

    def _settle(self, values: list[float]) -> None:
        """Begin a new baseline with the values of an excursion that lasts."""
        half = len(values) // 2
        before = median(list(self._window)[-half:])
        begun, now = median(values[:half]), median(values[half:])
        # A steady climb goes half as far between the halves as it went to the first of them.
        abrupt = abs(now - begun) <= _ABRUPT * abs(begun - before)
        if abrupt and abs(self.typical) >= self._least:
            window, location, scale = self._window, self.location, self.scale
            if self._past is not None and abs(now - location) < abs(now - self._past.location):
                # Of several levels on the way the farthest is remembered: the others lie between.
                window, location, scale = self._past[:3]
            until = self.seen + REMEMBERED * (window.maxlen or 0)
            self._past = _Past(window, location, scale, now, until)
        self._begin(deque(values, maxlen=self._window.maxlen))
        self._refresh()

    def _begin(self, window: deque[float]) -> None:
        self._window = window
        self._waiting = 0
        self._fresh = 0
        self._slope = 0.0
        self.rise = 0.0
        self.fall = 0.0
        self._come_back()

    def _beside(self, past: _Past, value: float, score: float) -> float:
        """Score a value that is not at the present level against the remembered one."""
        moved = abs(self.location - past.left_for) > abs(past.left_for - past.location)
        if moved or self.seen > past.until:
            self._past = None
            return score
        old = (value - past.location) / past.scale
        if -HOLD < old < HOLD or (old * score > 0.0 and abs(old) < abs(score)):
            self.location, self.scale = past.location, past.scale
            self._past = None
            self._begin(past.window)
            return old
        return score if old * score > 0.0 else 0.0

    def _refresh(self) -> None:
        values = list(self._window)
        if self._waiting:
            del values[-self._waiting :]
        count = len(values)
        if count >= _HALVES_FROM:
            half = count // 2
            older, newer = median(values[:half]), median(values[half:])
            slope = (newer - older) / half
            scatter = scatter_of([value - slope * place for place, value in enumerate(values)])
            # A difference within the scatter is taken for chance: following it would add noise.
            self._slope = slope if abs(newer - older) > scatter else 0.0
            # From the middle of the newer half, over the values that wait, to the next one.
            ahead = newer + self._slope * (half / 2 + self._waiting + 0.5)
            self._low, self._high = min(self._window), max(self._window)
            self.location = min(max(ahead, self._low), self._high)
        else:
            self.location = median(values)
            scatter = scatter_of(values)
        floor = _RELATIVE_FLOOR if self.log else _RELATIVE_FLOOR * abs(self.location)
        if not self.log and self.floor > floor:
            floor = self.floor
        # Few values say little about the scatter: the scale is taken larger then.
        self.scale = max(scatter * (1.0 + 6.0 / count), floor)
