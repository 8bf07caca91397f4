"""False alarms of the whole flight recorder on healthy noise, and what it finds when planted.

Every run logs fourteen watched channels around plausible levels. Noise: white, autoregressive with
coefficient 0.5 and 0.8, Student t with 4 degrees of freedom (all scaled to unit variance), white
noise on a slow monotone trend of three standard deviations per thousand steps, and curricula: every
hundred steps all levels move by up to one standard deviation.
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
from typing import TYPE_CHECKING

from provenir.observability import FlightRecorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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


def autoregressive(rng: random.Random, of: float = 0.5) -> Iterator[float]:
    value = rng.gauss(0, 1)
    while True:
        value = of * value + math.sqrt(1 - of * of) * rng.gauss(0, 1)
        yield value


def persistent(rng: random.Random) -> Iterator[float]:
    return autoregressive(rng, 0.8)


def curriculum(rng: random.Random) -> Iterator[float]:
    while True:
        level = rng.uniform(-1, 1)
        for _ in range(100):
            yield level + rng.gauss(0, 1)


def heavy(rng: random.Random) -> Iterator[float]:
    while True:
        spread = math.sqrt(rng.gammavariate(2, 2) / 4)
        yield rng.gauss(0, 1) / spread / math.sqrt(2)


NOISES: dict[str, Callable[[random.Random], Iterator[float]]] = {
    "white": white,
    "AR(.5)": autoregressive,
    "t4": heavy,
    "trend": white,
    "AR(.8)": persistent,
    "steps": curriculum,
}
GATED = ("white", "AR(.5)", "t4", "trend")


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

    def __init__(self, channels: Iterable[str] = tuple(LEVELS)) -> None:
        self.seen = {channel: collections.deque[float](maxlen=64) for channel in channels}
        self.quiet = dict.fromkeys(self.seen, 5)

    def log_step(self, metrics: dict[str, float]) -> int:
        begun = 0
        for channel, before in self.seen.items():
            if channel not in metrics:
                continue
            value = metrics[channel]
            if len(before) >= 24:
                mean = sum(before) / len(before)
                square = sum((one - mean) ** 2 for one in before) / (len(before) - 1)
                away = (value - mean) ** 2 > 9 * square
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


def power(
    name: str,
    runs: int,
    scatter: float,
    shift: Callable[[float, str, int], float],
    *,
    planted_at: int = 200,
) -> dict[str, int]:
    """How many of the faults planted in one channel after another were found in ten steps."""
    found: dict[str, int] = {}
    within = 10
    for (channel, sign), kind in KIND_OF.items():
        hits = 0
        for seed in range(runs):
            recorder = FlightRecorder()
            rng = random.Random(f"{name}/{kind}/{sign}/{seed}")
            for step, metrics in enumerate(steps(name, planted_at + within, scatter, rng)):
                one = {"step": float(step), channel: metrics[channel]}
                if step >= planted_at:
                    one[channel] = shift(one[channel], channel, sign)
                kinds = {a.kind for a in recorder.log_step(one)}
                if step >= planted_at and kind in kinds:
                    hits += 1
                    break
        found[f"{channel}{'+' if sign > 0 else '-'}"] = hits
    return found


def wilson(hits: int, count: int) -> tuple[float, float]:
    """95% interval of a share (E. B. Wilson, JASA 22, 1927)."""
    share, z = hits / count, 1.96
    middle = share + z * z / (2 * count)
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return (middle - spread) / (1 + z * z / count), (middle + spread) / (1 + z * z / count)


def print_power(what: str, found: dict[str, int], runs: int) -> None:
    low, high = wilson(sum(found.values()), runs * len(found))
    each = "  ".join(f"{channel} {hits / runs:.2f}" for channel, hits in found.items())
    print(
        f"{what}: all {sum(found.values()) / runs / len(found):.3f} [{low:.3f}, {high:.3f}]  {each}"
    )


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
    parser.add_argument("--scatter", type=float, nargs="*", default=[0.01, 0.1, 0.3])
    parser.add_argument("--power-runs", type=int, default=40)
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
    runs = args.power_runs
    for name in ("white", "t4"):
        for times in (3.0, 10.0):
            found = power(name, runs, 0.1, lambda v, _c, s, t=times: v * t**s)
            print_power(f"{name:6} scatter 0.10, x {times:g} or / {times:g}", found, runs)
        for scatter in (0.01, 0.1, 0.3):
            for at in (60, 200, 500) if scatter == 0.1 else (200,):
                found = power(
                    name,
                    runs,
                    scatter,
                    lambda v, c, s, k=3.0 * scatter: v + s * k * LEVELS[c],
                    planted_at=at,
                )
                print_power(f"{name:6} scatter {scatter:.2f}, 3 sd at step {at}", found, runs)


if __name__ == "__main__":
    main()
