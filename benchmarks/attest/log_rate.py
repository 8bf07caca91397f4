"""Entries a second that are durable, and what a proof costs in a log of a million of them.

The peer in the same run is a plain `write` and `fsync` of the same bytes in the same groups, with
nothing computed: what the disk alone allows. The log's time includes making the events. A proof is
asked of a fresh value each time, which opens the log by its index.

    python benchmarks/attest/log_rate.py [--entries 1000000] [--group 256] [--rounds 5]
        [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from provenir.attest.event import LogEvent
from provenir.attest.log import EventLog, consistency_holds, inclusion_holds
from provenir.attest.segments import Segments

RATED = 25_600
PROOFS = 50
MODEL = "sha256:" + "ab" * 32


def events(start: int, count: int) -> list[LogEvent]:
    return [
        LogEvent(
            type="evaluation",
            name=f"eval {number}",
            subjects={"model": MODEL},
            payload={"score": 0.71, "step": number},
        )
        for number in range(start, start + count)
    ]


def log_rate(folder: Path, group: int) -> tuple[float, float, list[bytes]]:
    """Entries a second in groups, entries a second of CPU time, and what was written."""
    log = EventLog(folder)
    began, cpu = time.perf_counter(), time.process_time()
    for start in range(0, RATED, group):
        log.append_many(events(start, min(group, RATED - start)))
    spent, used = time.perf_counter() - began, time.process_time() - cpu
    lines = [line.text + b"\n" for line in Segments.of(folder).lines()]
    groups = [b"".join(lines[start : start + group]) for start in range(0, RATED, group)]
    return RATED / spent, RATED / used, groups


def peer_rate(path: Path, groups: list[bytes]) -> float:
    """The same bytes by `write` and `fsync` alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    began = time.perf_counter()
    for data in groups:
        os.write(descriptor, data)
        os.fsync(descriptor)
    spent = time.perf_counter() - began
    os.close(descriptor)
    return RATED / spent


def rates(folder: Path, group: int, rounds: int) -> None:
    ours, by_cpu, peers = [], [], []
    for number in range(rounds):
        rate, cpu, groups = log_rate(folder / f"log-{number}", group)
        ours.append(rate)
        by_cpu.append(cpu)
        peers.append(peer_rate(folder / f"plain-{number}", groups))
    rate, peer = statistics.median(ours), statistics.median(peers)
    size = sum(map(len, groups)) / RATED
    print(f"groups of {group}, {size:.0f} bytes an entry, median of {rounds} rounds of {RATED:,}")
    print(f"  log, events included  {rate:10,.0f} durable entries/s (lowest {min(ours):,.0f})")
    print(f"  log, by its CPU time  {statistics.median(by_cpu):10,.0f} entries/s")
    print(f"  plain write + fsync   {peer:10,.0f} entries/s, ratio log to plain {rate / peer:.3f}")


def timed_ms(action: object) -> float:
    began = time.perf_counter()
    action()  # type: ignore[operator]
    return (time.perf_counter() - began) * 1e3


def shown(times: list[float]) -> str:
    return f"median {statistics.median(times):.2f} ms, slowest {max(times):.2f} ms"


def proofs(folder: Path, entries: int) -> None:
    log = EventLog(folder)
    began = time.perf_counter()
    for start in range(0, entries, 4_096):
        log.append_many(events(start, min(4_096, entries - start)))
    print(f"{entries:,} entries written in {time.perf_counter() - began:.0f} s")
    rng = random.Random(1)
    cpu = time.process_time()
    inclusion, consistency, hashes, whole = [], [], [], []
    for _ in range(PROOFS):
        index, old = rng.randrange(entries), rng.randrange(1, entries)
        made: list[dict[str, object]] = []
        inclusion.append(timed_ms(lambda: made.append(EventLog(folder).inclusion(index))))  # noqa: B023
        consistency.append(timed_ms(lambda: made.append(EventLog(folder).consistency(old))))  # noqa: B023
        assert inclusion_holds(made[0])
        assert consistency_holds(made[1])
        hashes += [len(json.dumps(each["proof"])) for each in made]
        whole += [len(json.dumps(each)) for each in made]
    cpu_ms = (time.process_time() - cpu) / (2 * PROOFS) * 1e3
    print(f"  inclusion proof    {shown(inclusion)}")
    print(f"  consistency proof  {shown(consistency)}")
    print(f"  CPU time           {cpu_ms:.2f} ms a proof, its check included")
    print(f"  largest proof      {max(hashes)} bytes of hashes, {max(whole)} the whole document")
    print(f"  size and root      {shown([timed_ms(EventLog(folder).state) for _ in range(20)])}")
    code = (
        "import sys; from provenir.attest.log import EventLog; EventLog(sys.argv[1]).inclusion(7)"
    )
    started = timed_ms(lambda: subprocess.run([sys.executable, "-c", code, folder], check=True))
    bare = "from provenir.attest.log import EventLog"
    idle = timed_ms(lambda: subprocess.run([sys.executable, "-c", bare], check=True))
    print(
        f"  in a fresh process {started:.0f} ms, of which {idle:.0f} ms are its start and imports"
    )
    print(f"  every line read    {timed_ms(EventLog(folder).examine) / 1e3:.1f} s (log verify)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--group", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--folder", type=Path, help="where to write; a temporary folder unless given"
    )
    args = parser.parse_args()
    print(f"load of the machine at the start: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        rates(Path(name), args.group, args.rounds)
        (Path(name) / "single").mkdir()
        rates(Path(name) / "single", 1, 1)
        proofs(Path(name) / "long", args.entries)


if __name__ == "__main__":
    main()
