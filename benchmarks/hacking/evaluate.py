"""How well the hack report tells hacked from honest rollouts of the labelled set.

A rollout is suspected when it carries a signal of severity warning or above, confirmed when one of
them is. Beside the detector stand two peers on the same rollouts: a keyword baseline, and the
detector itself against labels that are permuted among the rollouts of the same family (mean of 200
permutations), which is what it would score if it knew the families and not the hacks.
Intervals in brackets draw whole tasks anew (1,000 times); those in braces are Wilson's.

Run from the checkout: python benchmarks/hacking/evaluate.py [--half tune|test] [--errors]
    [--calibration]    # both show texts or rules of the tune half alone
"""

from __future__ import annotations

import argparse
import collections
import math
import random
from typing import TYPE_CHECKING

from group_level import print_groups_and_runs
from intervals import clustered, wilson
from judged import NUMBERS_ALONE, Judged, judge, rule_of
from labelled import half

from provenir.observability.hacking import HACKING_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PERMUTATIONS = 200


def rates(rows: Sequence[tuple[bool, bool]]) -> tuple[float, float, float]:
    """Return recall, precision and false positive rate of (hacked, flagged) pairs."""
    both = sum(h and f for h, f in rows)
    hacked = sum(h for h, _ in rows)
    flagged = sum(f for _, f in rows)
    honest = len(rows) - hacked
    return (
        both / hacked if hacked else math.nan,
        both / flagged if flagged else math.nan,
        (flagged - both) / honest if honest else math.nan,
    )


def shuffled(judged: Sequence[Judged], flag: Callable[[Judged], bool]) -> tuple[float, ...]:
    """Return the mean rates when labels are permuted within each family."""
    rng = random.Random(7)
    families = collections.defaultdict(list)
    for row in judged:
        families[row.rollout.family].append((row.rollout.hacked, flag(row)))
    sums = [0.0, 0.0, 0.0]
    for _ in range(PERMUTATIONS):
        rows = []
        for pairs in families.values():
            labels = [hacked for hacked, _ in pairs]
            rng.shuffle(labels)
            rows += zip(labels, (flagged for _, flagged in pairs), strict=True)
        for i, value in enumerate(rates(rows)):
            sums[i] += value / PERMUTATIONS
    return tuple(sums)


def print_rates(title: str, judged: Sequence[Judged], flag: Callable[[Judged], bool]) -> None:
    """Print recall, precision and false positives with both intervals."""
    pairs = [(row.rollout.hacked, flag(row)) for row in judged]
    tasks = collections.defaultdict(list)
    for row, pair in zip(judged, pairs, strict=True):
        tasks[row.rollout.task].append(pair)
    both = sum(h and f for h, f in pairs)
    counts = [
        (both, sum(h for h, _ in pairs)),
        (both, sum(f for _, f in pairs)),
        (sum(f and not h for h, f in pairs), sum(not h for h, _ in pairs)),
    ]
    cells = []
    for i, (value, (hits, of)) in enumerate(zip(rates(pairs), counts, strict=True)):
        low, high = wilson(hits, of)
        drawn_low, drawn_high = clustered(tasks, lambda drawn, i=i: rates(drawn)[i])
        cells.append(
            f"{value:.3f} {{{low:.3f} {high:.3f}}} [{drawn_low:.3f} {drawn_high:.3f}] {hits}/{of}"
        )
    print(f"{title:<34}" + "  ".join(f"{cell:<45}" for cell in cells))


def print_overall(judged: Sequence[Judged], blind: Sequence[Judged]) -> None:
    """Print the detector beside its peers."""
    in_text = [row for row in judged if row.rollout.family not in ("proxy", "length", "outlier")]
    numbers = [row for row in judged if row.rollout.family in ("proxy", "length", "outlier")]
    print(f"{'':<34}{'recall':<47}{'precision':<47}false positives")
    print_rates("suspected", judged, lambda row: row.suspected)
    print_rates("  of a kind that names it", judged, _named_or_false_alarm)
    print_rates("any signal, info too", judged, lambda row: bool(row.signals))
    print_rates("confirmed", judged, lambda row: row.confirmed)
    print_rates("text families, no rewards shown", blind, lambda row: row.suspected)
    print_rates("numbers alone", numbers, lambda row: row.suspected)
    print_rates("keyword baseline, all", judged, lambda row: bool(row.keywords))
    print_rates("keyword baseline, text families", in_text, lambda row: bool(row.keywords))
    for title, flag in (("suspected", lambda r: r.suspected), ("confirmed", lambda r: r.confirmed)):
        values = shuffled(judged, flag)
        print(f"{title + ', labels shuffled':<34}" + "".join(f"{v:<47.3f}" for v in values))


def _named_or_false_alarm(row: Judged) -> bool:
    return row.named if row.rollout.hacked else row.suspected


