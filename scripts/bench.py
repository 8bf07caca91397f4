"""Run the benchmarks at their quick sizes, as `benchmarks/quick.toml` has them.

One that fails stops none of the others: the last lines name those that failed.
"""

from __future__ import annotations

import subprocess
import sys
import time
import tomllib
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


def main() -> int:
    """Return 1 where a benchmark failed or missed a bar."""
    plan = tomllib.loads((BENCHMARKS / "quick.toml").read_text(encoding="utf-8"))
    failed = []
    for name, arguments in plan["run"].items():
        print("==", "benchmarks/" + name, *arguments, flush=True)
        began = time.monotonic()
        ended = subprocess.run([sys.executable, BENCHMARKS / name, *arguments], check=False)
        print(f"-- {time.monotonic() - began:.0f} s\n", flush=True)
        if ended.returncode:
            failed.append(f"{name} (exit {ended.returncode})")
    for name, reason in plan["left_out"].items():
        print(f"not run: benchmarks/{name}: {reason}")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
