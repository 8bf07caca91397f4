"""The flight recorder: takes one step's metrics, says which anomalies begin with it.

Memory is bounded whatever the length of the run: a window per watched channel, at most 2,000
buckets of each channel's course, and a bounded number of episodes. `log_step` is safe to call from
several threads and never raises: a fault of the recorder itself is counted in `faults` and shown in
the report, and the user's loop goes on.
"""

from __future__ import annotations

import html
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from provenir.core.errors import UsageError
from provenir.observability.config import FlightRecorderConfig
from provenir.observability.detectors.baseline import Baseline
from provenir.observability.detectors.hit import Hit, Observation
from provenir.observability.detectors.learning import REWARDS
from provenir.observability.detectors.numbers import nonfinite
from provenir.observability.detectors.registry import (
    NONFINITE,
    STEP_WATCHES,
    WATCHES,
    Judge,
    ground_of,
    side_of,
)
from provenir.observability.episodes import Episodes, Key
from provenir.observability.health import Verdict, coverage, report_text, verdict
from provenir.observability.metrics import Reading, RLStepMetrics, read_step
from provenir.observability.series import Bucket, Series

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from provenir.observability.anomaly import Anomaly

_MAX_FAULTS: Final = 20


class _Watched(NamedTuple):
    """One entry of the table of detectors at work in one run."""

    judge: Judge
    key: Key
    side: int


class _Channel:
    """One channel of one run: its course, its baseline, and those that watch it."""

    __slots__ = ("baseline", "seen", "series", "watched")

    def __init__(
        self, channel: str, config: FlightRecorderConfig, rewards: Sequence[float]
    ) -> None:
        self.series = Series(config.max_buckets)
        ground = ground_of(channel)
        resolution = config.reward_resolution if ground.resolution is None else ground.resolution
        self.baseline = Baseline(
            config,
            floor=ground.floor,
            resolution=resolution,
            side=side_of(channel),
            adopts=ground.adopts,
        )
        self.seen = Observation(channel, self.baseline, config, rewards)
        self.watched: list[_Watched] = []


