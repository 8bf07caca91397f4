"""What one `run.log_step` of the nine usual keys costs, file included.

The peer in the same run is what people write by hand: `json.dumps` of the same dict and one
unbuffered write to a file.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import provenir

STEPS, ROUNDS = 2_000, 7


def metrics(step: int) -> dict[str, float]:
    return {
        "step": step,
        "kl": 0.02 + step % 7 * 0.001,
        "entropy": 2.0 - step % 5 * 0.01,
        "reward_mean": 0.5 + step % 3 * 0.01,
        "reward_std": 0.3,
        "response_length_mean": 120.0 + step % 11,
        "advantage_std": 0.9,
        "grad_norm": 1.0 + step % 13 * 0.01,
        "learning_rate": 1e-5,
    }


def by_hand(folder: Path) -> float:
    file = os.open(folder / "by_hand.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    started = time.perf_counter()
    for step in range(STEPS):
        os.write(file, json.dumps(metrics(step)).encode() + b"\n")
    spent = time.perf_counter() - started
    os.close(file)
    return spent / STEPS


def tracked(folder: Path) -> float:
    with provenir.track("cost", output_dir=folder / "run") as run:
        started = time.perf_counter()
        for step in range(STEPS):
            run.log_step(metrics(step))
        return (time.perf_counter() - started) / STEPS


def main() -> None:
    pairs = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            pairs.append((by_hand(Path(name)), tracked(Path(name))))
    hand, own = (statistics.median(side) * 1e6 for side in zip(*pairs, strict=True))
    ratio = statistics.median(own / hand for hand, own in pairs)
    print(f"json.dumps + write {hand:.1f} us, run.log_step {own:.1f} us, ratio {ratio:.1f}")


if __name__ == "__main__":
    main()
