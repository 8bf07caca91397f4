"""Ways to find a sustained rise of one channel, compared at one rate of false alarms.

Each method makes one number per step and alarms where it reaches a threshold, after which it starts
again from nothing. What is called *score* is that of the recorder's own baseline (midmean,
winsorised deviation, window 96, trend followed). The threshold of each method is searched on
streams of its own so that white, AR(.5) and t4 noise and a slow rise, pooled, raise `--rate` alarms
per 1,000 steps; false alarms and power are then counted on other streams. The first 32 values are
not judged. A rise of three standard deviations is planted at step 200. The rules as they are used
come last: the chosen CUSUM at its own threshold, and the three-sigma rule of dashboards.

Run from the checkout: python benchmarks/observability/methods.py [--runs 100] [--rate 0.1]
"""

from __future__ import annotations

import argparse
import random
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from false_alarms import GATED, NOISES, interval, wilson

from provenir.observability import FlightRecorderConfig
from provenir.observability.detectors.baseline import Baseline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Statistic = Callable[[], Callable[["Point"], float]]

CONFIG = FlightRecorderConfig()
CLIP = 3.0
SHIFT, PLANTED, WITHIN, LENGTH, LONG = 3.0, 200, 10, 1000, 4000


@dataclass(frozen=True, slots=True)
class Point:
    """One value, its score against the package's baseline, and the factor of its threshold."""

    value: float
    score: float
    wander: float


def cusum(slack: float = CONFIG.slack, *, adjusted: bool) -> Statistic:
    def start() -> Callable[[Point], float]:
        total = 0.0

        def take(point: Point) -> float:
            nonlocal total
            total = max(0.0, total + max(-CLIP, min(CLIP, point.score)) - slack)
            return total / point.wander if adjusted else total

        return take

    return start


def page_hinkley(delta: float, *, scored: bool) -> Statistic:
    """Page-Hinkley: the sum of distances from the running mean, above its minimum.

    Its slack is `delta` standard deviations. Of raw values the deviation is a running one too.
    """

    def start() -> Callable[[Point], float]:
        count, mean, square, total, least = 0, 0.0, 0.0, 0.0, 0.0

        def take(point: Point) -> float:
            nonlocal count, mean, square, total, least
            value = max(-CLIP, min(CLIP, point.score)) if scored else point.value
            deviation = 1.0 if scored else (square / count) ** 0.5 if count > 1 else 0.0
            if count > 1 and deviation > 0.0:
                total += (value - mean) / deviation - delta
                least = min(least, total)
            count += 1
            away = value - mean
            mean += away / count
            square += away * (value - mean)
            return total - least

        return take

    return start


def ewma(weight: float) -> Statistic:
    def start() -> Callable[[Point], float]:
        level = 0.0

        def take(point: Point) -> float:
            nonlocal level
            level += weight * (max(-CLIP, min(CLIP, point.score)) - level)
            return level

        return take

    return start


def sigma_rule(window: int = 64) -> Statistic:
    def start() -> Callable[[Point], float]:
        before: deque[float] = deque(maxlen=window)

        def take(point: Point) -> float:
            away = 0.0
            if len(before) >= 24:
                count, mean = len(before), sum(before) / len(before)
                square = sum((value - mean) ** 2 for value in before)
                away = (point.value - mean) / (square / (count - 1)) ** 0.5
            before.append(point.value)
            return away

        return take

    return start


METHODS: dict[str, Statistic] = {
    "CUSUM of the score, threshold by correlation (chosen)": cusum(adjusted=True),
    "CUSUM of the score, one threshold": cusum(adjusted=False),
    "CUSUM of the score, slack 0.5": cusum(0.5, adjusted=True),
    "Page-Hinkley of the score, slack 1.2": page_hinkley(1.2, scored=True),
    "Page-Hinkley of the score, slack 0.5": page_hinkley(0.5, scored=True),
    "Page-Hinkley of the values, slack 1.2": page_hinkley(1.2, scored=False),
    "Page-Hinkley of the values, slack 0.5": page_hinkley(0.5, scored=False),
    "EWMA 0.3 of the score": ewma(0.3),
    "one value against mean and deviation of 64": sigma_rule(),
}


