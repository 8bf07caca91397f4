"""The trace of a decision: what was looked at, and nothing else."""

from __future__ import annotations

import datetime as dt

from hypothesis import given

from governance.conditions import CONDITIONS, ERROR, FACTS, slow_answer
from governance.test_admission import policy, rule
from provenir.governance.admission import facts_of
from provenir.governance.explaining import explain, spelled

FACT = facts_of(None, on=dt.date(2026, 1, 31), base="b", band=None)
RIGHTS, DATE, ENDS = {"field": "rights"}, {"field": "date"}, {"field": "license_expires"}


def shown(*rules):
    return [(one.rule, one.depth, one.text, one.answer) for one in explain(policy(*rules), FACT)]


def test_it_ends_with_the_rule_that_decides():
    assert shown(rule("no", ["==", RIGHTS, "open"]), rule("yes"), rule("later")) == [
        ("no", 0, 'rights ("unknown") == "open"', "false"),
        ("yes", 0, "true", "true"),
    ]


def test_parts_that_were_not_looked_at_are_not_shown():
    both = ["and", ["==", RIGHTS, "x"], ["<", DATE, ENDS]]
    spelled_both = '(rights ("unknown") == "x") and (date (2026-01-31) < license_expires (null))'
    assert shown(rule("a", ["or", both, True, False])) == [
        ("a", 0, f"({spelled_both}) or (true) or (false)", "true"),
        ("a", 1, spelled_both, "false"),
        ("a", 2, 'rights ("unknown") == "x"', "false"),
        ("a", 1, "true", "true"),
    ]


def test_an_error_says_what_could_not_be_compared():
    steps = explain(policy(rule("a", ["not", ["<", DATE, ENDS]]), rule("b")), FACT)
    assert [(one.rule, one.answer, one.why) for one in steps] == [
        ("a", "error", "cannot compare a date with null"),
        ("a", "error", "cannot compare a date with null"),
    ]


def test_a_condition_is_spelled_with_its_values():
    assert spelled(["not", ["in", RIGHTS, ["é", None, 1]]], FACT) == (
        'not (rights ("unknown") in ["é", null, 1])'
    )
    assert spelled(["!=", {"date": "2026-01-01"}, None], FACT) == "2026-01-01 != null"


@given(CONDITIONS, FACTS)
def test_it_answers_as_the_evaluator_does(condition, facts):
    steps = explain(policy(rule("a", condition), rule("b", False)), facts)
    answers = {True: "true", False: "false", ERROR: ERROR}
    assert steps[0].answer == answers[slow_answer(condition, facts)]
    assert (steps[-1].rule == "b") is (steps[0].answer == "false")
