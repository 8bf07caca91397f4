"""A channel's robust baseline: where it has been lately, how much it scatters, where it is going.

Level, trend and scatter come from a bounded window of past values (`level`), so that single
outliers do not move them. The newest values wait outside the window (`lag`), so that a fault does
not become its own baseline.

Sustained shifts are accumulated by a two-sided CUSUM of the clipped robust score (E. S. Page,
"Continuous Inspection Schemes", Biometrika 41, 1954): a score below `slack` drains the sum, one
above fills it. Clipping keeps a single wild value from filling it alone. The sum is full at
`threshold`, more while the window holds few values, and more where successive values resemble each
other: sums of an autocorrelated course wander farther by themselves (R. A. Johnson, M. Bagshaw,
"The Effect of Serial Correlation on the Performance of CUSUM Tests", Technometrics 16, 1974).

An excursion to the side where no fault lies does not become the baseline unnoticed, or its end
would look like one. Rules: a full sum on that side begins an excursion; the baseline then stands
still and the values are kept apart. `BACK` values in a row near the baseline end it, and what was
kept apart is dropped. After `REFRESH` values apart these are the new baseline; the old one is
remembered for `REMEMBERED` windows if the move was abrupt, for what climbs is not coming back, nor
is what moves on. What lies between the remembered level and the present one is no event; a value at
the remembered level, or beyond it, restores it. A channel that `adopts` has no lasting faults: what
was reported as its move is an excursion too.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from provenir.observability.detectors.level import level_of
from provenir.observability.detectors.robust import midmean

if TYPE_CHECKING:
    from provenir.observability.config import FlightRecorderConfig

FEWEST: Final = 4
"""Values before anything is compared with the baseline."""

REFRESH: Final = 16
"""New values after which a full-grown baseline is computed again, or replaced."""

EARLY: Final = 8
"""The same while it grows."""

HOLD: Final = 2.5
"""Score within which a channel counts as back at its baseline."""

BACK: Final = 3
"""Values within the slack, one after the other, that end an excursion."""

REMEMBERED: Final = 8
"""Windows after which a level that was left is forgotten."""

RECENT: Final = 16
"""Newest values that a detector may look at."""

_CLIP: Final = 3.0
_LARGEST: Final = 1e150
_FINEST: Final = 1e-3
_COARSE: Final = 0.03
_FEW: Final = 12.0
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
        floor: Smallest scale.
        resolution: Smallest scale of a channel that has not moved: what counts as a change there.
        side: Where faults lie: 1 above the baseline, -1 below it, 0 on both sides.
        adopts: Faults are moves, after which the new level is the baseline.

    Attributes:
        seen: Values in the baseline so far.
        location: Expected value.
        scale: Robust standard deviation, never 0.
        limit: Full CUSUM.
        first: Location of the first eight values; None before.
        score: Distance of the newest value from what is expected, in scales; 0 while there is no
            baseline.
        before: The score of the value before.
        rise: Upward CUSUM.
        fall: Downward CUSUM.
        rising: Values since the upward CUSUM was last empty.
        falling: Values since the downward CUSUM was last empty.
        recent: The newest values, the current one last.
        held: An episode is going on; values that belong to it are not absorbed.
        held_side: 1 or -1 where these lie above or below the baseline, else 0.
        away: An excursion is going on; its values are kept apart.
        leaving: That excursion was reported.
    """

    __slots__ = (
        "_adopts",
        "_apart",
        "_back",
        "_floor",
        "_fresh",
        "_grown",
        "_high",
        "_lag",
        "_least",
        "_low",
        "_most",
        "_past",
        "_resolution",
        "_side",
        "_slack",
        "_slope",
        "_threshold",
        "_value",
        "_waiting",
        "_warmup",
        "_window",
        "away",
        "before",
        "fall",
        "falling",
        "first",
        "held",
        "held_side",
        "leaving",
        "limit",
        "location",
        "recent",
        "rise",
        "rising",
        "scale",
        "score",
        "seen",
    )

    def __init__(
        self,
        config: FlightRecorderConfig,
        *,
        floor: float = 1e-9,
        resolution: float = 0.0,
        side: int = 0,
        adopts: bool = False,
    ) -> None:
        self._warmup = config.warmup
        self._lag = config.lag
        self._slack = config.slack
        self._threshold = config.threshold
        self._floor = floor
        self._resolution = resolution
        self._side = side
        self._adopts = adopts
        self._window: deque[float] = deque(maxlen=config.window + config.lag)
        self._grown = config.window
        self._waiting = 0
        self._fresh = 0
        self._apart: list[float] = []
        self._back = 0
        self._past: _Past | None = None
        self._value = 0.0
        self._slope = 0.0
        self._low = 0.0
        self._high = 0.0
        self._least = 0.0
        self._most = 0.0
        self.seen = 0
        self.location = 0.0
        self.scale = math.inf
        self.limit = config.threshold
        self.first: float | None = None
        self.score = 0.0
        self.before = 0.0
        self.rise = 0.0
        self.fall = 0.0
        self.rising = 0
        self.falling = 0
        self.recent: deque[float] = deque(maxlen=RECENT)
        self.held = False
        self.held_side = 0
        self.away = False
        self.leaving = False

    def measure(self, value: float) -> None:
        """Score a new finite value against the baseline, which stays as it is."""
        if not -_LARGEST < value < _LARGEST:
            value = math.copysign(_LARGEST, value)  # sums and squares stay finite
        self.recent.append(value)
        self._value = value
        if self.seen < FEWEST:
            return
        if value > self._high:
            score = (value - self._high) / self.scale
        elif value < self._low:
            score = (value - self._low) / self.scale
        else:
            score = 0.0
        if self._past is not None and not -HOLD < score < HOLD:
            score = self._beside(self._past, value, score)
        self.before = self.score
        self.score = score
        if self.seen < self._warmup:
            return
        # Written without min() and max(), and without writing zeros over zeros: this runs for every
        # channel of every step.
        slack = self._slack
        if score > _CLIP:
            score = _CLIP
        elif score < -_CLIP:
            score = -_CLIP
        total = self.rise + score - slack
        if total > 0.0:
            self.rise = total if total < 2.0 * self.limit else 2.0 * self.limit
            self.rising += 1
        elif self.rising:
            self.rise = 0.0
            self.rising = 0
        total = self.fall - score - slack
        if total > 0.0:
            self.fall = total if total < 2.0 * self.limit else 2.0 * self.limit
            self.falling += 1
        elif self.falling:
            self.fall = 0.0
            self.falling = 0

    def absorb(self) -> None:
        """Take the measured value into the baseline, where it waits for its lag to pass."""
        self.seen += 1
        if self.seen <= self._warmup:
            self._window.append(self._value)
            self._refresh()
            if self.seen <= 2 * FEWEST:
                self.first = self.location
            return
        moving = self.rising or self.falling
        if self.away or (moving and self._strays()):
            self._keep_apart()
            return
        self._window.append(self._value)
        if self._slope != 0.0:
            self._carry_forward()
        if self._waiting < self._lag:
            self._waiting += 1
        self._fresh += 1
        if self._fresh >= (REFRESH if self.seen >= self._grown else EARLY):
            self._fresh = 0
            self._refresh()

    def hold(self, side: int = 0, *, lasting: bool = True) -> None:
        """Drop the newest values, which may belong to the episode that begins.

        Args:
            side: Where its values lie.
            lasting: The level before stays the baseline for as long as the episode goes on;
                otherwise the channel has moved, and the new level is adopted when it settles.
        """
        self.held_side = side
        if self.held and not (lasting and self.leaving and not self._adopts):
            return
        self.held = True
        self._drop()
        self._come_back()
        self.away = self.leaving = self._adopts or not lasting

    def release(self) -> None:
        """Begin anew after an episode, with empty sums."""
        self.held = False
        self.held_side = 0
        self._empty()

    def _strays(self) -> bool:
        """Whether a full sum lies on a side where there is no lasting fault."""
        if self.rise >= self.limit and (self._side < 0 or self._adopts):
            return True
        return self.fall >= self.limit and (self._side > 0 or self._adopts)

    def _empty(self) -> None:
        self.rise = 0.0
        self.fall = 0.0
        self.rising = 0
        self.falling = 0

    def _drop(self) -> None:
        for _ in range(self._waiting):
            self._window.pop()
        self._waiting = 0

    def _carry_forward(self) -> None:
        """Move the expected range along the trend, within the values that were seen."""
        slope, value = self._slope, self._value
        # Like `measure` without min() and max().
        if slope > 0.0:
            if value > self._most:
                self._most = value
            most = self._most
            location = self.location + slope
            self.location = location if location < most else most
            high = self._high + 2.0 * slope
            if high > most:
                high = most
            if high > self._high:
                self._high = high
        else:
            if value < self._least:
                self._least = value
            least = self._least
            location = self.location + slope
            self.location = location if location > least else least
            low = self._low + 2.0 * slope
            if low < least:
                low = least
            if low < self._low:
                self._low = low

    def _keep_apart(self) -> None:
        """Take a value of an excursion, which is over when values are back or settle elsewhere."""
        if not self.away:
            self.away = True
            self._drop()
        self._apart.append(self._value)
        self._back = self._back + 1 if -self._slack < self.score < self._slack else 0
        if self._back >= BACK:
            self._come_back()
            self._empty()
        elif len(self._apart) >= REFRESH:
            self._settle(self._apart)

    def _come_back(self) -> None:
        self.away = False
        self.leaving = False
        self._apart = []
        self._back = 0

    def _settle(self, values: list[float]) -> None:
        """Begin a new baseline with the values of an excursion that lasts."""
        half = len(values) // 2
        before = midmean(list(self._window)[-half:])
        begun, now = midmean(values[:half]), midmean(values[half:])
        # A steady climb goes half as far between the halves as it went to the first of them.
        if abs(now - begun) <= _ABRUPT * abs(begun - before):
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
        self._empty()
        self._come_back()

    def _beside(self, past: _Past, value: float, score: float) -> float:
        """Score a value that is not at the present level against the remembered one."""
        moved = abs(self.location - past.left_for) > abs(past.left_for - past.location)
        if moved or self.seen > past.until:
            self._past = None
            return score
        old = (value - past.location) / past.scale
        if -HOLD < old < HOLD or (old * score > 0.0 and abs(old) < abs(score)):
            self.location = self._low = self._high = past.location
            self.scale = past.scale
            self._past = None
            self._begin(past.window)
            return old
        return score if old * score > 0.0 else 0.0

    def _refresh(self) -> None:
        values = list(self._window)
        if self._waiting:
            del values[-self._waiting :]
        if len(values) < 2:
            self.location = self._low = self._high = self._value
            return
        level = level_of(values, self._waiting)
        self._slope = level.slope
        self._least, self._most = min(self._window), max(self._window)
        carried = level.location + level.slope * level.ahead
        self.location = min(max(carried, self._least), self._most)
        far = min(max(2.0 * carried - level.location, self._least), self._most)
        self._low, self._high = min(level.location, far), max(level.location, far)
        size = abs(self.location)
        coarse = max(_COARSE * size, self._resolution) if level.tied else _FINEST * size
        self.scale = max(level.scale, coarse, self._floor)
        self.limit = self._threshold * (1.0 + _FEW / len(values)) * level.wander
