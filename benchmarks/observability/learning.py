"""Healthy runs that learn fast: how often the recorder warns of them.

The mean reward climbs along a logistic curve, with a scatter of 0.03, and the spread of the rewards
shrinks with it, with a scatter of 5%: as that of rewards of 0 and 1 (`binary`), or in proportion to
what is left to earn (`what is left`), or by a fifth (`a little`). As a control the spread falls by
three of its standard deviations while the reward stays where it is, which has to be a warning.

Run from the checkout: python benchmarks/observability/learning.py [--runs 40]
"""

from __future__ import annotations

import argparse
import math
import random
from typing import TYPE_CHECKING

from false_alarms import wilson

from provenir.observability import FlightRecorder

if TYPE_CHECKING:
    from collections.abc import Callable

SPREADS: dict[str, Callable[[float], float]] = {
    "binary": lambda share: math.sqrt(share * (1 - share)),
    "what is left": lambda share: 0.5 * (1 - share),
    "a little": lambda share: 0.5 - 0.2 * share,
}
SCATTER, MIDDLE, LENGTH = 0.03, 100, 250


def verdict(spread: str, width: float, least: float, most: float, rng: random.Random) -> str:
    recorder = FlightRecorder()
    for step in range(LENGTH):
        share = least + (most - least) / (1 + math.exp((MIDDLE - step) / width))
        level = SPREADS[spread](share)
        recorder.log_step(
            {
                "reward_mean": share + SCATTER * rng.gauss(0, 1),
                "reward_std": level * (1 + 0.05 * rng.gauss(0, 1)),
                "advantage_std": level * (1 + 0.05 * rng.gauss(0, 1)),
            }
        )
    worst = {anomaly.severity for anomaly in recorder.anomalies if anomaly.channel != "reward_mean"}
    return "warning" if worst - {"info"} else "info" if worst else "silent"


def control(rng: random.Random) -> bool:
    """Whether a fall that comes by itself is a warning within ten steps."""
    recorder = FlightRecorder()
    for step in range(160):
        fallen = 0.3 if step >= 150 else 0.0
        found = recorder.log_step(
            {
                "reward_mean": 0.5 + SCATTER * rng.gauss(0, 1),
                "reward_std": 0.3 * (1 + 0.1 * rng.gauss(0, 1) - fallen),
            }
        )
        if fallen and any(a.channel == "reward_std" and a.severity == "warning" for a in found):
            return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=40)
    args = parser.parse_args()
    print("| spread | reward | steepest, scatters a step | warned of the spread | information |")
    print("|---|---|---|---|---|")
    for spread in SPREADS:
        for width in (8, 12, 24):
            for least, most in ((0.1, 0.9), (0.45, 0.95)):
                seeds = (f"{spread}/{width}/{least}/{seed}" for seed in range(args.runs))
                found = [verdict(spread, width, least, most, random.Random(s)) for s in seeds]
                low, high = wilson(found.count("warning"), args.runs)
                pace = (most - least) / (4 * width * SCATTER)
                print(
                    f"| {spread} | {least} to {most} | {pace:.2f} "
                    f"| {found.count('warning') / args.runs:.2f} [{max(0.0, low):.2f}, {high:.2f}] "
                    f"| {found.count('info') / args.runs:.2f} |"
                )
    count = 5 * args.runs
    hits = sum(control(random.Random(f"control/{seed}")) for seed in range(count))
    low, high = wilson(hits, count)
    print(f"\ncontrol, warned within 10 steps: {hits / count:.2f} [{low:.2f}, {high:.2f}]")


if __name__ == "__main__":
    main()
