"""What one `log_step` of nine keys costs, against `json.dumps` of the same dict.

Both are timed in turns in the same process, so that a busy machine slows both. Run from the
checkout: python benchmarks/observability/recorder_cost.py [--steps 20000]
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import time

from provenir.observability import FlightRecorder, RLStepMetrics


def metrics(step: int, rng: random.Random) -> dict[str, float]:
    return {
        "step": step,
        "kl": rng.gauss(0.1, 0.01),
        "entropy": rng.gauss(1.2, 0.1),
        "reward_mean": rng.gauss(0.5, 0.05),
        "reward_std": rng.gauss(0.35, 0.03),
        "response_length_mean": rng.gauss(300, 20),
        "advantage_std": rng.gauss(0.9, 0.05),
        "grad_norm": rng.gauss(0.8, 0.1),
        "learning_rate": 1e-5,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=20_000)
    args = parser.parse_args()
    rng = random.Random(0)
    recorder, second = FlightRecorder(), FlightRecorder()
    own: list[float] = []
    typed: list[float] = []
    peer: list[float] = []
    clock = time.perf_counter
    memory = 0
    for step in range(args.steps):
        values = metrics(step, rng)
        begin = clock()
        recorder.log_step(values)
        middle = clock()
        json.dumps(values)
        end = clock()
        own.append(middle - begin)
        peer.append(end - middle)
        begin = clock()
        second.log_step(RLStepMetrics(**values))
        typed.append(clock() - begin)
        if step == args.steps // 10:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    for name, times in (("dict", own), ("RLStepMetrics", typed), ("json.dumps", peer)):
        ordered = sorted(times)
        print(
            f"{name:14} median {statistics.median(ordered) * 1e6:6.1f} us"
            f"  mean {statistics.fmean(ordered) * 1e6:6.1f} us"
            f"  99% {ordered[len(ordered) * 99 // 100] * 1e6:6.1f} us"
        )
    ratio = statistics.median(own) / statistics.median(peer)
    print(f"ratio of medians, dict to json.dumps: {ratio:.2f}")
    print(f"peak memory after the first tenth of the steps: +{grown} KiB (timings included)")


if __name__ == "__main__":
    main()
