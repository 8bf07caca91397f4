"""Why an example was decided as it was: each condition up to the rule that decided.

For people and for programs; nothing here decides. The answers are those of
`provenir.governance.expressions`, part by part, and a part that was not looked at is not shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from provenir.core.errors import InputError
from provenir.governance.expressions import evaluate, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from provenir.governance.admission import AdmissionPolicy
    from provenir.governance.expressions import Fact

__all__ = ["Step", "explain", "spelled"]

Answer = Literal["true", "false", "error"]


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a condition that was looked at.

    Attributes:
        rule: The rule's name.
        depth: 0 for its whole condition.
        text: The part, with what its fields hold.
        answer: What it came to.
        why: What could not be compared, for an error.
    """

    rule: str
    depth: int
    text: str
    answer: Answer
    why: str | None = None


def explain(policy: AdmissionPolicy, facts: Mapping[str, Fact]) -> list[Step]:
    """Return what was looked at, rule by rule, up to the one that decided.

    Args:
        policy: The policy.
        facts: `provenir.governance.admission.facts_of` the example.
    """
    steps: list[Step] = []
    for rule in policy.rules:
        own = list(_steps(rule.name, rule.when, facts, 0))
        steps += own
        if own[0].answer != "false":
            break
    return steps


def spelled(expression: Any, facts: Mapping[str, Fact]) -> str:
    """Spell a condition as people write it, each field with its value behind it."""
    if isinstance(expression, bool):
        return _literal(expression)
    operator, *parts = expression
    if operator in ("and", "or"):
        return f" {operator} ".join(f"({spelled(part, facts)})" for part in parts)
    if operator == "not":
        return f"not ({spelled(parts[0], facts)})"
    left = _value(parts[0], facts)
    if operator == "in":
        return f"{left} in [{', '.join(map(_literal, parts[1]))}]"
    return f"{left} {operator} {_value(parts[1], facts)}"


def _steps(rule: str, expression: Any, facts: Mapping[str, Fact], depth: int) -> Iterator[Step]:
    answer, why = _answer(expression, facts)
    yield Step(rule, depth, spelled(expression, facts), answer, why)
    if isinstance(expression, bool) or expression[0] not in ("and", "or", "not"):
        return
    goes_on = {"and": "true", "or": "false", "not": ""}[expression[0]]
    for part in expression[1:]:
        own = list(_steps(rule, part, facts, depth + 1))
        yield from own
        if own[0].answer != goes_on:
            return


def _answer(expression: Any, facts: Mapping[str, Fact]) -> tuple[Answer, str | None]:
    try:
        return ("true" if evaluate(expression, facts) else "false"), None
    except InputError as fault:
        return "error", fault.what


def _value(value: Any, facts: Mapping[str, Fact]) -> str:
    held = value_of(value, facts)
    shown = _literal(held) if isinstance(held, str | bool | int | None) else held.isoformat()
    return f"{value['field']} ({shown})" if isinstance(value, dict) and "field" in value else shown


def _literal(value: str | bool | int | None) -> str:
    return json.dumps(value, ensure_ascii=False)
