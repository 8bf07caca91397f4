"""Which share of TRL's step time the callback and the reward wrapper take, on a run like the demo.

Summed: both are timed at their outer edge in one tracked run, the reward function itself taken off,
and set against the time that the trainer spent. The peer in the cross-check is the same training
without provenir, the two interleaved: paired ratios with an interval by bootstrap over the pairs.
The sum is the figure; a difference of one percent drowns in the noise of the A/B on a shared host.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import provenir
from provenir.flows.demo_settings import DemoSettings
from provenir.flows.grpo import exact_answer, train_grpo
from provenir.flows.quiet import quiet_libraries, stay_offline
from provenir.flows.tiny_model import TinyModel, build, warm_up
from provenir.train import TrackingCallback, tracked_reward

PROBLEMS = [
    {"prompt": f"Ann has {a} apples and gets {b} more. Apples:", "answer": str(a + b)}
    for a in range(10)
    for b in range(10)
]


@dataclass
class Spent:
    """Wall and CPU seconds, summed over calls."""

    wall: float = 0.0
    cpu: float = 0.0
    calls: int = 0

    def timed(self, call: Any) -> Any:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return call(*args, **kwargs)
            finally:
                self.wall += time.perf_counter() - wall
                self.cpu += time.thread_time() - cpu
                self.calls += 1

        return wrapped


@dataclass
class Parts:
    """What one tracked run spent where."""

    callback: Spent = field(default_factory=Spent)
    wrapper: Spent = field(default_factory=Spent)
    reward: Spent = field(default_factory=Spent)
    training: Spent = field(default_factory=Spent)
    rollouts: int = 0

    def share(self, clock: str) -> float:
        own = getattr(self.callback, clock) + getattr(self.wrapper, clock)
        return (own - getattr(self.reward, clock)) / getattr(self.training, clock)


def instrumented(run: Any, parts: Parts, group_size: int) -> tuple[Any, Any]:
    inner = parts.reward.timed(exact_answer)
    wrapped = parts.wrapper.timed(tracked_reward(run, inner, "exact", num_generations=group_size))
    wrapped.__name__ = "exact"
    callback = TrackingCallback(run)
    for name in ("on_train_begin", "on_log", "on_step_end", "on_train_end"):
        setattr(callback, name, parts.callback.timed(getattr(callback, name)))
    return wrapped, callback


def train(
    base: Path, tiny: TinyModel, settings: DemoSettings, reward: Any, callbacks: Any
) -> Spent:
    spent = Spent()
    with quiet_libraries():
        spent.timed(train_grpo)(
            base, tiny, PROBLEMS, PROBLEMS[:2], settings, reward=reward, callbacks=callbacks
        )
    return spent


def summed(base: Path, tiny: TinyModel, settings: DemoSettings) -> Parts:
    parts = Parts()
    with tempfile.TemporaryDirectory() as out, provenir.track("cost", output_dir=out) as run:
        reward, callback = instrumented(run, parts, settings.group_size)
        parts.training = train(base, tiny, settings, reward, [callback])
        parts.rollouts = run.hacking_report.num_trajectories
    return parts


def compared(base: Path, tiny: TinyModel, settings: DemoSettings, pairs: int) -> list[float]:
    """Tracked over untracked CPU time of the training, pair by pair, the order drawn."""
    ratios = []
    for pair in range(pairs):
        seconds = {}
        for tracked in random.Random(pair).sample((True, False), 2):
            if not tracked:
                seconds[tracked] = train(base, tiny, settings, exact_answer, []).cpu
                continue
            with tempfile.TemporaryDirectory() as out, provenir.track("ab", output_dir=out) as run:
                reward = tracked_reward(run, exact_answer, num_generations=settings.group_size)
                callbacks = [TrackingCallback(run)]
                seconds[tracked] = train(base, tiny, settings, reward, callbacks).cpu
        ratios.append(seconds[True] / seconds[False])
    return ratios


def interval(ratios: list[float], draws: int = 2_000) -> tuple[float, float]:
    rng = random.Random(0)
    medians = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(draws))
    return medians[int(0.025 * draws)], medians[int(0.975 * draws)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--pairs", type=int, default=8)
    told = parser.parse_args()
    settings = DemoSettings(steps=told.steps)
    stay_offline()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        tiny = build(PROBLEMS, settings)
        warm_up(tiny, PROBLEMS, settings, lambda *_: None)
        tiny.save(base)
        parts = summed(base, tiny, settings)
        for clock in ("wall", "cpu"):
            spent = {
                name: getattr(getattr(parts, name), clock) for name in ("training", "callback")
            }
            wrapper = getattr(parts.wrapper, clock) - getattr(parts.reward, clock)
            print(
                f"{clock}: step {spent['training'] / settings.steps * 1e3:.1f} ms,"
                f" callback {spent['callback'] / settings.steps * 1e6:.0f} us,"
                f" wrapper {wrapper / settings.steps * 1e6:.0f} us"
                f" ({wrapper / parts.rollouts * 1e6:.1f} us a rollout),"
                f" own share {parts.share(clock):.2%}"
            )
        if told.pairs:
            ratios = compared(base, tiny, settings, told.pairs)
            low, high = interval(ratios)
            print(
                f"A/B, {told.pairs} pairs: tracked / untracked {statistics.median(ratios):.4f}"
                f" (95% interval of the median {low:.4f} to {high:.4f})"
            )


if __name__ == "__main__":
    main()