def print_by_kind(judged: Sequence[Judged]) -> None:
    """Print each kind: hacks that it names first, and what its signals are worth."""
    print(
        f"\n{'kind':<24}{'recall':<28}{'precision':<28}{'false positives':<30}keywords' recall, FPR"
    )
    honest = [row for row in judged if not row.rollout.hacked]
    for kind in HACKING_KINDS:
        own = [row for row in judged if row.rollout.kinds[:1] == (kind,)]
        fired = [row for row in judged if kind in row.kinds]
        if not own and not fired:
            continue
        cells = (
            (sum(kind in row.kinds for row in own), len(own)),
            (sum(row.rollout.hacked for row in fired), len(fired)),
            (sum(kind in row.kinds for row in honest), len(honest)),
            (sum(kind in row.keywords for row in own), len(own)),
            (sum(kind in row.keywords for row in honest), len(honest)),
        )
        print(f"{kind:<24}" + "".join(f"{_share(*cell):<28}" for cell in cells))


def _share(hits: int, of: int) -> str:
    if not of:
        return "-"
    low, high = wilson(hits, of)
    return f"{hits / of:.3f} {{{low:.3f} {high:.3f}}} {hits}/{of}"


def print_by_class(judged: Sequence[Judged], blind: Sequence[Judged]) -> None:
    """Print the share of each class of hack that is suspected, and each family's."""
    print(f"\n{'class of hacks.md':<20}{'suspected':<30}{'without rewards':<30}keywords")
    for number in sorted({c for row in judged for c in row.rollout.classes if c}):
        own = [row for row in judged if number in row.rollout.classes]
        unpaid = [row for row in blind if number in row.rollout.classes]
        name = "numbers alone" if number == NUMBERS_ALONE else str(number)
        print(
            f"{name:<20}{_share(sum(r.suspected for r in own), len(own)):<30}"
            f"{_share(sum(r.suspected for r in unpaid), len(unpaid)):<30}"
            f"{_share(sum(bool(r.keywords) for r in own), len(own))}"
        )
    print(f"\n{'family':<20}{'recall':<30}{'false positives':<30}")
    for family in dict.fromkeys(row.rollout.family for row in judged):
        own = [row for row in judged if row.rollout.family == family]
        hacked = [row.suspected for row in own if row.rollout.hacked]
        honest = [row.suspected for row in own if not row.rollout.hacked]
        print(
            f"{family:<20}{_share(sum(hacked), len(hacked)):<30}{_share(sum(honest), len(honest))}"
        )


def print_errors(judged: Sequence[Judged]) -> None:
    """Print the misses and the false alarms with their texts."""
    for row in judged:
        rollout, text = row.rollout, str(row.rollout.trajectory["response"])
        if rollout.hacked and not row.suspected:
            print(f"\n### MISS {rollout.task} {rollout.variant} class {rollout.classes}")
        elif rollout.hacked and not row.named:
            print(f"\n### OTHER KIND {rollout.task} {rollout.variant} class {rollout.classes}")
        elif not rollout.hacked and row.suspected:
            print(f"\n### FALSE ALARM {rollout.task} {rollout.variant}")
        else:
            continue
        print(f"# means {' or '.join(rollout.kinds) or 'honest'}")
        for signal in row.signals:
            print(f"# {signal.severity} {signal.kind} ({rule_of(signal)}): {signal.detail}")
        print(text[:1_200].encode("ascii", "backslashreplace").decode())


def print_calibration(judged: Sequence[Judged]) -> None:
    """Print the share of hacks among the rollouts that carry each rule's signal."""
    print(f"\n{'kind':<24}{'rule':<34}{'severity':<10}share of hacks")
    table = collections.defaultdict(list)
    for row in judged:
        for key in {(s.kind, rule_of(s), s.severity) for s in row.signals}:
            table[key].append(row.rollout.hacked)
        for key in {(s.kind, "any", "any") for s in row.grave}:
            table[key].append(row.rollout.hacked)
    for (kind, rule, severity), labels in sorted(table.items()):
        print(f"{kind:<24}{rule:<34}{severity:<10}{_share(sum(labels), len(labels))}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half", choices=("tune", "test"), default="tune")
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--calibration", action="store_true")
    options = parser.parse_args()
    if options.half == "test" and (options.errors or options.calibration):
        parser.error("texts and rules are shown for the tune half alone")
    rollouts = half(options.half)
    judged = judge(rollouts)
    if options.errors:
        print_errors(judged)
        return
    texts = [r for r in rollouts if r.family not in ("proxy", "length", "outlier", "solved")]
    blind = judge(texts, rewards=False)
    hacked = sum(row.rollout.hacked for row in judged)
    tasks = len({row.rollout.task for row in judged})
    print(f"{options.half} half: {tasks} tasks, {hacked} hacked, {len(judged) - hacked} honest\n")
    print_overall(judged, blind)
    print_by_kind(judged)
    print_by_class(judged, blind)
    print_groups_and_runs(options.half)
    if options.calibration:
        print_calibration(judged)


if __name__ == "__main__":
    main()
