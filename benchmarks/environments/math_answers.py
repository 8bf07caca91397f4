"""Verdicts a second of `MathVerifier`, against math-verify's bare `verify(parse, parse)`.

    python benchmarks/environments/math_answers.py

Two sets: numerals, which are what most answers are, and expressions. The peer runs in the main
thread with its own time-out, which is a signal; ours in worker processes, one caller at a time and
then from as many threads as there are cores. Wall clock, the best of the rounds, in turns.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from provenir.environments import MathVerifier

if TYPE_CHECKING:
    from collections.abc import Callable

Pair = tuple[str, str]


def numerals(count: int, rng: random.Random) -> list[Pair]:
    pairs = []
    for _ in range(count):
        value = rng.randint(2, 10**6)
        pairs.append((rf"so it is $\boxed{{{value:,}}}$.", f"${value}$"))
    return pairs


def expressions(count: int, rng: random.Random) -> list[Pair]:
    pairs = []
    for _ in range(count):
        a, b = rng.randint(2, 99), rng.randint(2, 99)
        response, reference = rng.choice(
            [
                (rf"{b}+{a}\sqrt{{2}}", rf"{a}\sqrt{{2}}+{b}"),
                (rf"(x+{a})(x-{b})", rf"x^2+{a - b}x-{a * b}".replace("+-", "-")),
                (rf"\frac{{{a}\pi}}{{{2 * b}}}", rf"\frac{{{2 * a}\pi}}{{{4 * b}}}"),
                (rf"\sqrt{{{a * a * b}}}", rf"{a}\sqrt{{{b}}}"),
            ]
        )
        pairs.append((rf"so it is $\boxed{{{response}}}$.", f"${reference}$"))
    return pairs


def rate(
    pairs: list[Pair], judge: Callable[[str, str], bool], threads: int = 1
) -> tuple[float, int]:
    began = time.perf_counter()
    if threads == 1:
        passed = sum(judge(*pair) for pair in pairs)
    else:
        with ThreadPoolExecutor(threads) as pool:
            passed = sum(pool.map(lambda pair: judge(*pair), pairs))
    return len(pairs) / (time.perf_counter() - began), passed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    from math_verify import parse, verify

    ours = MathVerifier()

    def judge_here(response: str, gold: str) -> bool:
        return ours.verify(response, gold).passed

    judges: dict[str, tuple[Callable[[str, str], bool], int]] = {
        "math-verify": (lambda response, gold: verify(parse(gold), parse(response)), 1),
        "MathVerifier": (judge_here, 1),
        "in threads": (judge_here, os.cpu_count() or 1),
    }
    rng = random.Random(0)
    for name, make in (("numerals", numerals), ("expressions", expressions)):
        best = dict.fromkeys(judges, 0.0)
        right = dict.fromkeys(judges, 0)
        for judge, threads in judges.values():
            rate(make(20, rng), judge, threads)
        for _ in range(options.rounds):
            for label, (judge, threads) in judges.items():
                # Each judges pairs that nobody has seen: the grammar's answers are cached.
                speed, right[label] = rate(make(options.pairs, rng), judge, threads)
                best[label] = max(best[label], speed)
        peer = best["math-verify"]
        for label, speed in best.items():
            print(
                f"{name:12} {label:13} {speed:9.0f} verdicts/s  {speed / peer:6.2f} x math-verify"
                f"  right {right[label]}/{options.pairs}"
            )


if __name__ == "__main__":
    main()
