"""The flight recorder: takes one step's metrics, says which anomalies begin with it.

Memory is bounded whatever the length of the run: a window per watched channel, at most 2,000
buckets of each channel's course, and a bounded number of episodes. `log_step` is safe to call from
several threads and never raises: a fault of the recorder itself is counted in `faults` and shown in
the report, and the user's loop goes on.
"""

from __future__ import annotations

import html
import threading
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.observability.config import FlightRecorderConfig
from provenir.observability.detectors.baseline import Baseline
from provenir.observability.detectors.hit import Hit, Observation
from provenir.observability.detectors.numbers import nonfinite
from provenir.observability.detectors.registry import NONFINITE, WATCHES, Watch
from provenir.observability.episodes import Episodes, Key
from provenir.observability.health import Verdict, coverage, report_text, verdict
from provenir.observability.metrics import Reading, RLStepMetrics, read_step
from provenir.observability.series import Bucket, Series

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from provenir.observability.anomaly import Anomaly

_MAX_FAULTS: Final = 20


class _Watched:
    """One entry of the table of detectors at work in one run."""

    __slots__ = ("baseline", "judge", "key", "seen")

    def __init__(self, watch: Watch, config: FlightRecorderConfig) -> None:
        floor = config.reward_resolution if watch.floor is None else watch.floor
        self.baseline = Baseline(
            config, log=watch.log, floor=floor, side=watch.side, least=watch.least
        )
        self.seen = Observation(watch.channel, self.baseline, config)
        self.judge = watch.judge
        self.key: Key = (watch.kind, watch.episode)


class _Channel:
    """One channel of one run: its course and those that watch it."""

    __slots__ = ("series", "watched")

    def __init__(self, limit: int) -> None:
        self.series = Series(limit)
        self.watched: list[_Watched] = []

    def hold(self, found: _Watched) -> None:
        """Keep the fault that one watch begins to see out of every baseline of the channel."""
        found.baseline.hold()
        for other in self.watched:
            if other is not found:
                other.baseline.shield()


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
        self._lock = threading.Lock()
        self._channels: dict[str, _Channel] = {}
        for watch in WATCHES:
            self._channel(watch.channel).watched.append(_Watched(watch, self.config))
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
        hits: list[_Watched] = []
        values = reading.values
        channels = self._channels
        for channel, value in values.items():
            state = channels.get(channel) or self._channel(channel)
            state.series.append(step, value)
            faulty = False
            for entry in state.watched:
                baseline = entry.baseline
                baseline.measure(value)
                seen = entry.seen
                seen.value = value
                seen.step = values
                hit = entry.judge(seen)
                if hit is not None:
                    faulty = True
                    hits.append(entry)
                    self._hit(entry.key, hit, channel, value, step, onsets)
                    if not baseline.held:
                        state.hold(entry)
            for entry in state.watched:
                if not faulty:
                    entry.baseline.absorb()
                elif entry not in hits:
                    entry.baseline.skip()
        self._final.update(values)
        if reading.nonfinite:
            self._note_nonfinite(reading.nonfinite, step, onsets)
        for channel in reading.unreadable:
            self._unreadable[channel] = self._unreadable.get(channel, 0) + 1
        if self._episodes.any_open:
            self._settle(reading, step, {entry.key for entry in hits})
        return onsets

    def _channel(self, channel: str) -> _Channel:
        return self._channels.setdefault(channel, _Channel(self.config.max_buckets))

    def _hit(
        self,
        key: Key,
        hit: Hit,
        channel: str,
        value: float | None,
        step: int,
        onsets: list[Anomaly],
    ) -> None:
        anomaly = self._episodes.hit(key, hit, channel=channel, value=value, step=step)
        if anomaly is not None:
            onsets.append(anomaly)

    def _note_nonfinite(self, found: Mapping[str, str], step: int, onsets: list[Anomaly]) -> None:
        for channel, spelled in found.items():
            self._nonfinite_counts[channel] = self._nonfinite_counts.get(channel, 0) + 1
            key = (NONFINITE, channel)
            self._hit(key, nonfinite(channel, spelled), channel, None, step, onsets)

    def _settle(self, reading: Reading, step: int, hit_keys: set[Key]) -> None:
        """Count quiet observations of open episodes and close those that are over."""
        observed: set[Key] = {(NONFINITE, channel) for channel in reading.values}
        for channel in reading.values:
            observed.update(entry.key for entry in self._channels[channel].watched)
        over = self._episodes.quiet(observed - hit_keys, step)
        if over:
            for state in self._channels.values():
                for entry in state.watched:
                    if entry.key in over:
                        entry.baseline.release()

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
        """Say that steps of the run were not handed over, such as those of other ranks."""
        self._unseen = detail

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
        examined, not_examined = coverage(counts, self.config.warmup)
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