def course(noise: str, seed: str, length: int, planted: int | None = None) -> list[Point]:
    """A stream and its scores; the trend rises by three deviations per 1,000 steps."""
    source: Iterator[float] = NOISES[noise](random.Random(seed))
    baseline = Baseline(CONFIG)
    points = []
    for step in range(length):
        value = 100.0 + next(source) + (0.003 * step if noise == "trend" else 0.0)
        if planted is not None and step >= planted:
            value += SHIFT
        baseline.measure(value)
        points.append(Point(value, baseline.score, baseline.limit / CONFIG.threshold))
        baseline.absorb()
    return points


def alarms(method: Statistic, points: list[Point], threshold: float) -> list[int]:
    found = []
    take = method()
    for step, point in enumerate(points):
        if take(point) >= threshold and step >= CONFIG.warmup:
            found.append(step)
            take = method()
    return found


def matched(method: Statistic, courses: list[list[Point]], rate: float) -> float:
    """The threshold at which all the courses together raise the rate, by bisection."""
    thousands = sum(map(len, courses)) / 1000
    low, high = 0.5, 500.0
    for _ in range(11):
        middle = (low * high) ** 0.5
        raised = sum(len(alarms(method, points, middle)) for points in courses)
        low, high = (middle, high) if raised / thousands > rate else (low, middle)
    return high


def row(name: str, method: Statistic, threshold: float, tests: Tests) -> str:
    cells = [name, f"{threshold:.2f}"]
    for courses in tests.healthy.values():
        raised = sum(len(alarms(method, points, threshold)) for points in courses)
        thousands = sum(map(len, courses)) / 1000
        low, high = interval(raised, thousands)
        cells.append(f"{raised / thousands:.2f} [{low:.2f}, {high:.2f}]")
    for courses in tests.shifted.values():
        hits = sum(
            any(step >= PLANTED for step in alarms(method, points, threshold)) for points in courses
        )
        low, high = wilson(hits, len(courses))
        cells.append(f"{hits / len(courses):.2f} [{max(0.0, low):.2f}, {high:.2f}]")
    return f"| {' | '.join(cells)} |"


@dataclass(frozen=True, slots=True)
class Tests:
    """Streams that no threshold was searched on, by noise."""

    healthy: dict[str, list[list[Point]]]
    shifted: dict[str, list[list[Point]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=100, help="of each noise, of 1,000 steps")
    parser.add_argument("--shifts", type=int, default=400, help="planted shifts of each noise")
    parser.add_argument("--rate", type=float, default=0.1, help="false alarms per 1,000 steps")
    args = parser.parse_args()
    search = [course(n, f"search/{n}/{i}", LENGTH) for n in GATED for i in range(args.runs)]
    healthy = {n: [course(n, f"test/{n}/{i}", LENGTH) for i in range(args.runs)] for n in GATED}
    healthy[f"trend, {LONG:,} steps"] = [
        course("trend", f"long/{i}", LONG) for i in range(args.runs * LENGTH // LONG)
    ]
    shifted = {
        n: [course(n, f"shift/{n}/{i}", PLANTED + WITHIN, PLANTED) for i in range(args.shifts)]
        for n in ("white", "t4", "AR(.5)")
    }
    tests = Tests(healthy, shifted)
    heads = ["method", "threshold", *healthy, *(f"found, {noise}" for noise in tests.shifted)]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for name, method in METHODS.items():
        print(row(name, method, matched(method, search, args.rate), tests), flush=True)
    chosen, *_, rule = METHODS
    print(row("chosen, as set", METHODS[chosen], CONFIG.threshold, tests))
    print(row("three-sigma rule, as used", METHODS[rule], 3.0, tests))


if __name__ == "__main__":
    main()
