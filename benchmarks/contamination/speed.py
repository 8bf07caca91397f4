"""What a check costs, JSONL to hits, against `orjson.loads` of every line of the same file.

Every measurement is a fresh process, compiled code cached on disk by a run before it. CPU seconds
are those of the whole process, from the start of Python to its end; two sizes give the cost of a
megabyte (slope) and what a check costs before the first one (intercept). Anonymous memory is the
highest RssAnon that polling of /proc/PID/status saw, every 5 ms.

    python benchmarks/contamination/speed.py [--megabytes 150 1500] [--shares 0 0.002 0.02]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from corpus import WORK, Corpus, encoded, write
from leaks import KINDS, make_plan, write_evals
from sources import HALVES, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.data.overlap.blocks import RowBlock

KERNEL_BYTES = 128 << 20
CHECK = """
import sys
from pathlib import Path
from provenir.eval.contamination import ContaminationChecker, ContaminationConfig
evals = {path.stem: path for path in sorted(Path(sys.argv[2]).glob("eval-*.jsonl"))}
checker = ContaminationChecker(ContaminationConfig(workers=int(sys.argv[3])))
print(len(checker.check_datasets(Path(sys.argv[1]), evals).hits))
"""
PEER = """
import sys
import orjson
with open(sys.argv[1], "rb") as file:
    for line in file:
        orjson.loads(line)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: CPU and wall seconds, MiB of anonymous memory; what it printed."""

    cpu: float
    wall: float
    anonymous: float
    printed: str


def run(code: str, *args: object) -> Cost:
    """Run code in a fresh process and watch it."""
    command = [sys.executable, "-c", code, *map(str, args)]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = 0
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        peak = max(peak, anonymous(process.pid))
        time.sleep(0.005)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    printed = process.stdout.read().strip() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"error: {' '.join(command[2:])} ended with {process.returncode}")
    return Cost(used.ru_utime + used.ru_stime, wall, peak / 1024, printed)


def anonymous(pid: int) -> int:
    """Return the process's anonymous resident memory in KiB; 0 where it has just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    _, found, rest = status.partition("RssAnon:")
    return int(rest.split()[0]) if found else 0


def best(code: str, *args: object, runs: int) -> Cost:
    """Return the cheapest of some runs by CPU, with the highest memory of all."""
    costs = [run(code, *args) for _ in range(runs)]
    cheapest = min(costs, key=lambda cost: cost.cpu)
    wall = min(cost.wall for cost in costs)
    return Cost(cheapest.cpu, wall, max(c.anonymous for c in costs), cheapest.printed)


def prepare(half: str, folder: Path, sizes: Sequence[float], shares: Sequence[float]) -> Path:
    """Write the training files and the eval sets; what an earlier run left is kept."""
    source = load(half, folder)
    place = folder / f"speed-{half}-{source.digest}"
    done = place / "done"
    wanted = [place / f"{size:g}-{share:g}.jsonl" for size in sizes for share in shares]
    if done.exists() and all(path.exists() for path in wanted):
        return place
    place.mkdir(parents=True, exist_ok=True)
    plan = make_plan(source, seed=77, long=60, short=20)
    write_evals(plan, place)
    leaks = [row.record for row in plan.rows if row.kind in KINDS]
    for size in sizes:
        clean = place / f"{size:g}-0.jsonl"
        if not clean.exists():
            write(clean, Corpus(source, seed=5), megabytes=size)
        for share in shares:
            path = place / f"{size:g}-{share:g}.jsonl"
            if not path.exists():
                contaminate(clean, path, share, leaks)
    done.touch()
    return place


def contaminate(clean: Path, path: Path, share: float, leaks: Sequence[dict[str, object]]) -> None:
    """Copy a file with some of its rows replaced by leaks."""
    rng = random.Random(3)
    with clean.open("rb") as source, path.open("wb") as target:
        for number, line in enumerate(source):
            chosen = rng.random() < share
            target.write(encoded(rng.choice(leaks), number) if chosen else line)


