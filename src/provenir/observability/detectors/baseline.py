"""A channel's robust baseline: where it has been lately, how much it scatters, where it is going.

Location and scale come from medians and quantiles of a bounded window of past values, so that
single outliers do not move them. The newest values wait outside the window (`lag`), so that a fault
does not become its own baseline. Half-window medians give a slope; the location is carried forward
along it, so that a steady trend is no event.

Sustained shifts are accumulated by a two-sided CUSUM of the clipped robust score (E. S. Page,
"Continuous Inspection Schemes", Biometrika 41, 1954): a score below `slack` drains the sum, one
above fills it. Clipping keeps a single wild value from filling it alone.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Final

from provenir.observability.detectors.robust import median
from provenir.observability.detectors.robust import scatter as scatter_of

if TYPE_CHECKING:
    from provenir.observability.config import FlightRecorderConfig

FEWEST: Final = 4
"""Values before anything is compared with the baseline."""

REFRESH: Final = 16
"""New values after which a full-grown baseline is computed again."""

_CLIP: Final = 4.0
_LARGEST: Final = 1e150
_RELATIVE_FLOOR: Final = 0.03
_HALVES_FROM: Final = 16


class Baseline:
    """Baseline of one channel and the score of its newest value against it.

    Args:
        config: Window, lag, warm-up and CUSUM settings.
        log: Judge logarithms; for positive quantities whose faults are multiples.
        floor: Smallest value told apart with `log`; smallest scale without it.

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
    """

    __slots__ = (
        "_fresh",
        "_lag",
        "_log_floor",
        "_most",
        "_slack",
        "_slope",
        "_value",
        "_waiting",
        "_warmup",
        "_window",
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
        self, config: FlightRecorderConfig, *, log: bool = False, floor: float = 1e-9
    ) -> None:
        self._warmup = config.warmup
        self._lag = config.lag
        self._slack = config.slack
        self._slope = 0.0
        self._waiting = 0
        self._most = 2.0 * config.threshold
        self._window: deque[float] = deque(maxlen=config.window + config.lag)
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
        self.before = self.score
        score = self.score = (value - self.location) / self.scale
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
        self._window.append(self._value)
        self.seen += 1
        if self.seen <= self._warmup:
            self._refresh()
            if self.seen <= 2 * FEWEST:
                self.first = self.typical
            return
        self.location += self._slope
        if self._waiting < self._lag:
            self._waiting += 1
        self._fresh += 1
        if self._fresh >= REFRESH:
            self._fresh = 0
            self._refresh()

    def hold(self) -> None:
        """Drop the newest values, which may belong to the episode that begins."""
        self.held = True
        for _ in range(self._waiting):
            self._window.pop()
        self._waiting = 0

    def release(self) -> None:
        """Begin anew after an episode, with empty sums."""
        self.held = False
        self.rise = 0.0
        self.fall = 0.0

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
            self.location = newer + self._slope * (half / 2 + self._waiting + 0.5)
        else:
            self.location = median(values)
            scatter = scatter_of(values)
        floor = _RELATIVE_FLOOR if self.log else _RELATIVE_FLOOR * abs(self.location)
        if not self.log and self.floor > floor:
            floor = self.floor
        # Few values say little about the scatter: the scale is taken larger then.
        self.scale = max(scatter * (1.0 + 6.0 / count), floor)
