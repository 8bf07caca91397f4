"""What one `log_step` of nine keys costs, against `json.dumps` of the same dict.

Both are timed in turns in the same process, so that a busy machine slows both. Then the same with
the file: `run.log_step` of a tracked run, against `json.dumps` and an unbuffered write. With
--memory nothing is timed: the resident memory is shown as the steps go by (Linux).

Run from the checkout: python benchmarks/observability/recorder_cost.py [--steps 20000] [--memory]
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import tempfile
import time
from array import array
from pathlib import Path
from typing import TYPE_CHECKING

import provenir
from provenir.observability import FlightRecorder, RLStepMetrics

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def show(name: str, times: Iterable[float]) -> float:
    ordered = sorted(times)
    middle = statistics.median(ordered)
    print(
        f"{name:16} median {middle * 1e6:6.1f} us  mean {statistics.fmean(ordered) * 1e6:6.1f} us"
        f"  99% {ordered[len(ordered) * 99 // 100] * 1e6:6.1f} us"
    )
    return middle


def with_file(steps: int) -> None:
    """Time `run.log_step` against a line of JSON written without a buffer."""
    rng = random.Random(0)
    own: list[float] = []
    peer: list[float] = []
    clock = time.perf_counter
    with tempfile.TemporaryDirectory() as folder:
        run = provenir.track("cost", output_dir=f"{folder}/run").start()
        with Path(folder, "peer.jsonl").open("wb", buffering=0) as stream:
            for step in range(steps):
                values = metrics(step, rng)
                begin = clock()
                run.log_step(values)
                middle = clock()
                stream.write(json.dumps(values).encode() + b"\n")
                own.append(middle - begin)
                peer.append(clock() - middle)
        run.finish()
    ratio = show("run.log_step", own) / show("json and write", peer)
    print(f"ratio of medians, run.log_step to json and write: {ratio:.2f}")


def resident() -> int:
    """Resident memory now, in KiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def memory(steps: int) -> None:
    """Show the resident memory of a recorder after each tenth of the steps."""
    rng = random.Random(0)
    recorder = FlightRecorder()
    first = 0
    for step in range(steps):
        recorder.log_step(metrics(step, rng))
        if (step + 1) % (steps // 10) == 0:
            now = resident()
            first = first or now
            print(f"after {step + 1:9,} steps: {now:,} KiB, {now - first:+,} KiB")
    print(f"{len(recorder.anomalies)} episodes kept, faults {recorder.faults}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--no-file", action="store_true")
    parser.add_argument("--memory", action="store_true")
    args = parser.parse_args()
    if args.memory:
        memory(args.steps)
        return
    rng = random.Random(0)
    recorder, second = FlightRecorder(), FlightRecorder()
    own, typed, peer = array("d"), array("d"), array("d")
    clock = time.perf_counter
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
    ratio = show("dict", own) / show("json.dumps", peer)
    show("RLStepMetrics", typed)
    print(f"ratio of medians, dict to json.dumps: {ratio:.2f}")
    if not args.no_file:
        with_file(min(args.steps, 5_000))


if __name__ == "__main__":
    main()
