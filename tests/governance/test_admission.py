"""Admission: the first rule that holds decides, and whatever fails is a denial."""

from __future__ import annotations

import datetime as dt
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.conditions import CONDITIONS, ERROR, slow_answer
from governance.test_depth import BANDS, BASE, table
from governance.test_metadata import A, examples
from provenir.core.digest import digest_bytes
from provenir.core.errors import DocumentError, UsageError
from provenir.governance.admission import (
    Admission,
    AdmissionPolicy,
    Effect,
    Rule,
    decide,
    facts_of,
)
from provenir.governance.depth import routes
from provenir.governance.metadata import ExampleMetadata
from strategies import json_values

DAY = dt.date(2026, 1, 1)
TABLE = table()
EFFECTS = get_args(Effect)


def rule(name="a", when=True, effect="allow", cap=None, reasons=("why",)):
    cap = 500 if effect == "attenuate" and cap is None else cap
    return Rule(name=name, when=when, effect=effect, reasons=reasons, cap=cap)


def policy(*rules, made_for=TABLE, **changed):
    given = {"name": "acme", "profiles": made_for.digest(), "rules": rules}
    return AdmissionPolicy(**(given | changed))


def ask(made, metadata=None, *, on=DAY, base=BASE, band=0, by=TABLE):
    return decide(metadata, made, by, on=on, base=base, band=band)


PROSE = ExampleMetadata(content=A, rights="open", content_class="prose")

rules = st.lists(
    st.builds(
        lambda when, effect, cap: rule(
            when=when, effect=effect, cap=cap if effect == "attenuate" else None
        ),
        CONDITIONS,
        st.sampled_from(EFFECTS),
        st.integers(0, 1000),
    ),
    max_size=4,
).map(lambda many: [one.model_copy(update={"name": f"r{i}"}) for i, one in enumerate(many)])


@settings(max_examples=500)
@given(rules, st.none() | examples, st.dates(), st.none() | st.integers(0, 2))
def test_the_first_rule_that_holds_decides(rules, metadata, on, band):
    made = policy(*rules)
    decision = ask(made, metadata, on=on, band=band)
    facts = facts_of(metadata, on=on, base=BASE, band=band)
    answers = [slow_answer(one.when, facts) for one in rules]
    first = next((i for i, answer in enumerate(answers) if answer is not False), None)
    assert decision.policy == made.digest()
    if first is None:
        assert (decision.effect, decision.rule, decision.reasons) == ("deny", None, ("no_rule",))
    elif answers[first] == ERROR:
        assert (decision.effect, decision.rule) == ("deny", None)
        assert decision.reasons == ("evaluation_error",)
    else:
        own = rules[first]
        assert decision.rule == own.name
        no_profile = decision.reasons == ("no_profile",)
        assert (decision.effect, no_profile) in {(own.effect, False), ("deny", True)}
        if decision.is_admitted:
            profile = TABLE.profile_for(facts["rights"], facts["content_class"], band)
            assert decision.profile == profile.id
            assert decision.weights == TABLE.weights(profile, facts["rights"], own.cap)
            listed = routes(made, TABLE)
            assert listed.routes[listed.index(decision.weights)] == decision.weights
    assert decision.is_admitted is (decision.effect in ("allow", "attenuate"))
    assert (decision.profile is None) is (decision.weights is None) is not decision.is_admitted


@given(rules, st.lists(examples, max_size=4), st.lists(st.dates(), min_size=1, max_size=2))
def test_what_is_remembered_is_what_is_decided(rules, many, days):
    made = policy(*rules)
    remembering = Admission(made, TABLE, base=BASE)
    for on in days * 2:
        for metadata in (None, *many, *many):
            for band in (None, 0, 1, True, 7):
                assert remembering.decide(metadata, on=on, band=band) == ask(
                    made, metadata, on=on, band=band
                )


anything = json_values | st.sampled_from([object(), dt.datetime(2026, 1, 1, tzinfo=dt.UTC), DAY])


@given(anything, anything, anything, anything)
def test_it_never_raises_whatever_it_is_handed(metadata, on, base, band):
    decision = decide(metadata, policy(rule()), TABLE, on=on, base=base, band=band)
    plain = metadata is None and on is DAY and type(band) in (int, type(None))
    assert decision.effect == "deny" or plain


@given(anything, anything)
def test_it_never_raises_whatever_decides(made, by):
    decision = decide(PROSE, made, by, on=DAY, base=BASE, band=None)
    assert (decision.effect, decision.reasons) == ("deny", ("evaluation_error",))


def test_admitted_examples_get_the_weights_of_profile_class_and_rule():
    whole = ask(policy(rule()), PROSE)
    assert (whole.effect, whole.profile, whole.weights) == ("allow", "prose", (1000, 1, 2, 3))
    half = ask(policy(rule(effect="attenuate", cap=2)), PROSE)
    assert (half.effect, half.weights) == ("attenuate", (2, 1, 2, 2))


@pytest.mark.parametrize("effect", ["deny", "review"])
def test_what_is_not_admitted_has_no_weights(effect):
    decision = ask(policy(rule(effect=effect)), PROSE)
    assert (decision.effect, decision.rule, decision.reasons) == (effect, "a", ("why",))
    assert not decision.is_admitted


