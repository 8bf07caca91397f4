"""What the walls cost: runs behind them against `subprocess.run([python, "-c", program])`.

    python benchmarks/environments/sandbox.py [--rounds 40] [--layer S2] [--threads 2] [--seconds 3]

Wall-clock milliseconds, in turns, medians: bare, cold (a new interpreter behind walls for each
program) and warm (an interpreter that is kept). Then the runs of one second by several threads.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from provenir.environments.sandbox import PythonSandbox, SandboxConfig

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = "print(sum(range(1000)))"
EXPECTED = "499500\n"
BARS = {"cold": 3.0, "warm": 1.0}


def bare() -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    return done.stdout


def timed(run: Callable[[], str]) -> float:
    began = time.perf_counter()
    written = run()
    spent = time.perf_counter() - began
    if written != EXPECTED:
        raise SystemExit(f"a run wrote {written!r}")
    return spent * 1000


def rate(run: Callable[[], str], threads: int, seconds: float) -> float:
    """Runs of one second, by threads that each do one after the other."""
    counts = [0] * threads
    until = time.perf_counter() + seconds

    def work(number: int) -> None:
        while time.perf_counter() < until:
            run()
            counts[number] += 1

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--layer", default="auto")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3.0)
    given = parser.parse_args()
    with (
        PythonSandbox(SandboxConfig(layer=given.layer, warm=False)) as cold,
        PythonSandbox(SandboxConfig(layer=given.layer)) as warm,
    ):
        ways: dict[str, Callable[[], str]] = {
            "bare": bare,
            "cold": lambda: cold.execute(PROGRAM).stdout,
            "warm": lambda: warm.execute(PROGRAM).stdout,
        }
        spent: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(given.rounds + 2):
            for name, run in ways.items():
                ms = timed(run)
                # The first rounds read the interpreter from disk and write its bytecode.
                if number >= 2:
                    spent[name].append(ms)
        medians = {name: statistics.median(times) for name, times in spent.items()}
        print(f"layer {warm.layer}, {given.rounds} rounds")
        print(f"bare  {medians['bare']:6.1f} ms")
        for name, bar in BARS.items():
            ratio = medians[name] / medians["bare"]
            held = "holds" if ratio <= bar else "MISSED"
            print(f"{name}  {medians[name]:6.1f} ms  {ratio:.2f} x bare (at most {bar:g}: {held})")
        runs = rate(ways["warm"], given.threads, given.seconds)
        print(f"warm, {given.threads} threads: {runs:.0f} runs a second")
        runs = rate(bare, given.threads, given.seconds)
        print(f"bare, {given.threads} threads: {runs:.0f} runs a second")


if __name__ == "__main__":
    main()
