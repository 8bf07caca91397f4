"""Random trajectories: nothing raises, all is strict JSON, nothing grows without bound.

Each goes to a `HackingMonitor`, to `RewardHackingDetector.detect`, and in batches to `detect_batch`
and `detect_group`. Growth is that of the collector's count of objects and, with `--trace`, of what
Python holds by tracemalloc (three times as slow) from the middle of the run to its end, when the
monitor has long been full. Exits with 1 on a fault.

Run from the checkout:
    python benchmarks/hacking/fuzz_trajectories.py [--count 10000] [--seed 1] [--trace]
"""

from __future__ import annotations

import argparse
import collections
import gc
import json
import random
import sys
import time
import traceback
import tracemalloc
from typing import Any

from hostile import trajectory, value

from provenir.observability import HackingMonitor, RewardHackingDetector

TEXTS = ("prediction", "response", "completion")
GROWTH = 2_000_000
OBJECTS = 20_000
"""Bytes and objects that the second half of the run may add."""


class Faults:
    """Counts faults by their last line and shows the first of each."""

    def __init__(self) -> None:
        self.counts: collections.Counter[str] = collections.Counter()

    def add(self, seed: object, what: str) -> None:
        if what not in self.counts:
            print(f"FAULT at {seed}: {what}\n{traceback.format_exc(limit=-4)}")
        self.counts[what] += 1


def check_signals(given: Any, signals: Any) -> None:
    """Demand strict JSON of each signal, and spans within the text."""
    texts = [given[k] for k in TEXTS if k in given] if type(given) is dict else []
    text = texts[0] if len(texts) == 1 else None
    for signal in signals:
        json.loads(json.dumps(signal.to_dict(), allow_nan=False))
        for span in signal.spans:
            if type(text) is str and not 0 <= span.start <= span.end <= len(text):
                raise AssertionError(f"span of {signal.kind} beyond the text")


def check_report(report: Any) -> None:
    json.loads(json.dumps(report.to_dict(), allow_nan=False).encode())
    report.hacking_rate, report.is_clean, report.by_kind()


def feed(monitor: HackingMonitor, seed: int, start: int, count: int, faults: Faults) -> None:
    detector = RewardHackingDetector()
    batch: list[Any] = []
    for i in range(start, start + count):
        rng = random.Random(f"{seed}/{i}")
        try:
            given = trajectory(rng)
            check_signals(given, monitor.add(given))
            if i % 4 == 0:
                check_signals(given, detector.detect(given))
                batch.append(given)
            if i % 500 == 0:
                check_report(detector.detect_batch(batch))
                check_report(monitor.report())
                batch.clear()
                for signal in detector.detect_group([value(rng) for _ in range(8)], value(rng)):
                    json.dumps(signal.to_dict(), allow_nan=False)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            faults.add(f"{seed}/{i}", f"{type(error).__name__} in {place.name}:{place.lineno}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trace", action="store_true")
    options = parser.parse_args()
    faults = Faults()
    monitor = HackingMonitor()
    middle = options.count // 2
    started = time.perf_counter()
    if options.trace:
        tracemalloc.start()
    feed(monitor, options.seed, 0, middle, faults)
    gc.collect()
    bytes_before, objects_before = tracemalloc.get_traced_memory()[0], len(gc.get_objects())
    feed(monitor, options.seed, middle, options.count - middle, faults)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - bytes_before
    objects = len(gc.get_objects()) - objects_before
    report = monitor.report()
    print(f"{options.count} trajectories in {time.perf_counter() - started:.0f} s: ", end="")
    print(f"{sum(faults.counts.values())} faults of {len(faults.counts)} sorts")
    print(f"grown in the second half: {objects} objects", end="")
    print(f", {grown / 1e6:.2f} MB of {(bytes_before + grown) / 1e6:.2f} MB" * options.trace)
    print(f"signals counted {sum(report.by_kind().values())}, kept {len(report.signals)}")
    return int(bool(faults.counts) or grown > GROWTH or objects > OBJECTS)


if __name__ == "__main__":
    sys.exit(main())
