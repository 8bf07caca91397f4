"""Recall by kind of leak and length, false positives by kind of look-alike, over thresholds.

Everything goes through `provenir.eval.contamination.ContaminationChecker`: files in, hits out. A
leak is found when a hit of severity warning or above names its row and its item; a look-alike is a
false positive when its row has any such hit. Two controls: items that were never planted, and hits
on leaked rows that name another item.

    python benchmarks/contamination/quality.py --half tune [--thresholds 0.2 0.3 0.4 0.5 0.6]
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from corpus import WORK
from items import BUCKETS
from leaks import (
    FORMATS,
    KINDS,
    NEGATIVES,
    OTHERS,
    Plan,
    Planted,
    make_plan,
    rows_by_place,
    write_plan,
)
from sources import HALVES, load

from provenir.eval.contamination import ContaminationChecker, ContaminationConfig

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SEEDS = {"tune": 11, "report": 4_242}
Z = 1.959963984540054
"""The normal quantile of 97.5%."""
BARS = {
    **dict.fromkeys(FORMATS, 1.0),
    **dict.fromkeys(("interleaved", "moved", "edits 5%", "edits 10%"), 0.99),
    "edits 20%": 0.95,
    "truncated": 0.85,
}
FALSE_BARS = dict.fromkeys(NEGATIVES[:4], 0.01) | {"clean": 20e-5}


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the 95% score interval of a share (Wilson 1927); 0 to 1 without observations."""
    if of == 0:
        return 0.0, 1.0
    share = hits / of
    scale = 1 + Z * Z / of
    middle = (share + Z * Z / (2 * of)) / scale
    reach = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of)) / scale
    return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(slots=True)
class Outcome:
    """What one check found: shares as `[found, of]`, and the rows that were judged wrongly."""

    found: dict[tuple[str, str], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0])
    )
    variants: dict[tuple[str, str], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0])
    )
    flagged: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    wrong: list[tuple[int, str, float]] = field(default_factory=list)
    unplanted: int = 0
    others: int = 0
    hits: int = 0


def numbers_of(plan: Plan) -> dict[tuple[str, int], int]:
    """Return the number of the item at each place of each eval set."""
    seen: Counter[str] = Counter()
    numbers = {}
    for number, item in enumerate(plan.items):
        numbers[item.family, seen[item.family]] = number
        seen[item.family] += 1
    return numbers


def check(
    folder: Path, threshold: float | None, rule: str
) -> Iterable[tuple[int, str, int, float]]:
    """Yield `(row, eval set, index, score)` of the hits that say contaminated."""
    config = ContaminationConfig(rule=rule, threshold=threshold, max_hits=1_000_000)
    evals = {path.stem[5:]: path for path in sorted(folder.glob("eval-*.jsonl"))}
    report = ContaminationChecker(config).check_datasets(folder / "train.jsonl", evals)
    for hit in report.hits:
        if hit.severity != "info":
            yield hit.train_index, hit.eval_set, hit.eval_index, hit.score


def judge(
    plan: Plan,
    truth: dict[int, Planted],
    hits: Iterable[tuple[int, str, int, float]],
    clean: int,
) -> Outcome:
    """Compare the hits with the labels."""
    outcome = Outcome()
    numbers = numbers_of(plan)
    by_row: dict[int, dict[int, float]] = defaultdict(dict)
    for row, family, index, score in hits:
        number = numbers[family, index]
        by_row[row][number] = score
        outcome.hits += 1
        outcome.unplanted += number in plan.unplanted
    for place, row in truth.items():
        named = by_row.pop(place, {})
        if row.kind in NEGATIVES:
            counts = (outcome.flagged[row.kind], outcome.variants[row.kind, row.variant])
            wrong = bool(named)
        else:
            counts = (outcome.found[row.kind, row.bucket], outcome.variants[row.kind, row.variant])
            wrong = row.item not in named
            outcome.others += any(number != row.item for number in named)
        for count in counts:
            count[0] += bool(named) if row.kind in NEGATIVES else not wrong
            count[1] += 1
        if wrong:
            score = max(named.values(), default=0.0)
            outcome.wrong.append((place, " ".join(f"{n}" for n in named), score))
    outcome.flagged["clean"] = [len(by_row), clean]
    outcome.wrong.extend(
        (place, " ".join(f"{n}" for n in named), max(named.values()))
        for place, named in by_row.items()
    )
    return outcome


def shown(count: Sequence[int]) -> str:
    low, high = wilson(*count)
    return f"{count[0] / max(1, count[1]):.4f} [{low:.4f}, {high:.4f}] {count[0]}/{count[1]}"


