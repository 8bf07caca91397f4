"""What one process shows alone and the mean over all of them hides.

- **A rank that stopped**: the others went on for longer than it had ever paused before.
- **A rank that fell behind**: it logged a step a minute later than the others did, beyond what lay
  between their clocks when the part of the run began.
- **A rank that left the others**: five times in a row, a channel of it lay ten times as far from
  the median of all ranks as a rank usually does. Usual is the mean, over the last 64 steps, of
  the median distance: absolute or relative to the value, whichever is larger, so that a channel
  may grow on all ranks together. With two ranks nobody can say which of them left.
  In 40,000 steps of 2, 3, 4 and 8 ranks with white and t4 noise, six channels each, it raised no
  alarm; a rank that moves by 10 standard deviations is named within 20 steps in 40 of 40 runs of 4
  and 8 ranks, 30 of 3 and 4 of 2, one that moves by 5 in none: `benchmarks/tracking/rank_merge.py`.
  A rank that has other data than the others from the first step on, and shows it, is named too.

A rank that is the mean's own cause (every rank alike) is the flight recorder's matter.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from provenir.core.findings import Finding
from provenir.tracking.rank_values import SUMMED, ranks_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.observability.metrics import Reading
    from provenir.tracking.rank_streams import Place

__all__ = ["RankWatch"]

WARMUP: Final = 20
FAR: Final = 10.0
IN_A_ROW: Final = 5
MEMORY: Final = 64
NEAREST: Final = 1e-3
"""Share of a value that is no distance: what is equal everywhere differs by rounding alone."""
BEHIND_S: Final = 60.0
CLOCKS: Final = 5
"""Steps from which the difference of two clocks is taken."""
_TINY: Final = 1e-9
_UNWATCHED: Final = SUMMED | {"epoch"}


@dataclass(slots=True)
class _Rank:
    rows: int = 0
    last: Place | None = None
    last_index: int = -1
    gap: int = 0
    offsets: list[float] = field(default_factory=list)
    part: int = 0
    lag: float = 0.0
    lag_step: int = 0


@dataclass(slots=True)
class _Spread:
    """How far apart the ranks usually are in one channel."""

    seen: int = 0
    absolute: float = 0.0
    relative: float = 0.0

    def learn(self, distance: float, level: float) -> None:
        self.seen += 1
        weight = 1 / min(self.seen, MEMORY)
        self.absolute += (distance - self.absolute) * weight
        self.relative += (distance / max(abs(level), _TINY) - self.relative) * weight

    def usual(self, level: float) -> float:
        return max(self.absolute, self.relative * abs(level), NEAREST * abs(level) / FAR, _TINY)


class RankWatch:
    """Follows the ranks of one run from place to place, in memory bounded by ranks and channels."""

    def __init__(self) -> None:
        self.steps = 0
        self.last: Place | None = None
        self._ranks: dict[int, _Rank] = {}
        self._spreads: dict[str, _Spread] = {}
        self._streaks: dict[tuple[int | None, str], int] = {}
        self._apart: dict[tuple[int | None, str], Finding] = {}

    def see(
        self, place: Place, readings: Mapping[int, Reading], times: Mapping[int, float]
    ) -> None:
        """Take one place of the run.

        Args:
            place: The place; it lies behind all earlier ones.
            readings: What every rank that logged here read.
            times: When each of them logged, in seconds.
        """
        index = self.steps
        self.steps, self.last = index + 1, place
        for rank in readings:
            state = self._ranks.setdefault(rank, _Rank())
            if state.rows:
                state.gap = max(state.gap, index - state.last_index - 1)
            state.rows += 1
            state.last, state.last_index = place, index
        if len(readings) < 2:
            return
        if len(times) > 1:
            self._see_times(place, times)
        self._see_values(place, readings)

    def rows(self, rank: int) -> int:
        """How many steps of a rank were seen."""
        return self._ranks[rank].rows if rank in self._ranks else 0

    def stopped(self) -> dict[int, int]:
        """The last step of each rank that stopped before the others, by rank."""
        return {
            rank: state.last.step
            for rank, state in sorted(self._ranks.items())
            if state.last is not None and self.steps - 1 - state.last_index > state.gap + 1
        }

    def findings(self) -> list[Finding]:
        """What is to be said of single ranks."""
        stopped = [_stopped(rank, step, self.last) for rank, step in self.stopped().items()]
        behind = [
            _behind(rank, state.lag, state.lag_step)
            for rank, state in sorted(self._ranks.items())
            if state.lag > BEHIND_S
        ]
        return [*stopped, *behind, *self._apart.values()]

    def _see_times(self, place: Place, times: Mapping[int, float]) -> None:
        for rank, time in times.items():
            state = self._ranks[rank]
            offset = time - statistics.median(t for other, t in times.items() if other != rank)
            if state.part != place.part:
                state.part, state.offsets = place.part, []
            if len(state.offsets) < CLOCKS:
                state.offsets.append(offset)
                continue
            lag = offset - statistics.median(state.offsets)
            if lag > state.lag:
                state.lag, state.lag_step = lag, place.step

    def _see_values(self, place: Place, readings: Mapping[int, Reading]) -> None:
        channels: dict[str, dict[int, float]] = {}
        for rank, reading in readings.items():
            for channel, value in reading.values.items():
                channels.setdefault(channel, {})[rank] = value
        for channel, values in channels.items():
            if len(values) > 1 and channel not in _UNWATCHED:
                self._compare(place, channel, values)

    def _compare(self, place: Place, channel: str, values: Mapping[int, float]) -> None:
        level = statistics.median(values.values())
        distances = {rank: abs(value - level) for rank, value in values.items()}
        typical = statistics.median(distances.values())
        spread = self._spreads.setdefault(channel, _Spread())
        several = len(values) > 2
        # Of two, the one that left is part of the median: the smaller tells what is usual.
        scale = level if several else min(values.values(), key=abs)
        usual = max(spread.usual(scale), typical if several else 0.0)
        known = spread.seen >= WARMUP
        far = {rank for rank, away in distances.items() if known and away > FAR * usual}
        if several or not far:
            spread.learn(typical, scale)
        suspects: dict[int | None, bool] = (
            {rank: rank in far for rank in values} if several else {None: bool(far)}
        )
        for rank, is_far in suspects.items():
            key = (rank, channel)
            streak = self._streaks[key] = self._streaks.get(key, 0) + 1 if is_far else 0
            if streak >= IN_A_ROW and key not in self._apart:
                self._apart[key] = _apart(place.step, channel, rank, values, level)


def _stopped(rank: int, step: int, last: Place | None) -> Finding:
    until = last.step if last is not None else step
    return Finding(
        kind="rank_stopped",
        severity="warning",
        detail=f"rank {rank} logged until step {step}, others until step {until}",
        subject=f"rank {rank}, step {step}",
        data={"rank": rank, "step": step, "others": until},
    )


def _behind(rank: int, lag_s: float, step: int) -> Finding:
    return Finding(
        kind="rank_behind",
        severity="warning",
        detail=f"rank {rank} was up to {lag_s:.0f} s behind the others, at step {step}",
        subject=f"rank {rank}, step {step}",
        data={"rank": rank, "step": step, "seconds": round(lag_s, 3)},
    )


def _apart(
    step: int, channel: str, rank: int | None, values: Mapping[int, float], level: float
) -> Finding:
    if rank is None:
        shown = " and ".join(f"{values[one]:.4g}" for one in sorted(values))
        detail = f"{channel} of {ranks_text(values)} came apart at step {step}: {shown}"
        who: dict[str, object] = {"ranks": sorted(values)}
    else:
        detail = (
            f"{channel} of rank {rank} left that of the others at step {step}: "
            f"{values[rank]:.4g} against {level:.4g}"
        )
        who = {"rank": rank}
    return Finding(
        kind="rank_diverged",
        severity="warning",
        detail=detail,
        subject=f"{ranks_text(values if rank is None else {rank})}: {channel}",
        data={**who, "channel": channel, "step": step},
    )
