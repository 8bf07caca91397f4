"""What shows only over a whole run: lengths that grow for nothing, rewards that part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.observability.hacking.contrast import RunLengths
from provenir.observability.hacking.divergence import DivergenceTest, run_signal
from provenir.observability.metric_names import channel_of
from provenir.observability.metrics import map_metrics

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from provenir.observability.hacking.examination import Examination
    from provenir.observability.hacking.signal import HackingSignal

_TRUE: Final = "true_reward_mean"
_MOST_SIGNALS: Final = 20
_ROLLOUTS: Final = "rollouts"
_STEPS: Final = "steps"
_STEPS_IN_BATCH: Final = 2


class RunWatch:
    """Watches the rollouts of a run in memory of a fixed size; what it finds is about the run."""

    def __init__(self) -> None:
        self.signals: list[HackingSignal] = []
        self._lengths = RunLengths()
        self._divergence = DivergenceTest()

    @property
    def knows_both(self) -> bool:
        """Whether any rollout carried both rewards."""
        return self._divergence.taken > 0

    def take(self, seen: Examination) -> None:
        """Take one rollout that was trained on."""
        rollout = seen.rollout
        found: list[HackingSignal] = []
        if seen.reading is not None:
            found += self._lengths.add(seen.reading.chars, rollout.proxy, rollout.true)
        if rollout.proxy is not None and rollout.true is not None:
            key = rollout.group_id if rollout.step is None else rollout.step
            parted = self._divergence.add(rollout.proxy, rollout.true, key=key, step=rollout.step)
            found += [] if parted is None else [run_signal(parted, unit=_ROLLOUTS)]
        self.signals += found[: _MOST_SIGNALS - len(self.signals)]


class StepWatch:
    """Watches the mean rewards of steps, for runs whose rollouts do not carry both."""

    def __init__(self) -> None:
        self.signals: list[HackingSignal] = []
        self._divergence = DivergenceTest(least=1, keys=_STEPS_IN_BATCH, means=True)

    @property
    def taken(self) -> int:
        """How many steps named both mean rewards."""
        return self._divergence.taken

    def take(self, metrics: Mapping[str, Any]) -> None:
        """Take one step's metrics under any framework's names; never raises."""
        try:
            if not any(channel_of(name) == _TRUE for name in metrics):
                return
            read = map_metrics(metrics)
        except Exception:  # noqa: BLE001 - a user's mapping may fail in any way
            return
        if read.reward_mean is None or read.true_reward_mean is None:
            return
        parted = self._divergence.add(read.reward_mean, read.true_reward_mean, step=read.step)
        if parted is not None:
            self.signals.append(run_signal(parted, unit=_STEPS))