def compare(place: Path, sizes: Sequence[float], share: float, runs: int) -> None:
    """Print what one share of contamination costs."""
    costs: dict[tuple[str, int], list[Cost]] = {}
    for size in sizes:
        path = place / f"{size:g}-{share:g}.jsonl"
        costs.setdefault(("orjson", 1), []).append(best(PEER, path, runs=runs))
        for workers in (1, 2):
            costs.setdefault(("check", workers), []).append(
                best(CHECK, path, place, workers, runs=runs)
            )
    measured = [(place / f"{size:g}-{share:g}.jsonl").stat().st_size / 1e6 for size in sizes]
    print(f"\n{share:.1%} of the rows contaminated; {', '.join(f'{m:,.0f} MB' for m in measured)}")
    peer = costs["orjson", 1]
    for (name, workers), each in costs.items():
        span = measured[-1] - measured[0]
        slope = (each[-1].cpu - each[0].cpu) / span if span else each[0].cpu / measured[0]
        intercept = each[0].cpu - slope * measured[0]
        print(
            f"  {name:6} {workers} thread(s): CPU "
            + ", ".join(f"{cost.cpu:.2f} s" for cost in each)
            + f"; wall {', '.join(f'{cost.wall:.2f} s' for cost in each)}"
            + f"; {1e3 * slope:.3f} ms/MB + {intercept:.2f} s"
            + f"; RssAnon {', '.join(f'{cost.anonymous:.0f}' for cost in each)} MiB"
            + (f"; hits {each[-1].printed}" if each[-1].printed else "")
        )
        if name == "check":
            ratios = (cost.cpu / base.cpu for cost, base in zip(each, peer, strict=True))
            print(f"    CPU against orjson: {', '.join(f'{ratio:.2f}' for ratio in ratios)}")
    one, two = costs["check", 1], costs["check", 2]
    if len(sizes) > 1:
        gain = (one[-1].wall - one[0].wall) / (two[-1].wall - two[0].wall)
        print(f"    2 threads against 1, wall time of a megabyte: {gain:.2f} times as fast")


def kernel_gain(path: Path, place: Path, runs: int) -> None:
    """Print how much faster two threads are than one at the kernels that read every byte."""
    from provenir.data.overlap.blocks import Buffers, byte_ranges
    from provenir.data.overlap.frame import frame
    from provenir.data.overlap.index import EvalIndex
    from provenir.data.overlap.scan import find_candidates

    sets = {one.stem: lines(one) for one in sorted(place.glob("eval-*.jsonl"))}
    table = EvalIndex.build(sets).seeds
    found = path.stat()
    ranges = byte_ranges(path, min(found.st_size, KERNEL_BYTES), found.st_mtime_ns, 1 << 20, 4)
    ranges = [replace(one, size=found.st_size) for one in ranges]
    blocks = [one.read(Buffers(1))[0] for one in ranges]

    def scan(block: RowBlock) -> None:
        starts, _ = frame(block.buf, block.size)
        find_candidates(block.buf, starts, json=True, table=table)

    def wall(threads: int) -> float:
        with ThreadPoolExecutor(threads) as pool:
            start = time.perf_counter()
            list(pool.map(scan, blocks))
            return time.perf_counter() - start

    wall(1)
    one, two = (min(wall(threads) for _ in range(runs)) for threads in (1, 2))
    gain = f"2 threads {one / two:.2f} times as fast"
    print(f"kernels over {KERNEL_BYTES >> 20} MiB: {one:.2f} s, {gain}")


def lines(path: Path) -> list[dict[str, object]]:
    """Return the records of a file of JSON lines."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def cold_start(place: Path, runs: int) -> None:
    """Print what a check of one short row costs when compiled code is cached."""
    row = place / "one.jsonl"
    row.write_text('{"text": "a row of a few words that is no leak of anything"}\n')
    evals = place / "one"
    evals.mkdir(exist_ok=True)
    (evals / "eval-one.jsonl").write_text('{"question": "Which of the few words is no leak?"}\n')
    bare = best("pass", runs=runs)
    cost = best(CHECK, row, evals, 1, runs=runs)
    print(f"\ncold start, code cached: {cost.cpu:.2f} s of CPU; Python alone {bare.cpu:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--half", choices=HALVES, default="report")
    parser.add_argument("--megabytes", type=float, nargs="*", default=[150, 1500])
    parser.add_argument("--shares", type=float, nargs="*", default=[0, 0.002, 0.02])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    place = prepare(args.half, args.work, args.megabytes, args.shares)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, best of {args.runs}")
    run(CHECK, place / f"{args.megabytes[0]:g}-{args.shares[0]:g}.jsonl", place, 1)
    cold_start(place, args.runs)
    kernel_gain(place / f"{args.megabytes[0]:g}-{args.shares[0]:g}.jsonl", place, args.runs)
    for share in args.shares:
        compare(place, args.megabytes, share, args.runs)


if __name__ == "__main__":
    main()
