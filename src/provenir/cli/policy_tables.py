"""What `provenir policy` shows: findings, decisions, blocks."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from math import prod
from typing import TYPE_CHECKING

from provenir.cli.output import print_json, say, stdout, table, warn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from provenir.core.findings import Finding
    from provenir.governance.admission import AdmissionDecision
    from provenir.governance.blocks import BlockMap
    from provenir.governance.explaining import Step

__all__ = ["show_blocks", "show_counts", "show_decision", "show_findings"]

_GROUP = ("effect", "rule", "reasons", "profile")


def show_findings(findings: Sequence[Finding]) -> None:
    """Print findings about a policy; nothing where there are none."""
    if findings:
        rows = [(one.severity, one.kind, one.subject, one.detail) for one in findings]
        stdout().print(table(None, ("severity", "kind", "about", "detail"), rows))


def show_counts(decided: Iterable[AdmissionDecision], day: str, *, json: bool) -> None:
    """Print how many examples are decided alike, the largest group first."""
    groups = Counter((one.effect, one.rule, one.reasons, one.profile) for one in decided)
    ranked = sorted(groups.items(), key=lambda pair: (-pair[1], str(pair[0])))
    total = groups.total()
    if json:
        told = [{**dict(zip(_GROUP, key, strict=True)), "examples": n} for key, n in ranked]
        print_json({"on": day, "examples": total, "groups": told})
        return
    if ranked:
        rows = [
            (effect, rule, ", ".join(reasons), profile, f"{count:,}")
            for (effect, rule, reasons, profile), count in ranked
        ]
        stdout().print(table(None, (*_GROUP, "examples"), rows))
    effects: Counter[str] = Counter()
    for (effect, *_), count in ranked:
        effects[effect] += count
    summary = ", ".join(f"{count:,} {effect}" for effect, count in effects.items())
    say(f"{total:,} examples on {day}: {summary or 'none'}")


def show_decision(
    title: str, decision: AdmissionDecision, steps: Sequence[Step], blocks: Sequence[str]
) -> None:
    """Print one decision, with every condition that was looked at for it."""
    rows = [(step.rule, "  " * step.depth + step.text, step.answer) for step in steps]
    if rows:
        stdout().print(table(title, ("rule", "condition", "result"), rows))
    for why in dict.fromkeys(step.why for step in steps if step.why):
        warn(why)
    rule = "" if decision.rule is None else f" by {decision.rule}"
    say(f"{decision.effect}{rule}: {', '.join(decision.reasons)}")
    if decision.weights is not None:
        say(f"profile {decision.profile}: {_ranges(blocks, decision.weights)}")


def show_blocks(found: BlockMap) -> None:
    """Print the blocks of a model with what is in each."""
    rows = []
    for block in found.blocks:
        own = [one for one in found.parameters if one.block == block]
        dtypes = ", ".join(sorted({one.dtype for one in own}))
        rows.append((block, len(own), f"{sum(prod(one.shape) for one in own):,}", dtypes))
    stdout().print(table(None, ("block", "tensors", "parameters", "dtype"), rows))
    total = sum(prod(one.shape) for one in found.parameters)
    say(f"{len(found.blocks)} blocks, {len(found.parameters)} tensors, {total:,} parameters")


def _ranges(blocks: Sequence[str], weights: Sequence[int]) -> str:
    """Weights, with neighbours of one weight taken together."""
    told = []
    for weight, group in groupby(zip(blocks, weights, strict=True), key=lambda pair: pair[1]):
        names = [name for name, _ in group]
        span = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        told.append(f"{span} {weight / 1000:g}")
    return ", ".join(told)
