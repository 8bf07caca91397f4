"""Conditions and facts for tests, and a slow second evaluator of conditions.

The evaluator here is written from `docs/reference/ledger.md` alone and answers in another way: it
turns every part into a tagged value first, and knows errors as values instead of exceptions.
"""

from __future__ import annotations

import datetime as dt
import re

from hypothesis import strategies as st

from provenir.governance.expressions import FIELDS

DAYS = st.dates(dt.date(2025, 12, 30), dt.date(2026, 1, 3))
TEXTS = st.sampled_from(["licensed", "open", "restricted", "", "é", "e\u0301", "2026-01-01"])
NUMBERS = st.sampled_from([0, 1, 2, -1, 2**53 - 1])
LITERALS = st.none() | st.booleans() | TEXTS | NUMBERS
VALUES = (
    LITERALS
    | st.sampled_from(FIELDS).map(lambda name: {"field": name})
    | DAYS.map(lambda day: {"date": day.isoformat()})
)
_LEAVES = (
    st.booleans()
    | st.tuples(st.sampled_from(["==", "!=", "<", "<="]), VALUES, VALUES).map(list)
    | st.tuples(st.just("in"), VALUES, st.lists(LITERALS, min_size=1, max_size=3)).map(list)
)
CONDITIONS = st.recursive(
    _LEAVES,
    lambda inner: (
        inner.map(lambda one: ["not", one])
        | st.lists(inner, min_size=1, max_size=3).map(lambda many: ["and", *many])
        | st.lists(inner, min_size=1, max_size=3).map(lambda many: ["or", *many])
    ),
    max_leaves=8,
)
"""Conditions that are of the language."""

_NULLABLE = {"license", "jurisdiction"}
FACTS = st.fixed_dictionaries(
    {
        name: st.none() | TEXTS if name in _NULLABLE else TEXTS
        for name in FIELDS
        if name not in ("license_expires", "date", "band")
    }
    | {"license_expires": st.none() | DAYS, "date": DAYS, "band": st.none() | st.integers(0, 3)}
)
"""Every field, of a type that it may have."""

ERROR = "error"


def slow_answer(condition, facts):
    """True, False, or `ERROR`."""
    if condition is True or condition is False:
        return condition
    operator = condition[0]
    if operator == "not":
        inner = slow_answer(condition[1], facts)
        return inner if inner == ERROR else not inner
    if operator in ("and", "or"):
        decisive = operator == "or"
        for part in condition[1:]:  # from the left; what follows the deciding one does not count
            answer = slow_answer(part, facts)
            if answer in (ERROR, decisive):
                return answer
        return not decisive
    if operator == "in":
        equals = [["==", condition[1], literal] for literal in condition[2]]
        return slow_answer(["or", *equals], facts)
    (left_tag, left), (right_tag, right) = (tagged(part, facts) for part in condition[1:])
    if operator in ("==", "!="):
        if left_tag != right_tag and "null" not in (left_tag, right_tag):
            return ERROR
        same = (left_tag, left) == (right_tag, right)
        return same if operator == "==" else not same
    if left_tag != right_tag or left_tag not in ("integer", "date"):
        return ERROR
    return left < right or (operator == "<=" and left == right)


def tagged(value, facts):
    if isinstance(value, dict):
        ((key, inner),) = value.items()
        return tagged(facts[inner], facts) if key == "field" else ("date", ordinal(inner))
    if value is None:
        return ("null", None)
    if value is True or value is False:
        return ("boolean", value)
    if isinstance(value, dt.date):
        return ("date", ordinal(value.isoformat()))
    return ("text", value) if isinstance(value, str) else ("integer", value)


def ordinal(text):
    year, month, day = map(int, re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text).groups())
    return (year * 12 + month) * 31 + day
