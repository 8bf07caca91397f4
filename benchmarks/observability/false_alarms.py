"""False alarms of the whole flight recorder on healthy noise, and what it finds when planted.

Every run logs the seven watched channels of a plain loop around plausible levels. Noise: white,
autoregressive with coefficient 0.5, Student t with 4 degrees of freedom (both scaled to unit
variance), and white noise on a slow monotone trend of three standard deviations per thousand steps
(KL, reward and length up, entropy and reward spread down).
`--scatter` is the noise's standard deviation as a share of each channel's level. Then excursions:
every channel in turn leaves its level at step 500 for some steps and comes back to it. What begins
at or after the return is a false alarm, and so is every episode beyond the first; an episode that
is not over ten steps after the return is endless.

The peer in the same run is a three-sigma rule over the last 64 values of each channel.

Run from the checkout: python benchmarks/observability/false_alarms.py [--runs 40] [--steps 1000]
"""

from __future__ import annotations

import argparse
import collections
import math
import random
import statistics
from typing import TYPE_CHECKING

from provenir.observability import FlightRecorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LEVELS = {
    "kl": 0.1,
    "kl_mismatch": 0.002,
    "entropy": 1.2,
    "reward_mean": 0.5,
    "reward_std": 0.35,
    "advantage_std": 0.9,
    "response_length_mean": 300.0,
    "grad_norm": 0.8,
    "truncated_fraction": 0.08,
    "clip_fraction": 0.03,
    "zero_advantage_fraction": 0.2,
    "kl_old": 0.01,
    "step_time": 20.0,
    "loss": 0.4,
}
TRENDS = {"kl": 1, "entropy": -1, "reward_mean": 1, "reward_std": -1, "response_length_mean": 1,
          "truncated_fraction": 1, "zero_advantage_fraction": 1, "kl_mismatch": 1}  # fmt: skip
KIND_OF = {
    ("kl", 1): "kl_blowup",
    ("kl", -1): "kl_collapse",
    ("kl_mismatch", 1): "kl_mismatch",
    ("entropy", -1): "entropy_collapse",
    ("entropy", 1): "entropy_explosion",
    ("reward_std", -1): "reward_std_collapse",
    ("advantage_std", -1): "advantage_collapse",
    ("response_length_mean", 1): "length_explosion",
    ("grad_norm", 1): "grad_explosion",
    ("reward_mean", 1): "reward_spike",
    ("reward_mean", -1): "reward_spike",
    ("truncated_fraction", 1): "truncation",
    ("clip_fraction", 1): "clip_saturation",
    ("zero_advantage_fraction", 1): "zero_advantage_groups",
}


def white(rng: random.Random) -> Iterator[float]:
    while True:
        yield rng.gauss(0, 1)


def autoregressive(rng: random.Random) -> Iterator[float]:
    value = rng.gauss(0, 1)
    while True:
        value = 0.5 * value + math.sqrt(0.75) * rng.gauss(0, 1)
        yield value


def heavy(rng: random.Random) -> Iterator[float]:
    while True:
        spread = math.sqrt(rng.gammavariate(2, 2) / 4)
        yield rng.gauss(0, 1) / spread / math.sqrt(2)


NOISES: dict[str, Callable[[random.Random], Iterator[float]]] = {
    "white": white,
    "AR(.5)": autoregressive,
    "t4": heavy,
    "trend": white,
}


def steps(name: str, count: int, scatter: float, rng: random.Random) -> Iterator[dict[str, float]]:
    sources = {channel: NOISES[name](rng) for channel in LEVELS}
    for step in range(count):
        metrics = {"step": float(step), "learning_rate": 1e-5}
        for channel, level in LEVELS.items():
            drift = 0.003 * step * TRENDS.get(channel, 0) if name == "trend" else 0.0
            value = level * math.exp(scatter * drift) * (1 + scatter * next(sources[channel]))
            metrics[channel] = max(value, 0.02 * level)  # none of these can be negative
        yield metrics


def interval(count: int, exposure: float) -> tuple[float, float]:
    """Approximate 95% Poisson interval of a rate (square-root scale)."""
    low = max(0.0, math.sqrt(count) - 0.98) ** 2
    return low / exposure, (math.sqrt(count + 1) + 0.98) ** 2 / exposure


