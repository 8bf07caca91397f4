"""Verdicts a second of `CodeVerifier`, and one verdict against `subprocess.run([python, "-c", …])`.

    python benchmarks/environments/verdicts.py [--rounds 40] [--verdicts 300] [--workers 2]

Wall clock. First in turns, medians: a bare interpreter that runs program and test in one process,
and a verdict, which takes two processes behind walls and the channel between them. Then
`verify_many`; every fourth program is wrong, and a verdict that is not the expected one ends it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from provenir.environments import CodeVerifier, verify_many

if TYPE_CHECKING:
    from collections.abc import Callable

RIGHT = """
def merge(left, right):
    merged, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            merged.append(left[i])
            i += 1
        else:
            merged.append(right[j])
            j += 1
    return merged + left[i:] + right[j:]
"""
WRONG = RIGHT.replace(" + right[j:]", "")
TEST = """
assert merge([], []) == []
assert merge([1], []) == [1]
assert merge([], [2]) == [2]
assert merge([1, 3], [2, 4]) == [1, 2, 3, 4]
assert merge([1, 1], [1]) == [1, 1, 1]
"""
BARS = {"ratio": 1.0, "rate": 60.0}


def bare() -> None:
    subprocess.run([sys.executable, "-c", RIGHT + TEST], check=True)


def timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return (time.perf_counter() - began) * 1000


def one(verifier: CodeVerifier, program: str) -> bool:
    return verifier.verify(f"```python\n{program}```", {"test_code": TEST}).passed


def rate(verifier: CodeVerifier, verdicts: int, workers: int) -> float:
    programs = [WRONG if number % 4 == 3 else RIGHT for number in range(verdicts)]
    references = [{"test_code": TEST}] * verdicts
    began = time.perf_counter()
    found = verify_many(verifier, programs, references, max_workers=workers)
    spent = time.perf_counter() - began
    if [result.passed for result in found] != [program is RIGHT for program in programs]:
        raise SystemExit("a verdict is wrong")
    return verdicts / spent


def told(holds: bool, bar: str) -> str:
    return f"({bar}: {'holds' if holds else 'MISSED'})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--verdicts", type=int, default=300)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    verifier = CodeVerifier()
    if not one(verifier, RIGHT) or one(verifier, WRONG):
        raise SystemExit("a verdict is wrong")
    ways: dict[str, Callable[[], object]] = {"bare": bare, "verdict": lambda: one(verifier, RIGHT)}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(given.rounds):
        for name, run in ways.items():
            spent[name].append(timed(run))
    medians = {name: statistics.median(times) for name, times in spent.items()}
    ratio = medians["verdict"] / medians["bare"]
    print(f"layer {verifier.sandbox.layer}, {given.rounds} rounds")
    print(f"bare     {medians['bare']:6.1f} ms")
    print(
        f"verdict  {medians['verdict']:6.1f} ms  {ratio:.2f} x bare",
        told(ratio <= BARS["ratio"], f"at most {BARS['ratio']:g}"),
    )
    each = rate(verifier, given.verdicts, given.workers)
    print(
        f"{given.workers} workers: {each:.0f} verdicts a second",
        told(each >= BARS["rate"], f"at least {BARS['rate']:g}"),
    )


if __name__ == "__main__":
    main()
