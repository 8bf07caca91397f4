"""How fast the identity of a JSONL file is, as a share of the rate at which `orjson` parses it.

The peer in the same process is `orjson.loads` of every line of the same file, read in two ways:
line by line from the file, and from lines that are in memory already (no reading at all). Peer and
identity take turns; the figures are CPU time of one thread. Printed are the median and the least
ratio of the rounds.

    python benchmarks/data/identity_rate.py [--megabytes 32] [--rounds 9]
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from provenir.data import Dataset

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = ("a", "train", "leaves", "with", "nine", "apples", "and", "arrives", "four", "hours", "on")


def flat(number: int, rng: random.Random, size: int) -> dict[str, Any]:
    words = max(1, (size - 60) // 5)
    prompt, solution = (" ".join(rng.choices(WORDS, k=k)) for k in (words // 3, words - words // 3))
    return {"id": number, "prompt": prompt, "solution": solution, "answer": str(number % 10)}


def with_floats(number: int, rng: random.Random, size: int) -> dict[str, Any]:
    scores = {"reward": rng.random(), "weight": 1.0, "kl": rng.gauss(0.1, 0.01)}
    return {**flat(number, rng, size - 70), **scores}


def nested(number: int, rng: random.Random, size: int) -> dict[str, Any]:
    row = flat(number, rng, size - 130)
    messages = [
        {"role": "user", "content": row["prompt"]},
        {"role": "assistant", "content": row["solution"]},
    ]
    return {"id": number, "messages": messages, "tags": ["sum", "train"], "meta": {"split": "a"}}


def with_nulls(number: int, rng: random.Random, size: int) -> dict[str, Any]:
    return {**flat(number, rng, size - 30), "note": None, "source": None}


SHAPES: dict[str, Callable[[int, random.Random, int], dict[str, Any]]] = {
    "flat": flat,
    "flat, nulls": with_nulls,
    "flat, floats": with_floats,
    "nested": nested,
}


def write(path: Path, shape: str, size: int, total: int) -> int:
    rng = random.Random(0)
    count = written = 0
    with path.open("w", encoding="utf-8") as file:
        while written < total:
            written += file.write(json.dumps(SHAPES[shape](count, rng, size)) + "\n")
            count += 1
    return count


def parse_file(path: Path) -> None:
    with path.open("rb") as file:
        for line in file:
            orjson.loads(line)


def parse_lines(lines: list[bytes]) -> None:
    for line in lines:
        orjson.loads(line)


def cpu(call: Callable[[], object]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


def compare(path: Path, count: int, rounds: int, *, strict: bool) -> str:
    lines = path.read_bytes().splitlines()
    dataset = Dataset(path, strict=strict)
    taken = [
        (
            cpu(lambda: parse_file(path)),
            cpu(lambda: parse_lines(lines)),
            cpu(dataset.identity),
        )
        for _ in range(rounds)
    ]
    file, memory, own = (statistics.median(each) / count * 1e6 for each in zip(*taken, strict=True))
    by_file = [peer / spent for peer, _, spent in taken]
    by_line = [peer / spent for _, peer, spent in taken]
    return (
        f"{file:6.2f} {memory:6.2f} {own:8.2f}"
        f"   {statistics.median(by_file):.3f} ({min(by_file):.3f})"
        f"   {statistics.median(by_line):.3f} ({min(by_line):.3f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=32, help="size of each file")
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    print("CPU us a row: orjson.loads (file, memory), identity; rate of identity: median (least)")
    print("bytes  rows           file memory identity   to file         to memory")
    for size in (500, 2_000, 8_000):
        for shape in SHAPES:
            with tempfile.TemporaryDirectory() as name:
                path = Path(name, "rows.jsonl")
                count = write(path, shape, size, args.megabytes << 20)
                each = path.stat().st_size // count
                for strict in (False, True):
                    label = shape + (", strict" if strict else "")
                    figures = compare(path, count, args.rounds, strict=strict)
                    print(f"{each:5}  {label:20} {figures}", flush=True)


if __name__ == "__main__":
    main()
