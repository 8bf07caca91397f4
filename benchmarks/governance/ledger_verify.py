"""How long a training ledger takes to verify up to V2, by the package and by the lone auditor.

The ledger has 10,000 steps of ten examples over fifteen blocks, from 200,000 rows of which half are
admitted; operator, governance and data source have signed. Each program is a process of its own,
as whoever asks would start it. The peer in the same run reads the same files: `json.loads` of
every line and of every document, and SHA-256 over the same bytes, line by line.

    python benchmarks/governance/ledger_verify.py [--steps 10000] [--batch 10] [--rounds 3]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from governed import Case, make_case  # noqa: E402

BLOCKS = ("embedding", *(f"layer.{i}" for i in range(12)), "final_norm", "head")
FILES = ("ledger", "details", "admission", "private/rows", "private/metadata")
DOCUMENTS = ("policy", "profiles", "routes", "blocks", "intent", "final", "close")


def made(place: Path, steps: int, batch: int) -> Case:
    """A signed run of so many steps; every second row of its dataset is admitted."""
    return make_case(
        place, rows=2 * steps * batch, epochs=1, batch=batch, micro=batch, step_s=1, blocks=BLOCKS
    )


def peer(folder: Path) -> None:
    """Read and hash the same files, and compare nothing."""
    for name in FILES:
        with (folder / f"{name}.jsonl").open("rb") as stream:
            for line in stream:
                json.loads(line)
                hashlib.sha256(line).digest()
    for name in DOCUMENTS:
        data = (folder / f"{name}.json").read_bytes()
        json.loads(data)
        hashlib.sha256(data).digest()


def seconds(words: list[str], state: Path) -> tuple[float, float, float]:
    """Wall time and CPU time of a program that must end well, and its peak memory in MiB."""
    began = time.perf_counter()
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], "
        "stdout=subprocess.DEVNULL); used = resource.getrusage(resource.RUSAGE_CHILDREN)"
        "; print(done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PROVENIR_STATE": str(state)},
    )
    spent = time.perf_counter() - began
    returned, cpu, peak = done.stdout.split()
    if returned != "0":
        raise SystemExit(f"a verification ended with {returned}: {words}")
    return spent, float(cpu), int(peak) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        case = made(Path(place) / "case", asked.steps, asked.batch)
        steps = json.loads((case.governed / "ledger.jsonl").read_bytes().splitlines()[-1])
        size = sum(path.stat().st_size for path in case.governed.rglob("*") if path.is_file())
        print(f"{steps['n_steps']:,} steps, {2 * asked.steps * asked.batch:,} rows, {size:,} bytes")
        words = [*case.words("--level", "V2"), "--json"]
        programs = {
            "provenir verify": [sys.executable, "-m", "provenir", "verify", *words],
            "provenir_audit.py": [sys.executable, str(ROOT / "auditor/provenir_audit.py"), *words],
        }
        times: dict[str, list[float]] = {name: [] for name in ("peer", *programs)}
        walls: dict[str, list[float]] = {name: [] for name in programs}
        peaks: dict[str, float] = {}
        for _ in range(asked.rounds):
            began = time.process_time()
            peer(case.governed)
            times["peer"].append(time.process_time() - began)
            for name, program in programs.items():
                wall, cpu, peaks[name] = seconds(program, Path(place) / "state.json")
                walls[name].append(wall)
                times[name].append(cpu)
    base = statistics.median(times["peer"])
    print(f"{'json and hashlib':<20} {base:6.2f} s of CPU")
    for name in programs:
        spent, wall = statistics.median(times[name]), statistics.median(walls[name])
        low, high = min(times[name]), max(times[name])
        print(
            f"{name:<20} {spent:6.2f} s of CPU ({low:.2f} to {high:.2f}), {spent / base:4.1f} x "
            f"json and hashlib; {wall:.2f} s on the clock, {peaks[name]:.0f} MiB"
        )


if __name__ == "__main__":
    main()
