"""CPU cost of `import provenir` over bare Python, medians of alternating runs.

The peers in the same run are bare Python itself, `import json`, the smallest thing that a script
imports anyway, and `import pydantic`, which the package needs later and does not load at once.
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
    names = ("json", "pydantic", "provenir")
    codes = {"bare": "pass", **{name: f"import {name}" for name in names}}
    for code in codes.values():
        cpu_ms(code)
    times = {name: [] for name in codes}
    for _ in range(RUNS):
        for name, code in codes.items():
            times[name].append(cpu_ms(code))
    medians = {name: statistics.median(values) for name, values in times.items()}
    bare = medians["bare"]
    over = {name: medians[name] - bare for name in names}
    for name in names:
        print(f"import {name:<9} {over[name]:6.1f} ms CPU over bare Python ({bare:.1f} ms)")
    whole, part = medians["provenir"] / bare, over["provenir"] / over["pydantic"]
    print(f"ratio of the whole process, import provenir to bare Python: {whole:.2f}")
    print(f"ratio over bare Python, import provenir to import pydantic: {part:.2f}")


if __name__ == "__main__":
    main()
