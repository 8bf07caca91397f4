"""How fast words are read and rows of any script scanned, next to `orjson.loads` of their lines.

For each script, lines of JSON are made from a seed; one line in a hundred holds an item. Printed
are megabytes per CPU-second of `orjson.loads` (the peer), of reading words off plain text, and of
the wide scan (JSON to candidates, default and exhaustive), with the ratio to the peer; best of the
rounds, which take turns.

    python benchmarks/contamination/words_rate.py [--megabytes 8] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import random
import time
from typing import TYPE_CHECKING

import numpy as np
import orjson

from provenir.data.overlap.plain import PADDING
from provenir.data.overlap.seeds import SeedTable
from provenir.data.overlap.wide import find_wide_candidates, wide_seeds
from provenir.data.text.tokens import read_rows

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMS, ITEM_WORDS, LINE_WORDS, EVERY = 2_000, 50, 150, 100
SCRIPTS = {
    "english": (0x61, 0x7A, " "),
    "russian": (0x430, 0x44F, " "),
    "chinese": (0x4E00, 0x7FFF, ""),
    "korean": (0xAC00, 0xD7A3, " "),
    "russian, escaped": (0x430, 0x44F, " "),
}


def vocabulary(rng: random.Random, first: int, last: int) -> list[str]:
    longest = 4 if first > 0x1000 else 9
    return [
        "".join(chr(rng.randint(first, last)) for _ in range(rng.randint(1, longest)))
        for _ in range(20_000)
    ]


def table(items: list[str], *, exhaustive: bool) -> SeedTable:
    seeds = [wide_seeds(item, exhaustive=exhaustive) for item in items]
    owners = np.repeat(np.arange(len(seeds), dtype=np.int32), [len(part) for part in seeds])
    settings = {"max_df": None} if exhaustive else {}
    return SeedTable.build(np.concatenate(seeds), owners, **settings)


def measure(script: str, size: int, rounds: int) -> None:
    rng = random.Random(1)
    first, last, blank = SCRIPTS[script]
    words = vocabulary(rng, first, last)
    items = [blank.join(rng.choices(words, k=ITEM_WORDS)) for _ in range(ITEMS)]
    lines: list[bytes] = []
    total = 0
    while total < size:
        text = blank.join(rng.choices(words, k=LINE_WORDS))
        if len(lines) % EVERY == 0:
            text += blank + rng.choice(items)
        line = json.dumps({"text": text}, ensure_ascii="escaped" in script).encode() + b"\n"
        lines.append(line)
        total += len(line)
    buf = np.frombuffer(b"".join(lines) + bytes(PADDING), np.uint8)
    starts = np.array([0, *np.cumsum([len(line) for line in lines])], np.int64)
    rows, whole = np.arange(len(lines)), (starts[:1], starts[-1:])
    tables = [table(items, exhaustive=exhaustive) for exhaustive in (False, True)]

    def scan(exhaustive: bool) -> None:
        find_wide_candidates(
            buf, starts, rows, json=True, table=tables[exhaustive], exhaustive=exhaustive
        )

    runs: dict[str, Callable[[], object]] = {
        "orjson.loads": lambda: [orjson.loads(line) for line in lines],
        "words": lambda: [0 for _ in read_rows(buf, whole, json=False, strict=False)],
        "wide scan": lambda: scan(False),
        "exhaustive": lambda: scan(True),
    }
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, run in runs.items():
            begun = time.process_time()
            run()
            best[name] = min(best[name], time.process_time() - begun)
    peer = best["orjson.loads"]
    figures = (
        f"{name} {total / 1e6 / spent:.0f} MB/s ({peer / spent:.2f})"
        for name, spent in best.items()
    )
    print(f"{script}: {', '.join(figures)}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the reading of words and the wide scan.")
    parser.add_argument("--megabytes", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    for script in SCRIPTS:
        measure(script, args.megabytes * 1_000_000, args.rounds)


if __name__ == "__main__":
    main()