class FlightRecorder:
    """Watches a training run step by step.

    Args:
        config: Bounds and sensitivity; the defaults suit RL fine-tuning of language models.

    Raises:
        UsageError: if `config` is not a `FlightRecorderConfig`.
    """

    def __init__(self, config: FlightRecorderConfig | None = None) -> None:
        if config is not None and not isinstance(config, FlightRecorderConfig):
            raise UsageError(
                f"config is a {type(config).__name__}", mend="give a FlightRecorderConfig"
            )
        self.config = config or FlightRecorderConfig()
        self.faults: dict[str, int] = {}
        self._unseen: str | None = None
        self._lock = threading.RLock()  # a signal handler may read in the middle of a step
        self._rewards: deque[float] = deque(maxlen=REWARDS)
        self._channels: dict[str, _Channel] = {}
        for watch in WATCHES:
            if watch.kind not in self.config.off:
                entry = _Watched(watch.judge, (watch.kind, watch.episode), watch.side)
                self._channel(watch.channel).watched.append(entry)
        self._sensors = [
            (watch.sensor(), (watch.kind, watch.channel), watch.channel)
            for watch in STEP_WATCHES
            if watch.kind not in self.config.off
        ]
        self._episodes = Episodes(self.config.recover_after, self.config.max_anomalies)
        self._final: dict[str, float] = {}
        self._nonfinite_counts: dict[str, int] = {}
        self._unreadable: dict[str, int] = {}
        self._num_steps = 0
        self._step = -1

    def log_step(self, metrics: RLStepMetrics | Mapping[str, Any]) -> list[Anomaly]:
        """Take one step; return the anomalies that begin with it, worst news included once only.

        Args:
            metrics: `RLStepMetrics`, or a dict with the names of any known framework. Without a
                readable `step` the recorder counts on from the last one.
        """
        try:
            with self._lock:
                return self._take(read_step(metrics))
        except Exception as fault:  # noqa: BLE001 - a fault of ours must not stop the training
            name = type(fault).__name__
            if name in self.faults or len(self.faults) < _MAX_FAULTS:
                self.faults[name] = self.faults.get(name, 0) + 1
            return []

    def _take(self, reading: Reading) -> list[Anomaly]:
        step = self._step + 1 if reading.step is None else reading.step
        self._step = step
        self._num_steps += 1
        onsets: list[Anomaly] = []
        hits: set[Key] = set()
        values = reading.values
        channels = self._channels
        reward = values.get("reward_mean")
        if reward is not None:
            self._rewards.append(reward)
        for channel, value in values.items():
            state = channels.get(channel) or self._channel(channel)
            state.series.append(step, value)
            if not state.watched:
                continue
            baseline, seen = state.baseline, state.seen
            baseline.measure(value)
            seen.value = value
            seen.step = values
            faulty = False
            for judge, key, side in state.watched:
                hit = judge(seen)
                if hit is not None:
                    faulty = True
                    hits.add(key)
                    self._hit(key, hit, channel, value, step, onsets)
                    baseline.hold(side, lasting=hit.severity != "info")
            if not faulty:
                baseline.absorb()
        for sensor, key, channel in self._sensors:
            found = sensor.take(values)
            if found is not None:
                hits.add(key)
                self._hit(key, found, channel, values.get(channel), step, onsets)
        self._final.update(values)
        if reading.nonfinite:
            self._note_nonfinite(reading.nonfinite, step, onsets)
        for channel in reading.unreadable:
            self._unreadable[channel] = self._unreadable.get(channel, 0) + 1
        if self._episodes.any_open:
            self._settle(reading, step, hits)
        return onsets

    def _channel(self, channel: str) -> _Channel:
        found = self._channels.get(channel)
        if found is None:
            found = self._channels[channel] = _Channel(channel, self.config, self._rewards)
        return found

    def _hit(
        self,
        key: Key,
        hit: Hit,
        channel: str,
        value: float | None,
        step: int,
        onsets: list[Anomaly],
    ) -> None:
        most = self.config.at_most.get(key[0])
        if most is not None:
            hit = hit.at_most(most)
        anomaly = self._episodes.hit(key, hit, channel=channel, value=value, step=step)
        if anomaly is not None:
            onsets.append(anomaly)

    def _note_nonfinite(self, found: Mapping[str, str], step: int, onsets: list[Anomaly]) -> None:
        watched = NONFINITE not in self.config.off
        for channel, spelled in found.items():
            self._nonfinite_counts[channel] = self._nonfinite_counts.get(channel, 0) + 1
            if not watched:
                continue
            key = (NONFINITE, channel)
            self._hit(key, nonfinite(channel, spelled), channel, None, step, onsets)

    def _settle(self, reading: Reading, step: int, hit_keys: set[Key]) -> None:
        """Count quiet observations of open episodes and close those that are over."""
        observed: set[Key] = {(NONFINITE, channel) for channel in reading.values}
        for channel in reading.values:
            observed.update(key for _, key, _ in self._channels[channel].watched)
        observed.update(key for _, key, channel in self._sensors if channel in reading.values)
        over = self._episodes.quiet(observed - hit_keys, step)
        if not over:
            return
        going_on = self._episodes.open_keys
        for state in self._channels.values():
            if state.baseline.held and not any(key in going_on for _, key, _ in state.watched):
                state.baseline.release()

    @property
    def anomalies(self) -> list[Anomaly]:
        """Everything caught so far, one entry per episode, in order of onset."""
        with self._lock:
            return self._episodes.kept

    @property
    def ongoing(self) -> list[Anomaly]:
        """The episodes that go on, as they stand now."""
        if not self._episodes.any_open:
            return []
        with self._lock:
            return self._episodes.open

    def explain(self, kind: str, channel: str, facts: Mapping[str, Any]) -> None:
        """Add facts to the data of the episodes of a kind and channel that go on."""
        with self._lock:
            self._episodes.explain(kind, channel, facts)

    @property
    def num_steps(self) -> int:
        """How many steps were logged."""
        return self._num_steps

    @property
    def series(self) -> dict[str, list[Bucket]]:
        """Each channel's course: ``(first_step, last_step, min, max, last)``, ≤ 2,000 buckets."""
        with self._lock:
            return {channel: self._channels[channel].series.buckets() for channel in self._final}

    def health_report(self) -> str:
        """Return a report for people; it begins with HEALTHY, DEGRADED, CRITICAL or UNKNOWN."""
        summary = self.summary()
        return report_text(
            summary["verdict"],
            num_steps=summary["num_steps"],
            anomalies=self.anomalies,
            by_severity=summary["by_severity"],
            examined=summary["examined"],
            not_examined=summary["not_examined"],
        )

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.health_report())}</pre>"

    def miss(self, detail: str) -> None:
        """Say that steps of the run were not handed over, such as those of other ranks.

        Several are joined.
        """
        self._unseen = detail if self._unseen is None else f"{self._unseen}; {detail}"

    def summary(self) -> dict[str, Any]:
        """Return counts, final metrics, the verdict, and what was and was not watched."""
        with self._lock:
            examined, not_examined = self._coverage()
            return {
                "num_steps": self._num_steps,
                "last_step": self._step if self._num_steps else None,
                "verdict": self._verdict(examined),
                "by_kind": dict(sorted(self._episodes.by_kind.items())),
                "by_severity": self._episodes.by_severity(),
                "ongoing": sorted({anomaly.kind for anomaly in self._episodes.open}),
                "final_metrics": dict(self._final),
                "examined": examined,
                "not_examined": not_examined,
                "nonfinite_values": dict(self._nonfinite_counts),
                "unreadable_values": dict(self._unreadable),
                "anomalies_not_kept": self._episodes.dropped,
            }

    def to_dict(self) -> dict[str, Any]:
        """Return configuration, summary, anomalies and series as JSON-safe values."""
        return {
            "config": self.config.to_dict(),
            "summary": self.summary(),
            "anomalies": [anomaly.to_dict() for anomaly in self.anomalies],
            "series": {
                channel: [list(bucket) for bucket in buckets]
                for channel, buckets in self.series.items()
            },
        }

    def _coverage(self) -> tuple[dict[str, int], dict[str, str]]:
        counts = {channel: state.series.count for channel, state in self._channels.items()}
        for channel, count in self._nonfinite_counts.items():
            counts[channel] = counts.get(channel, 0) + count
        examined, not_examined = coverage(counts, self.config.warmup, off=self.config.off)
        for channel, count in self._unreadable.items():
            not_examined[channel] = f"{count} values were no numbers"
        if self._unseen is not None:
            not_examined["steps"] = self._unseen
        if self.faults:
            not_examined["recorder"] = "; ".join(
                f"{count} steps were lost to an internal {name}"
                for name, count in self.faults.items()
            )
        return examined, not_examined

    def _verdict(self, examined: Mapping[str, int]) -> Verdict:
        graded: Iterable[tuple[str, bool]] = (
            (anomaly.severity, anomaly.ongoing)
            for anomaly in [*self._episodes.kept, *self._episodes.open]
        )
        return verdict(examined, graded)