class ThreeSigma:
    """The peer: an alarm where a value leaves three standard deviations of the 64 before it.

    What a monitoring dashboard does, with episodes that end like the recorder's own.
    """

    def __init__(self) -> None:
        self.seen = {channel: collections.deque[float](maxlen=64) for channel in LEVELS}
        self.quiet = dict.fromkeys(LEVELS, 5)

    def log_step(self, metrics: dict[str, float]) -> int:
        begun = 0
        for channel, before in self.seen.items():
            value = metrics[channel]
            if len(before) >= 24:
                away = abs(value - statistics.fmean(before)) > 3 * statistics.stdev(before)
                begun += away and self.quiet[channel] >= 5
                self.quiet[channel] = 0 if away else self.quiet[channel] + 1
            before.append(value)
        return begun


def false_alarms(name: str, runs: int, count: int, scatter: float) -> None:
    kinds: collections.Counter[str] = collections.Counter()
    peers = 0
    for seed in range(runs):
        recorder, peer = FlightRecorder(), ThreeSigma()
        for metrics in steps(name, count, scatter, random.Random(f"{name}/{seed}")):
            kinds.update(a.kind for a in recorder.log_step(metrics))
            peers += peer.log_step(metrics)
        assert not recorder.faults
    thousands = runs * count / 1000
    low, high = interval(kinds.total(), thousands)
    rate = kinds.total() / thousands
    print(
        f"{name:7} scatter {scatter:.2f}: {rate:.3f} per 1000 steps "
        f"[{low:.3f}, {high:.3f}]; a three-sigma rule {peers / thousands:.1f}, "
        f"ratio {kinds.total() / peers if peers else math.nan:.4f}  {dict(kinds)}"
    )


def power(name: str, runs: int, scatter: float, shift: Callable[[float, str, int], float]) -> str:
    found: collections.Counter[str] = collections.Counter()
    planted_at, within = 200, 10
    for (channel, sign), kind in KIND_OF.items():
        for seed in range(runs):
            recorder = FlightRecorder()
            rng = random.Random(f"{name}/{kind}/{seed}")
            for step, metrics in enumerate(steps(name, planted_at + within, scatter, rng)):
                if step >= planted_at:
                    metrics[channel] = shift(metrics[channel], channel, sign)
                kinds = {a.kind for a in recorder.log_step(metrics)}
                if step >= planted_at and kind in kinds:
                    found[kind] += 1
                    break
    return "  ".join(f"{kind} {found[kind] / runs:.2f}" for kind in KIND_OF.values())


def excursions(runs: int, times: float, length: int, scatter: float) -> str:
    begin, after = 500, 500
    false: collections.Counter[str] = collections.Counter()
    endless = 0
    for channel in LEVELS:
        for seed in range(runs):
            recorder = FlightRecorder()
            rng = random.Random(f"{channel}/{times}/{length}/{seed}")
            for step, metrics in enumerate(steps("white", begin + length + after, scatter, rng)):
                if begin <= step < begin + length:
                    metrics[channel] *= times
                recorder.log_step(metrics)
            for place, anomaly in enumerate(recorder.anomalies):
                if place or anomaly.step >= begin + length:
                    false[anomaly.kind] += 1
                over = anomaly.recovered_at
                endless += over is None or over > begin + length + 10
    count = runs * len(LEVELS)
    return (
        f"x {times:<5.3g} for {length:3} steps: {false.total()} false alarms, {endless} endless "
        f"in {count} runs  {dict(false)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--scatter", type=float, nargs="*", default=[0.05, 0.1, 0.2, 0.3])
    parser.add_argument("--power-runs", type=int, default=20)
    parser.add_argument("--excursion-runs", type=int, default=5)
    args = parser.parse_args()
    print(f"false alarms, {args.runs} runs of {args.steps} steps each, all channels together")
    for scatter in args.scatter:
        for name in NOISES:
            false_alarms(name, args.runs, args.steps, scatter)
    print("\nexcursions and back, white noise, scatter 0.10")
    for times in (3.0, 20.0, 1 / 3, 1 / 20):
        for length in (1, 5, 20, 50, 500):
            print(excursions(args.excursion_runs, times, length, 0.1))
    print("\nfound within 10 steps, share of planted faults")
    for name in ("white", "t4"):
        for times in (3.0, 10.0):
            print(
                f"{name:7} scatter 0.10, channel x {times:g} or / {times:g}:  "
                + power(name, args.power_runs, 0.1, lambda v, _c, s, t=times: v * t**s)
            )
        for sigmas in (3.0, 6.0):
            for scatter in (0.1, 0.2):
                print(
                    f"{name:7} scatter {scatter:.2f}, shift of {sigmas:g} standard deviations:  "
                    + power(
                        name,
                        args.power_runs,
                        scatter,
                        lambda v, c, s, k=sigmas * scatter: v + s * k * LEVELS[c],
                    )
                )


if __name__ == "__main__":
    main()
