"""What the end of a run with several ranks costs, in time and in memory, and what it raises.

1. Joining and judging the steps of 8 ranks. The peer in the same run: one flight recorder that is
   fed every row of every rank, which costs no join and raises 8 times the false alarms.
2. Memory: the peak of the merge over 4 times as many steps, beside that over the first ones.
3. False alarms of `RankWatch` in 1,000 healthy steps, by ranks and by noise; and how many ranks
   that move away by 3 to 30 times the usual distance are named within 20 steps.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
import tracemalloc
from pathlib import Path

from provenir.observability.metrics import read_step
from provenir.observability.recorder import FlightRecorder
from provenir.provenance.run_record import read_run
from provenir.tracking.evidence import Evidence
from provenir.tracking.merging import merge_steps
from provenir.tracking.rank_streams import Place
from provenir.tracking.rank_watch import RankWatch
from provenir.tracking.records import seen_by_recorder, step_record

RANKS, STEPS = 8, 2_000
CHANNELS = ("kl", "entropy", "reward_mean", "reward_std", "response_length_mean", "grad_norm")
RUNS, HEALTHY = 40, 1_000


def drawn(rng: random.Random, noise: str) -> float:
    if noise == "t4":
        return rng.gauss(0, 1) / (rng.gammavariate(2, 0.5)) ** 0.5
    return rng.gauss(0, 1)


def write(folder: Path, steps: int) -> None:
    rng = random.Random(1)
    for rank in range(RANKS):
        name = "steps.jsonl" if rank == 0 else f"steps.rank{rank}.jsonl"
        with (folder / name).open("w") as file:
            for step in range(steps):
                metrics = {channel: 1 + 0.1 * rng.gauss(0, 1) for channel in CHANNELS}
                time_text = f"2026-01-01T00:00:{step % 60:02}.000Z"
                row, _, _ = step_record({"step": step, **metrics}, next_step=0, time=time_text)
                file.write(json.dumps(row) + "\n")


def merged(folder: Path) -> Evidence:
    evidence = Evidence()
    merge_steps(read_run(folder), evidence, set(range(RANKS)), RankWatch())
    return evidence


def fed_one_by_one(folder: Path) -> FlightRecorder:
    recorder, record = FlightRecorder(), read_run(folder)
    for rank in range(RANKS):
        for row in record.steps(rank):
            recorder.log_step(seen_by_recorder(row))
    return recorder


def cost() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, STEPS)
        began = time.perf_counter()
        merged(folder)
        joined = time.perf_counter()
        fed_one_by_one(folder)
        fed = time.perf_counter()
        own, peer = joined - began, fed - joined
        print(
            f"{RANKS} ranks, {STEPS} steps: merge {own * 1e6 / STEPS / RANKS:.0f} us a row,", end=""
        )
        print(f" one recorder for all {peer * 1e6 / STEPS / RANKS:.0f} us, ratio {own / peer:.2f}")
        peaks = []
        for steps in (STEPS, 4 * STEPS):
            write(folder, steps)
            tracemalloc.start()
            merged(folder)
            peaks.append(tracemalloc.get_traced_memory()[1] / 2**20)
            tracemalloc.stop()
        print(f"peak {peaks[0]:.1f} MiB, over 4 times the steps {peaks[1]:.1f} MiB")


def findings(ranks: int, noise: str, seed: int, *, shift: float = 0.0, steps: int = HEALTHY) -> int:
    rng, watch = random.Random(seed), RankWatch()
    for step in range(steps):
        rows = {}
        for rank in range(ranks):
            moved = shift if rank == 1 and step >= steps - 20 else 0.0
            row = {c: 5 + 0.1 * (drawn(rng, noise) + moved) for c in CHANNELS}
            rows[rank] = read_step(row)
        watch.see(Place(0, 0, step, 0), rows, {})
    return len(watch.findings())


def alarms() -> None:
    for ranks in (2, 3, 4, 8):
        told = [
            f"{noise} {sum(findings(ranks, noise, seed) for seed in range(RUNS))}"
            for noise in ("white", "t4")
        ]
        print(
            f"{ranks} ranks, {RUNS} x {HEALTHY} steps, {len(CHANNELS)} channels: {', '.join(told)}"
        )
    for shift in (3, 5, 10, 30):
        found = [
            f"{ranks} ranks"
            f" {sum(findings(ranks, 'white', s, shift=shift, steps=120) > 0 for s in range(RUNS))}"
            for ranks in (2, 3, 4, 8)
        ]
        print(f"a rank moved by {shift} sd, named in {RUNS} runs: {', '.join(found)}")


if __name__ == "__main__":
    cost()
    alarms()