def test_an_example_that_no_profile_is_for_is_denied():
    decision = ask(policy(rule()), ExampleMetadata(content=A))
    assert (decision.effect, decision.rule, decision.reasons) == ("deny", "a", ("no_profile",))


def test_an_error_ends_the_search():
    wrong = rule("wrong", ["==", {"field": "band"}, "x"], "deny")
    assert ask(policy(wrong, rule("all")), PROSE).reasons == ("evaluation_error",)
    assert ask(policy(wrong, rule("all")), PROSE, band=None).rule == "all"


def test_the_licence_holds_on_its_last_day():
    when = ["<=", {"field": "date"}, {"field": "license_expires"}]
    licensed = ExampleMetadata(content=A, rights="open", content_class="prose", license_expires=DAY)
    made = policy(rule("current", when))
    assert ask(made, licensed).effect == "allow"
    assert ask(made, licensed, on=DAY + dt.timedelta(1)).reasons == ("no_rule",)
    # Without an end there is nothing to compare: the policy must say what it means by that.
    assert ask(made, PROSE).reasons == ("evaluation_error",)


@pytest.mark.parametrize(
    "case",
    [
        {"base": digest_bytes(b"another")},
        {"by": table(version=2)},
        {"on": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
        {"on": "2026-01-01"},
        {"band": 3},
        {"band": -1},
        {"band": True},
        {"band": 1.0},
        {"metadata": PROSE.content},
    ],
    ids=str,
)
def test_parts_that_do_not_belong_together_deny(case):
    decision = ask(policy(rule(), base=BASE), **({"metadata": PROSE} | case))
    assert (decision.effect, decision.rule) == ("deny", None)
    assert decision.reasons == ("evaluation_error",)


def test_a_band_of_a_table_without_bands_denies():
    profiles = TABLE.profiles[1:]
    plain = table(bands=None, profiles=profiles)
    made = policy(rule(), made_for=plain)
    assert ask(made, PROSE, band=0, by=plain).effect == "deny"
    assert ask(made, PROSE, band=None, by=plain).effect == "allow"


def test_a_loop_is_told_at_once_that_the_parts_do_not_belong_together():
    with pytest.raises(UsageError, match="another table"):
        Admission(policy(rule()), table(version=2), base=BASE)
    with pytest.raises(UsageError, match="another base"):
        Admission(policy(rule(), base=digest_bytes(b"another")), TABLE, base=BASE)
    assert BANDS.base == BASE
    with pytest.raises(UsageError, match="another base"):
        Admission(policy(rule()), TABLE, base=digest_bytes(b"another"))


def test_a_policy_comes_back_as_it_was_written():
    made = policy(rule(when=["in", {"field": "rights"}, ["open", None]]), rule("b", effect="deny"))
    assert AdmissionPolicy.from_bytes(made.to_bytes(), where="test") == made


@pytest.mark.parametrize(
    "changed",
    [
        {"when": ["==", {"field": "owner"}, "x"]},
        {"when": ["==", {"field": "date"}, {"date": "2026-02-30"}]},
        {"when": ["==", {"field": "band"}, 1.0]},
        {"when": ["==", {"field": "band"}, 2**53]},
        {"when": None},
        {"when": "true"},
        {"effect": "permit"},
        {"effect": ["allow"]},
        {"effect": "attenuate"},
        {"cap": 500},
        {"effect": "attenuate", "cap": 1001},
        {"effect": "attenuate", "cap": True},
        {"effect": "attenuate", "cap": 0.5},
        {"reasons": []},
        {"reasons": ["No Code"]},
        {"reasons": "why"},
        {"name": ""},
        {"name": "x" * 201},
        {"also": 1},
    ],
    ids=str,
)
def test_a_rule_that_says_nothing_clear_is_refused(changed):
    value = policy(rule()).model_dump(mode="json")
    value["rules"][0] |= changed
    with pytest.raises(DocumentError):
        AdmissionPolicy.from_value(value, where="test")


@pytest.mark.parametrize(
    "changed",
    [
        {"default": "allow"},
        {"profiles": None},
        {"base": "x"},
        {"version": 0},
        {"rules": None},
        {"rules": [rule().model_dump(mode="json")] * 2},
        {"rules": [rule(f"r{i}").model_dump(mode="json") for i in range(257)]},
    ],
    ids=lambda one: str(one)[:40],
)
def test_a_policy_that_says_nothing_clear_is_refused(changed):
    with pytest.raises(DocumentError):
        AdmissionPolicy.from_value(policy(rule()).model_dump(mode="json") | changed, where="test")


@given(json_values)
def test_a_policy_with_any_condition_is_refused_or_can_decide(when):
    value = policy(rule()).model_dump(mode="json")
    value["rules"][0]["when"] = when
    try:
        made = AdmissionPolicy.from_value(value, where="test")
    except DocumentError:
        return
    assert when in (True, False)
    assert ask(made, PROSE).effect == ("allow" if when else "deny")
