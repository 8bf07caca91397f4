"""What the identity of a data set costs, by container: CPU time a row, peak memory of the process.

The peer in the same run is what a script does anyway: `json.loads` of every line of the same rows.
Each measurement is a process of its own, its start included; the rows have about 390 bytes.

    python benchmarks/data/reading.py [--rows 50000 500000]
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

KINDS = ("jsonl", "jsonl.gz", "jsonl.zst", "json", "parquet")
WORDS = ("a", "train", "leaves", "with", "nine", "apples", "and", "arrives", "four", "hours", "on")
IDENTITY = """
import sys
from provenir.data import Dataset
assert Dataset(sys.argv[1]).identity().known
"""
PEER = """
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    json.loads(line)
"""
USED = """
import resource
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""


def row(number: int, rng: random.Random) -> dict[str, object]:
    prompt, solution = (" ".join(rng.choices(WORDS, k=k)) for k in (26, 38))
    return {"id": number, "prompt": prompt, "solution": solution, "answer": str(number % 10)}


def write(folder: Path, count: int) -> None:
    rng = random.Random(0)
    rows = [row(number, rng) for number in range(count)]
    lines = "".join(json.dumps(each) + "\n" for each in rows).encode()
    (folder / "rows.jsonl").write_bytes(lines)
    (folder / "rows.jsonl.gz").write_bytes(gzip.compress(lines))
    (folder / "rows.json").write_text(json.dumps(rows))
    try:
        import pyarrow as pa
        import zstandard
        from pyarrow import parquet
    except ImportError as missing:
        print(f"without .zst and .parquet: {missing}")
        return
    (folder / "rows.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(lines))
    parquet.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")


def measured(code: str, file: Path) -> tuple[float, float]:
    """CPU seconds, and peak resident memory in MiB, of a process that runs the code."""
    command = [sys.executable, "-c", code + USED, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, mebibytes = done.stdout.split()
    return float(seconds), float(mebibytes)


def compare(folder: Path, count: int) -> None:
    size = (folder / "rows.jsonl").stat().st_size
    peer, _ = measured(PEER, folder / "rows.jsonl")
    print(f"{count:,} rows, {size / count:.0f} bytes each, {size / 1e6:.0f} MB as JSONL")
    print(f"  json.loads  {peer / count * 1e6:5.1f} us a row")
    for kind in KINDS:
        if (folder / f"rows.{kind}").exists():
            spent, peak = measured(IDENTITY, folder / f"rows.{kind}")
            print(
                f"  .{kind:10} {spent / count * 1e6:5.1f} us a row, "
                f"ratio to json.loads {spent / peer:.1f}, peak {peak:.0f} MiB"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[50_000, 500_000])
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.write is not None:
        write(args.write, args.rows[0])
        return
    for count in args.rows:
        with tempfile.TemporaryDirectory() as name:
            # A child's peak begins at its parent's size: the rows are made in another process.
            command = [sys.executable, __file__, "--write", name, "--rows", str(count)]
            subprocess.run(command, check=True)
            compare(Path(name), count)


if __name__ == "__main__":
    main()
