"""What a policy says that nobody can have meant, and what it may be trusted to have found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from governance.conditions import CONDITIONS, FACTS
from governance.test_admission import policy, rule
from governance.test_depth import table
from provenir.core.errors import InputError
from provenir.governance.blocks import block_order
from provenir.governance.depth import Profile
from provenir.governance.expressions import evaluate
from provenir.governance.policy_check import check_policy
from provenir.governance.starter import default_policy, default_table

OPEN = ["==", {"field": "rights"}, "open"]
CURRENT = ["<=", {"field": "date"}, {"field": "license_expires"}]


def found(*rules, **changed):
    report = check_policy(policy(*rules, **changed))
    return [(one.kind, one.subject) for one in report.findings]


def test_the_starter_is_without_fault():
    made = default_table(block_order(["wte.weight", "h.0.a.weight", "h.1.a.weight"]))
    report = check_policy(default_policy(made), made)
    assert report.is_clean
    assert not report.not_examined
    assert report.examined["rules"] == 9


@pytest.mark.parametrize(
    "rules",
    [
        (rule("all"), rule("late", OPEN)),
        (rule("open", OPEN), rule("late", OPEN)),
        (rule("late", ["and", OPEN, ["!=", {"field": "rights"}, "open"]]),),
        (rule("late", False),),
        (rule("a", ["not", OPEN]), rule("b", OPEN), rule("late", ["==", {"field": "pii"}, "none"])),
        (
            rule("a", ["<", {"field": "date"}, {"date": "2026-06-01"}]),
            rule("b", ["<=", {"date": "2026-06-01"}, {"field": "date"}]),
            rule("late", CURRENT),
        ),
        (
            rule("a", ["in", {"field": "license"}, ["MIT", None]]),
            rule("late", ["==", {"field": "license"}, None]),
        ),
    ],
)
def test_a_rule_that_nothing_comes_to_is_found(rules):
    assert ("unreachable_rule", "late") in found(*rules)


@pytest.mark.parametrize(
    "rules",
    [
        (rule("open", OPEN), rule("all")),
        (
            rule("a", ["<", {"field": "date"}, {"date": "2026-06-01"}]),
            rule("b", ["<", {"date": "2026-06-01"}, {"field": "date"}]),
            rule("one day", True),
        ),
        (
            rule("a", ["and", ["!=", {"field": "license_expires"}, None], CURRENT]),
            rule("ends between", ["==", {"field": "license_expires"}, {"date": "2026-06-01"}]),
        ),
        (rule("a", ["==", {"field": "source"}, {"field": "jurisdiction"}]), rule("b")),
        (rule("a", ["==", {"field": "source"}, {"field": "rights"}]), rule("b")),
        (rule("a", ["==", {"field": "source"}, "another"]), rule("b")),
    ],
)
def test_a_rule_that_something_comes_to_is_not(rules):
    assert not [kind for kind, _ in found(*rules) if kind == "unreachable_rule"]


def test_words_that_a_field_never_holds_are_found():
    assert found(
        rule("a", ["!=", {"field": "rights"}, "licenced"]),
        rule("b", ["in", {"field": "pii"}, ["none", "nothing"]], "deny"),
        rule("c", ["==", "Prose", {"field": "content_class"}]),
        rule("d", ["==", {"field": "source"}, "anything"]),
    )[:3] == [("unknown_word", "a"), ("unknown_word", "b"), ("unknown_word", "c")]


def test_a_rule_that_can_fail_is_told_with_a_case():
    (finding,) = check_policy(policy(rule("current", CURRENT))).findings
    assert (finding.kind, finding.severity) == ("rule_can_fail", "warning")
    assert "license_expires null" in finding.detail
    assert finding.data["facts"]["license_expires"] is None


def test_a_rule_that_always_fails_is_never_fulfilled():
    assert found(rule("a", ["==", {"field": "rights"}, 5])) == [
        ("unreachable_rule", "a"),
        ("rule_can_fail", "a"),
    ]


def test_the_table_that_is_named_is_held_against_the_table_that_is_given():
    report = check_policy(policy(rule()), table(version=2))
    assert [one.kind for one in report.findings] == ["other_profiles"]
    assert report.findings[0].data["found"] == table(version=2).digest()
    assert check_policy(policy(rule()), table()).is_clean


def test_a_profile_behind_one_that_is_for_everything_is_found():
    weights = table().profiles[0].weights
    profiles = (Profile(id="all", weights=weights), Profile(id="late", weights=weights))
    made = table(profiles=profiles)
    report = check_policy(policy(rule(), made_for=made), made)
    assert [(one.kind, one.subject) for one in report.findings] == [("unreachable_profile", "late")]


def test_bands_are_those_of_the_table():
    third = rule("third", ["==", {"field": "band"}, 3])
    assert check_policy(policy(third), table()).by_kind() == {"unreachable_rule": 1}
    assert check_policy(policy(third)).by_kind() == {}


def test_what_is_too_much_to_try_is_said():
    days = [["<", {"field": "date"}, {"date": f"2026-{month:02}-11"}] for month in range(1, 13)]
    ends = [["==", {"field": "license_expires"}, {"date": f"2025-{m:02}-11"}] for m in range(1, 13)]
    report = check_policy(policy(rule("a", ["or", *days, *ends]), rule("b", OPEN)))
    assert report.by_kind() == {}
    assert "combinations" in report.not_examined["reachability"]


def test_long_rules_are_not_tried_for_hours():
    long = ["and", *[["in", {"field": "source"}, ["a", "b", None]]] * 190]
    rules = [rule(f"r{n}", ["not", long]) for n in range(254)]
    consent = ["==", {"field": "consent"}, "given"]
    report = check_policy(policy(*rules, rule("x", OPEN), rule("y", consent)))
    assert "reachability" in report.not_examined


def test_the_first_and_the_last_day_can_be_compared_with():
    ends = [{"date": "0001-01-01"}, {"date": "9999-12-31"}]
    rules = [rule(day["date"], ["==", {"field": "date"}, day]) for day in ends]
    assert found(*rules) == []


@settings(max_examples=300)
@given(CONDITIONS, CONDITIONS, FACTS)
def test_no_example_fulfils_a_rule_that_is_called_unreachable(first, second, facts):
    made = policy(rule("a", first), rule("b", second))
    report = check_policy(made)
    if report.not_examined.get("reachability"):
        return
    kinds = {(one.kind, one.subject) for one in report.findings}
    possible = {name: "x" if fact == "" else fact for name, fact in facts.items()}
    possible |= {"rights": "open", "consent": "given", "pii": "none", "content_class": "prose"}
    for one in made.rules:
        try:
            holds = evaluate(one.when, possible)
        except InputError:
            assert ("rule_can_fail", one.name) in kinds
            return
        if holds:
            assert ("unreachable_rule", one.name) not in kinds
            return
