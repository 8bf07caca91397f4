"""HumanEval's canonical solutions through `CodeVerifier`, and programs that solve none of it.

    python benchmarks/environments/humaneval.py humaneval.jsonl.gz [--limit 20] [--show]

Prints how many canonical solutions pass, how many programs pass that solve nothing, each with its
95% Wilson interval, and the verdicts per second. A program that solves nothing and passes is a
fault of the verifier or of the task's tests; `--show` names it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import time
from pathlib import Path
from typing import Any

from provenir.environments import CodeVerifier, verify_many

NORMAL = 1.959963984540054
CHEATS = {
    "returns None": "def {entry}(*args):\n    return None\n",
    "returns 0": "def {entry}(*args):\n    return 0\n",
    "returns True": "def {entry}(*args):\n    return True\n",
    "returns an empty list": "def {entry}(*args):\n    return []\n",
    "returns its argument": "def {entry}(first, *rest):\n    return first\n",
    "returns NaN": "def {entry}(*args):\n    return float('nan')\n",
    "raises StopIteration": "def {entry}(*args):\n    raise StopIteration\n",
    "exits": "import sys\n\n\ndef {entry}(*args):\n    sys.exit(0)\n",
    "agrees with everything": (
        "class Yes(float):\n"
        "    def yes(self, *args):\n        return True\n\n"
        "    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = yes\n"
        "    __hash__ = float.__hash__\n\n"
        "    def zero(self, *args):\n        return 0.0\n\n"
        "    __sub__ = __rsub__ = __abs__ = __round__ = zero\n\n\n"
        "def {entry}(*args):\n    return Yes(0)\n"
    ),
    "is a class near everything": (
        "class {entry}:\n"
        "    def __init__(self, *args):\n        pass\n\n"
        "    def __sub__(self, other):\n        return 0.0\n\n"
        "    def __eq__(self, other):\n        return True\n"
    ),
    "measures for itself": (
        "def abs(value):\n    return 0\n\n\ndef poly(*args):\n    return 0.0\n\n\n"
        "def encode_cyclic(text):\n    return text\n\n\nencode_shift = encode_cyclic\n\n\n"
        "def {entry}(first, *rest):\n    return first if isinstance(first, str) else 0.0\n"
    ),
}


def read(path: Path) -> list[dict[str, str]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def reference(task: dict[str, str]) -> dict[str, Any]:
    return {"test_code": task["test"], "entry_point": task["entry_point"], "prompt": task["prompt"]}


def wilson(hits: int, of: int) -> str:
    scale = 1 + NORMAL**2 / of
    middle = (hits / of + NORMAL**2 / (2 * of)) / scale
    reach = NORMAL * math.sqrt(hits * (of - hits) / of**3 + NORMAL**2 / (4 * of**2)) / scale
    return f"[{max(0.0, middle - reach):.4f}, {min(1.0, middle + reach):.4f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="humaneval.jsonl or humaneval.jsonl.gz")
    parser.add_argument("--limit", type=int, default=None, help="the first so many tasks")
    parser.add_argument("--show", action="store_true", help="name what is judged wrongly")
    args = parser.parse_args()
    tasks = read(args.path)[: args.limit]
    verifier = CodeVerifier()
    began, judged = time.perf_counter(), 0
    kinds = {"canonical solution": [t["prompt"] + t["canonical_solution"] for t in tasks]}
    for name, template in CHEATS.items():
        kinds[name] = [template.format(entry=task["entry_point"]) for task in tasks]
    for name, programs in kinds.items():
        right = name == "canonical solution"
        results = verify_many(verifier, programs, map(reference, tasks))
        judged += len(results)
        passed = sum(result.passed for result in results)
        print(f"{name:28} {passed:4} of {len(tasks)} pass  {wilson(passed, len(tasks))}")
        for task, result in zip(tasks, results, strict=True):
            if args.show and result.passed != right:
                print(f"    {task['task_id']}: {result.detail}")
    spent = time.perf_counter() - began
    print(f"{judged / spent:.0f} verdicts/s, layer {verifier.sandbox.layer}")


if __name__ == "__main__":
    main()
