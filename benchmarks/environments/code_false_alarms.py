"""Findings in code that nobody wrote to cheat: the standard library and what is installed.

    python benchmarks/environments/code_false_alarms.py [--show 40] [--fenced] [--humaneval FILE]

Prints the share of files with a finding of severity warning or above, by rule, and the slowest.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sysconfig
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from provenir.environments import analyse

if TYPE_CHECKING:
    from collections.abc import Iterator


def files() -> Iterator[tuple[str, str]]:
    for place in ("stdlib", "purelib"):
        for path in sorted(Path(sysconfig.get_paths()[place]).rglob("*.py")):
            if place == "stdlib" and "site-packages" in path.parts:
                continue
            try:
                yield f"{place}:{path}", path.read_text(encoding="utf-8")
            except (UnicodeDecodeError, OSError):
                continue


def humaneval(path: str) -> Iterator[tuple[str, str, str]]:
    for line in gzip.decompress(Path(path).read_bytes()).decode().splitlines():
        row = json.loads(line)
        yield row["task_id"], row["prompt"] + row["canonical_solution"], row["prompt"]
        yield row["task_id"] + " body", row["canonical_solution"], row["prompt"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--fenced", action="store_true")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--rule", default="")
    parser.add_argument("--humaneval", default="")
    args = parser.parse_args()
    if args.humaneval:
        rows = ((name, text, prompt) for name, text, prompt in humaneval(args.humaneval))
    else:
        rows = ((name, text, None) for name, text in files())
    rules: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    total = alarmed = shown = 0
    slowest = (0.0, "")
    for number, (name, text, prompt) in enumerate(rows):
        if number % args.step != args.start or (args.limit and total >= args.limit):
            continue
        total += 1
        given = f"Here it is:\n```python\n{text}\n```\n" if args.fenced else text
        began = time.process_time()
        analysis = analyse(given, prompt=prompt)
        slowest = max(slowest, (time.process_time() - began, name))
        skipped.update(dict.fromkeys(analysis.skipped, 1))
        severe = [f for f in analysis.findings if f.severity != "info"]
        alarmed += bool(severe)
        kinds["tests" if "/test" in name else "library"] += bool(severe)
        rules.update({f.rule for f in severe})
        rules.update({f"({f.rule})" for f in analysis.findings if f.severity == "info"})
        for finding in severe:
            if shown < args.show and args.rule in finding.rule:
                shown += 1
                span = finding.spans[0]
                cut = given[span.start : span.end][:160]
                print(f"{name}\n    {finding.detail}\n    {cut!r}")
    print(f"{total} texts, {alarmed} with a finding >= warning ({alarmed / max(total, 1):.3%})")
    print(f"of them {dict(kinds)}; rules (in brackets: information): {dict(rules.most_common())}")
    print(f"not read or in part: {dict(skipped)}; slowest {slowest[0]:.3f} s {slowest[1]}")


if __name__ == "__main__":
    main()