def print_outcome(outcome: Outcome, *, variants: bool) -> None:
    """Print recall by kind and length, then false positives."""
    print("\nrecall at items of >= 30 words; n per kind in the last number")
    for kind in (*KINDS, *OTHERS):
        count = outcome.found.get((kind, ">=30"), [0, 0])
        bar = BARS.get(kind)
        verdict = "" if bar is None else ("ok" if count[0] >= bar * count[1] else f"BELOW {bar}")
        print(f"  {kind:16} {shown(count):34} {verdict}")
    print("\nrecall by length")
    print("  " + " " * 16 + "".join(f"{bucket:>30}" for bucket in BUCKETS[:3]))
    for kind in (*KINDS, *OTHERS):
        cells = (outcome.found.get((kind, bucket), [0, 0]) for bucket in BUCKETS[:3])
        print(f"  {kind:16}" + "".join(f"{_short(cell):>30}" for cell in cells))
    print("\nfalse positives: rows with a hit of severity warning")
    for kind in ("clean", *NEGATIVES):
        count = outcome.flagged[kind]
        bar = FALSE_BARS.get(kind)
        verdict = "" if bar is None else ("ok" if count[0] <= bar * count[1] else f"ABOVE {bar}")
        print(f"  {kind:16} {shown(count):34} {verdict}")
    if variants:
        print("\nby variant, all lengths")
        for (kind, variant), count in sorted(outcome.variants.items()):
            if variant:
                print(f"  {kind:16} {variant:16} {shown(count)}")
    print(
        f"\n{outcome.hits:,} hits; {outcome.unplanted} name an item that was never planted; "
        f"{outcome.others} leaked rows have a hit of another item too"
    )


def _short(count: Sequence[int]) -> str:
    if not count[1]:
        return "-"
    low, high = wilson(*count)
    return f"{count[0] / count[1]:.3f} [{low:.3f}, {high:.3f}]"


def print_curve(outcomes: dict[str, Outcome]) -> None:
    """Print recall (>= 30 words) and false positives by threshold."""
    print("\nthreshold curve: recall at >= 30 words, then shares of look-alikes flagged")
    print("  " + " " * 16 + "".join(f"{name:>9}" for name in outcomes))
    for kind in KINDS:
        cells = (outcome.found.get((kind, ">=30"), [0, 1]) for outcome in outcomes.values())
        print(f"  {kind:16}" + "".join(f"{found / of:9.4f}" for found, of in cells))
    for kind in ("clean", *NEGATIVES):
        cells = (outcome.flagged[kind] for outcome in outcomes.values())
        print(f"  {kind:16}" + "".join(f"{found / max(1, of):9.5f}" for found, of in cells))


def print_wrong(
    plan: Plan, truth: dict[int, Planted], folder: Path, outcome: Outcome, most: int
) -> None:
    """Print rows that were judged wrongly, some of each kind: those of the tune half only."""
    shown_of: Counter[tuple[str, str]] = Counter()
    wanted = {}
    for place, named, score in outcome.wrong:
        row = truth.get(place)
        key = (row.kind if row else "clean", row.bucket if row else "")
        shown_of[key] += 1
        if shown_of[key] <= most:
            wanted[place] = (
                key,
                row.variant if row else "",
                row.item if row else None,
                named,
                score,
            )
    with (folder / "train.jsonl").open("rb") as file:
        for place, line in enumerate(file):
            if place in wanted:
                key, variant, item, named, score = wanted[place]
                kind = " ".join((*key, variant))
                print(f"\n=== {kind} row {place}, hits: {named or 'none'} {score:.3f}")
                about = [] if item is None else [item]
                for number in dict.fromkeys([*about, *map(int, named.split()[:2])]):
                    record = plan.items[number].record
                    print("EVAL ", json.dumps(record, ensure_ascii=False)[:1_500])
                print("TRAIN", line.decode()[:6_000])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--half", choices=HALVES, default="report")
    parser.add_argument("--seed", type=int, help="another seed than the half's own")
    parser.add_argument("--rule", default="idf-aligned")
    parser.add_argument("--clean", type=int, default=100_000, help="clean documents")
    parser.add_argument("--per-kind", type=int, default=1_000, help="leaks of >= 30 words per kind")
    parser.add_argument("--thresholds", type=float, nargs="*", default=[])
    parser.add_argument("--variants", action="store_true")
    parser.add_argument(
        "--errors", type=int, default=0, help="so many of each kind; tune half only"
    )
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    seed = SEEDS[args.half] if args.seed is None else args.seed
    source = load(args.half, args.work)
    long = args.per_kind
    plan = make_plan(source, seed=seed, long=long, short=max(1, long * 3 // 10))
    folder = args.work / f"quality-{args.half}-{seed}-{args.clean}-{long}-{source.digest}"
    if not (folder / "train.jsonl").exists():
        write_plan(plan, source, folder, clean=args.clean, seed=seed)
    truth = rows_by_place(plan, clean=args.clean, seed=seed)
    print(
        f"half {args.half}, seed {seed}, source {source.digest}, rule {args.rule}: "
        f"{len(plan.items):,} items, {args.clean:,} clean rows, {len(plan.rows):,} labelled rows"
    )
    start = time.process_time()
    outcome = judge(plan, truth, check(folder, None, args.rule), args.clean)
    print(f"checked in {time.process_time() - start:.1f} s of CPU, compiling included")
    print_outcome(outcome, variants=args.variants)
    if args.thresholds:
        curve = {
            str(each): judge(plan, truth, check(folder, each, args.rule), args.clean)
            for each in args.thresholds
        }
        print_curve({"default": outcome, **curve})
    if args.errors and args.half == "tune":
        print_wrong(plan, truth, folder, outcome, args.errors)


if __name__ == "__main__":
    main()
