"""CPU cost of `import provenir` over bare Python, in milliseconds, medians of alternating runs.

The peer in the same run is `import json`, the smallest thing that a script imports anyway.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

RUNS = 21


def cpu_ms(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> None:
    codes = {"bare": "pass", "json": "import json", "provenir": "import provenir"}
    for code in codes.values():
        cpu_ms(code)
    times = {name: [] for name in codes}
    for _ in range(RUNS):
        for name, code in codes.items():
            times[name].append(cpu_ms(code))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name in ("json", "provenir"):
        over = medians[name] - medians["bare"]
        print(f"import {name:<9} {over:6.1f} ms CPU over bare Python ({medians['bare']:.1f} ms)")


if __name__ == "__main__":
    main()
