"""The closed language of admission rules: what a condition may be, and whether it holds.

A condition is JSON of a fixed shape (`docs/reference/ledger.md`, "policy.json"). It has no
functions, no loops and no access to anything but the fields below, so that whoever signs it can
read all that it may do, and a second implementation answers alike. Comparing two types is an
error, never false: a rule that is wrong about its data must not let it through by a `not`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from provenir.core.errors import InputError, UsageError
from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.core.text import is_encodable

__all__ = [
    "FIELDS",
    "MAX_DEPTH",
    "MAX_NODES",
    "Fact",
    "check",
    "evaluate",
    "parse_day",
    "size",
    "value_of",
]

Fact = str | int | bool | date | None
"""What a field or a literal can be; a boolean is no integer here."""

FIELDS: Final = (
    *("source", "rights", "license", "license_expires", "consent", "jurisdiction", "pii"),
    *("content_class", "date", "base", "band"),
)
MAX_DEPTH: Final = 32
"""Most nested expressions."""
MAX_NODES: Final = 1_000
"""Most expressions, values and literals in one condition."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS: Final[dict[type, str]] = {
    str: "text", int: "an integer", bool: "a boolean", date: "a date", type(None): "null"
}  # fmt: skip


def parse_day(text: object) -> date:
    """Read a date in its one form, ``YYYY-MM-DD``.

    Raises:
        InputError: Another form, or a day that the calendar does not have.
    """
    refusal = InputError(f"{str(text)[:40]!r} is not a date", mend="write one like 2026-01-31")
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        raise refusal
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise refusal from error


def evaluate(expression: Any, facts: Mapping[str, Fact]) -> bool:
    """Say whether an expression that `check` accepts holds.

    Args:
        expression: A JSON value.
        facts: Every field of `FIELDS`.

    Raises:
        InputError: It compares two types of which none is null, or orders what has no order.
    """
    if isinstance(expression, bool):
        return expression
    operator, *parts = expression
    if operator == "and":
        return all(evaluate(part, facts) for part in parts)
    if operator == "or":
        return any(evaluate(part, facts) for part in parts)
    if operator == "not":
        return not evaluate(parts[0], facts)
    left = value_of(parts[0], facts)
    if operator == "in":
        return any(_equal(left, literal) for literal in parts[1])
    right = value_of(parts[1], facts)
    if operator in ("==", "!="):
        return _equal(left, right) is (operator == "==")
    return _before(left, right, or_equal=operator == "<=")


def value_of(value: Any, facts: Mapping[str, Fact]) -> Fact:
    """Return what a literal, a date or a field stands for."""
    if isinstance(value, Mapping):
        return facts[value["field"]] if "field" in value else parse_day(value["date"])
    literal: Fact = value
    return literal


def _equal(left: Fact, right: Fact) -> bool:
    if left is None or right is None:
        return left is right
    if type(left) is not type(right):
        raise _mixed(left, right)
    return left == right


def _before(left: Any, right: Any, *, or_equal: bool) -> bool:
    if type(left) is not type(right) or type(left) not in (int, date):
        raise _mixed(left, right)
    return bool(left <= right if or_equal else left < right)


def _mixed(left: Fact, right: Fact) -> InputError:
    return InputError(f"cannot compare {_WORDS[type(left)]} with {_WORDS[type(right)]}")


def check(expression: object) -> None:
    """Refuse what is not an expression of the language, wherever in it that stands.

    Raises:
        UsageError: Another shape, operator, field or literal, deeper than `MAX_DEPTH`, more than
            `MAX_NODES`.
        InputError: A date that there is not.
    """
    size(expression)


def size(expression: object) -> int:
    """Count the expressions, values and literals of an expression; raises as `check`."""
    left = [MAX_NODES]
    _check(expression, 1, left)
    return MAX_NODES - left[0]


def _check(expression: Any, depth: int, left: list[int]) -> None:
    _count(left)
    _need(depth <= MAX_DEPTH, f"nested deeper than {MAX_DEPTH} levels")
    match expression:
        case bool():
            pass
        case ["and" | "or", _, *_] | ["not", _]:
            for part in expression[1:]:
                _check(part, depth + 1, left)
        case ["==" | "!=" | "<" | "<=", first, second]:
            _check_value(first, left)
            _check_value(second, left)
        case ["in", value, [_, *_] as literals]:
            _check_value(value, left)
            for literal in literals:
                _check_literal(literal, left)
        case [str() as operator, *parts]:
            _need(False, f"{operator[:20]!r} with {len(parts)} such operands is no expression")
        case _:
            _need(False, "an expression is true, false, or a list that begins with its operator")


def _check_value(value: Any, left: list[int]) -> None:
    match value:
        case {"field": name, **others} if not others:
            _count(left)
            _need(name in FIELDS, f"the field {str(name)[:40]!r} is none of {' '.join(FIELDS)}")
        case {"date": text, **others} if not others:
            _count(left)
            parse_day(text)
        case _:
            _check_literal(value, left)


def _check_literal(value: Any, left: list[int]) -> None:
    _count(left)
    kind = type(value)
    _need(kind in (str, int, bool, type(None)), "a literal is text, an integer, a boolean or null")
    _need(kind is not int or abs(value) <= MAX_SAFE_INTEGER, "an integer beyond 2^53")
    _need(kind is not str or is_encodable(value), "text with a lone surrogate")


def _count(left: list[int]) -> None:
    left[0] -= 1
    _need(left[0] >= 0, f"more than {MAX_NODES} parts")


def _need(holds: bool, what: str) -> None:
    if not holds:
        raise UsageError(what, mend="see the language in docs/reference/ledger.md")
