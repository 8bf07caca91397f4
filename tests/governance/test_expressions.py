"""Conditions: what is of the language, and what they answer."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import Raising
from governance.conditions import CONDITIONS, ERROR, FACTS, slow_answer
from provenir.core.errors import InputError, ProvenirError, UsageError
from provenir.governance.expressions import (
    FIELDS,
    MAX_DEPTH,
    MAX_NODES,
    check,
    evaluate,
    parse_day,
)
from strategies import hostile_values, json_values

FACT = {
    **dict.fromkeys(FIELDS, "x"),
    "license": None,
    "license_expires": dt.date(2026, 1, 31),
    "date": dt.date(2026, 1, 31),
    "band": 2,
}
RIGHTS, DATE, ENDS = {"field": "rights"}, {"field": "date"}, {"field": "license_expires"}


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        (True, True),
        (["not", True], False),
        (["==", RIGHTS, "x"], True),
        (["!=", RIGHTS, "X"], True),
        (["<=", DATE, ENDS], True),
        (["<", DATE, ENDS], False),
        (["<", DATE, {"date": "2026-02-01"}], True),
        (["<", {"field": "band"}, 3], True),
        (["<=", 3, {"field": "band"}], False),
        (["==", {"field": "license"}, None], True),
        (["==", RIGHTS, None], False),
        (["!=", RIGHTS, None], True),
        (["==", None, None], True),
        (["in", RIGHTS, ["a", "x"]], True),
        (["in", RIGHTS, [None, "a"]], False),
        (["in", {"field": "license"}, ["a", None]], True),
        (["in", RIGHTS, ["x", 1]], True),
        (["and", False, ["<", RIGHTS, 1]], False),
        (["or", True, ["<", RIGHTS, 1]], True),
        (["==", "é", "e\u0301"], False),
    ],
)
def test_a_condition_answers(condition, answer):
    check(condition)
    assert evaluate(condition, FACT) is answer


@pytest.mark.parametrize(
    "condition",
    [
        ["==", RIGHTS, 1],
        ["!=", RIGHTS, 1],
        ["==", True, 1],
        ["==", {"field": "band"}, True],
        ["==", DATE, "2026-01-31"],
        ["<", "a", "b"],
        ["<", True, 2],
        ["<=", False, True],
        ["<", None, 1],
        ["<", {"field": "license"}, "x"],
        ["<=", {"field": "band"}, DATE],
        ["in", RIGHTS, [1, "x"]],
        ["in", DATE, ["2026-01-31"]],
        ["not", ["==", RIGHTS, 1]],
        ["or", ["==", RIGHTS, 1], True],
        ["and", ["==", RIGHTS, 1], False],
    ],
)
def test_two_types_are_not_compared(condition):
    check(condition)
    with pytest.raises(InputError, match="cannot compare"):
        evaluate(condition, FACT)


@pytest.mark.parametrize(
    "condition",
    [
        None,
        1,
        "true",
        {},
        [],
        ["and"],
        ["or"],
        ["not"],
        ["not", True, True],
        ["AND", True],
        ["xor", True, False],
        ["==", RIGHTS],
        ["==", RIGHTS, "x", "y"],
        [">", DATE, ENDS],
        ["in", RIGHTS, []],
        ["in", RIGHTS, "licensed"],
        ["in", RIGHTS, [RIGHTS]],
        ["in", RIGHTS, [{"date": "2026-01-31"}]],
        ["in", RIGHTS, [["x"]]],
        ["in", RIGHTS, {"x": 1}],
        ["==", {"field": "owner"}, "x"],
        ["==", {"field": ["rights"]}, "x"],
        ["==", {"field": "rights", "date": "2026-01-31"}, "x"],
        ["==", {}, "x"],
        ["==", 1.0, 1],
        ["==", 2**53, 1],
        ["==", -(10**400), 1],
        ["==", "\ud800", "x"],
        ["==", ["and", True], True],
        ["and", "true"],
        [["and"], True],
        ["==", DATE, {"date": "2026-02-30"}],
        ["or", True, ["==", {"field": "owner"}, "x"]],
    ],
    ids=repr,
)
def test_what_is_not_of_the_language_is_refused_before_it_is_looked_at(condition):
    with pytest.raises((UsageError, InputError)) as fault:
        check(condition)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-02-30", "2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "0000-01-01"),
        *("2026-1-1", "20260131", "2026-W05-6", "2026-01-31 ", " 2026-01-31", "2026-01-31T00:00"),
        *("２０２６-01-31", "2026-01-3१", "+026-01-31", "12026-01-31", "", None, 20260131, True),
        dt.date(2026, 1, 31),
    ],
    ids=repr,
)
def test_a_day_that_there_is_not_is_no_date(text):
    with pytest.raises(InputError, match="is not a date"):
        parse_day(text)


def test_the_first_and_the_last_day_are_dates():
    assert parse_day("0001-01-01") == dt.date.min
    assert parse_day("9999-12-31") == dt.date.max
    assert parse_day("2028-02-29") == dt.date(2028, 2, 29)


def nested(levels):
    condition = True
    for _ in range(levels - 1):
        condition = ["not", condition]
    return condition


def test_the_bounds_are_the_bounds():
    check(nested(MAX_DEPTH))
    check(["in", RIGHTS, ["x"] * (MAX_NODES - 2)])
    check(["and", *[True] * (MAX_NODES - 1)])
    for condition, said in (
        (nested(MAX_DEPTH + 1), "deeper"),
        (nested(100_000), "deeper"),
        (["in", RIGHTS, ["x"] * (MAX_NODES - 1)], "parts"),
        (["and", *[True] * MAX_NODES], "parts"),
    ):
        with pytest.raises(UsageError, match=said):
            check(condition)


def test_a_condition_that_holds_itself_is_refused():
    condition = ["and"]
    condition.append(condition)
    with pytest.raises(UsageError, match="deeper"):
        check(condition)


@settings(max_examples=1_000)
@given(CONDITIONS, FACTS)
def test_it_answers_as_the_slow_evaluator_does(condition, facts):
    check(condition)
    try:
        answer = evaluate(condition, facts)
    except InputError:
        answer = ERROR
    assert answer == slow_answer(condition, facts)


@given(json_values | hostile_values.filter(lambda value: type(value) is not Raising))
def test_checking_anything_accepts_it_or_says_why_not(value):
    try:
        check(value)
    except ProvenirError:
        return
    assert evaluate(value, FACT) in (True, False)


@given(
    st.recursive(
        json_values,
        lambda inner: st.lists(
            st.sampled_from(["and", "or", "not", "==", "<", "in"]) | inner, max_size=4
        ),
    ),
    FACTS,
)
def test_whatever_check_accepts_can_be_evaluated(value, facts):
    try:
        check(value)
    except ProvenirError:
        return
    try:
        assert evaluate(value, facts) in (True, False)
    except InputError:
        assert slow_answer(value, facts) == ERROR
