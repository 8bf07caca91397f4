"""How often a run is wrongly said to diverge, and how soon one that does is seen.

A run is steps of two groups of eight rollouts. A rollout earns its proxy reward, 0 or 1, by a
probability that its step has, and its true reward likewise. Both move along a straight line over
the run, wander from step to step (autoregressive, standard deviation 0.05, coefficient in the name
of the row), and share how hard their group's prompt is (standard deviation 0.1).

The peer in the same run is what a dashboard invites to: after every four steps the first half of
the run is compared with the second by a z-test at the same error; an alarm where the proxy is
higher and the true reward is not.

Run from the checkout: python benchmarks/observability/divergence.py [--runs 200] [--steps 300]
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import time
from itertools import accumulate
from typing import NamedTuple

from provenir.observability.hacking.divergence import ALPHA, DivergenceTest

WANDER, HARDNESS, GROUPS, SIZE = 0.05, 0.1, 2, 8
FIRST_LOOK, EVERY = 16, 4
Z_ALPHA = statistics.NormalDist().inv_cdf(1 - ALPHA)


class Course(NamedTuple):
    """How far the two rewards move over a run, from 0.45."""

    proxy: float
    true: float


HEALTHY = {
    "both flat": Course(0.0, 0.0),
    "both rise .3": Course(0.3, 0.3),
    "both fall .3": Course(-0.3, -0.3),
    "true falls .3": Course(0.0, -0.3),
}
BETWEEN = {
    "true follows by half": Course(0.3, 0.15),
}
DIVERGING = {
    "proxy +.3, true flat": Course(0.3, 0.0),
    "proxy +.3, true -.2": Course(0.3, -0.2),
}


def rollouts(course: Course, steps: int, memory: float, rng: random.Random):
    """Yield step, proxy and true reward of one rollout after another."""
    proxy = true = 0.0
    fresh = WANDER * math.sqrt(1 - memory * memory)
    for step in range(steps):
        proxy = memory * proxy + rng.gauss(0, fresh)
        true = memory * true + rng.gauss(0, fresh)
        for _ in range(GROUPS):
            hard = rng.gauss(0, HARDNESS)
            p = 0.45 + course.proxy * step / steps + proxy - hard
            t = 0.45 + course.true * step / steps + true - hard
            for _ in range(SIZE):
                yield step, float(rng.random() < p), float(rng.random() < t)


def z_scores(values: list[float]) -> list[float]:
    """Second half's mean over the first half's in standard errors, at each look."""
    sums = [0.0, *accumulate(values)]
    squares = [0.0, *accumulate(value * value for value in values)]
    return [
        _z(sums, squares, look // 2, look) for look in range(FIRST_LOOK, len(values) + 1, EVERY)
    ]


def _z(sums: list[float], squares: list[float], half: int, end: int) -> float:
    means, errors = list[float](), 0.0
    for start, stop in ((0, half), (half, end)):
        count = stop - start
        mean = (sums[stop] - sums[start]) / count
        means.append(mean)
        errors += ((squares[stop] - squares[start]) / count - mean * mean) / (count - 1)
    return (means[1] - means[0]) / math.sqrt(errors) if errors > 0 else 0.0


def peer_alarms(proxy: list[float], true: list[float]) -> bool:
    """Whether the repeated z-test ever alarms."""
    looks = zip(z_scores(proxy), z_scores(true), strict=True)
    return any(up > Z_ALPHA and other < Z_ALPHA for up, other in looks)


def wilson(count: int, of: int) -> tuple[float, float]:
    """The 95% interval of a share (Wilson 1927)."""
    z, share = 1.96, count / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def row(name: str, course: Course, memory: float, args: argparse.Namespace) -> None:
    found, peers, of_means = list[int](), 0, 0
    for seed in range(args.runs):
        test, at = DivergenceTest(), None
        proxies, trues = [0.0] * args.steps, [0.0] * args.steps
        rng = random.Random(f"{name}/{memory}/{seed}")
        for step, proxy, true in rollouts(course, args.steps, memory, rng):
            proxies[step] += proxy
            trues[step] += true
            if test.add(proxy, true, key=step, step=step) is not None:
                at = step
        found += [] if at is None else [at]
        peers += peer_alarms(proxies, trues)
        means = DivergenceTest(least=1, keys=2, means=True)
        for step, pair in enumerate(zip(proxies, trues, strict=True)):
            means.add(*(total / (GROUPS * SIZE) for total in pair), key=step)
        of_means += means.found is not None
    low, high = wilson(len(found), args.runs)
    when = f"median step {statistics.median(found):.0f}" if found else "never"
    print(
        f"{name:22} AR({memory:.1f}) {args.steps} steps: {len(found) / args.runs:.3f} "
        f"[{low:.3f}, {high:.3f}], {when}; "
        f"step means alone {of_means / args.runs:.3f}; repeated z-test {peers / args.runs:.3f}",
        flush=True,
    )


def cost(count: int = 200_000) -> None:
    rng = random.Random(0)
    pairs = [(rng.random(), rng.random()) for _ in range(1_000)]
    test, sums = DivergenceTest(), list[float]()
    begun = time.process_time()
    for number in range(count):
        test.add(*pairs[number % 1_000], key=number // 16)
    ours = time.process_time() - begun
    begun = time.process_time()
    for number in range(count):
        sums = list(accumulate(pairs[number % 1_000]))
    peer = time.process_time() - begun
    print(
        f"{1e6 * ours / count:.2f} µs per rollout, {ours / peer:.1f} times an accumulate over its "
        f"two rewards ({sums[-1]:.1f} last)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="False alarms and power of the divergence test")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--memory", type=float, nargs="*", default=[0.0, 0.5, 0.8])
    args = parser.parse_args()
    print(f"stated error {ALPHA:g} per run, {args.runs} runs a row")
    for name, course in (HEALTHY | BETWEEN | DIVERGING).items():
        for memory in args.memory:
            row(name, course, memory, args)
    cost()


if __name__ == "__main__":
    main()
