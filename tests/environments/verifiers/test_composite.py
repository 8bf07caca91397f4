"""Several verifiers as one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import UsageError
from provenir.core.protocols import VerificationResult
from provenir.environments.verifiers.composite import CompositeVerifier
from provenir.environments.verifiers.contains import ContainsVerifier
from provenir.environments.verifiers.exact import ExactAnswerVerifier


class Fixed:
    """Always the same reward."""

    def __init__(self, reward, passed=None):
        self.reward, self.passed = reward, reward > 0 if passed is None else passed
        self.asked = []

    def verify(self, response, reference):
        self.asked.append(reference)
        return VerificationResult(passed=self.passed, reward=self.reward)


class Broken:
    def verify(self, response, reference):
        raise RuntimeError("\x1b[31mno\n" * 50)


class Liar:
    def verify(self, response, reference):
        return True


def ask(members, **options):
    return CompositeVerifier(members, **options).verify("text", "reference")


def test_weights_are_normalised_and_the_threshold_is_reached_or_not():
    half = ask([(Fixed(1.0), 7), (Fixed(0.0), 7)])
    assert (half.passed, half.reward, half.metadata["reason"]) == (True, 0.5, "ok")
    less = ask([(Fixed(1.0), 3), (Fixed(0.0), 7)])
    assert (less.passed, less.metadata["reason"]) == (False, "below_threshold")
    assert less.reward == pytest.approx(0.3)
    assert not ask([(Fixed(0.0), 1)], threshold=0.0).passed
    assert ask([(Fixed(0.0), 0.7), (Fixed(1.0), 0.3)]).reward == 0.3
    assert ask([(Fixed(1.0), 1e308), (Fixed(1.0), 1e308)]).reward == 1.0


def test_all_pass_or_there_is_no_reward():
    result = ask([(Fixed(1.0), 9), (Fixed(0.0), 1)], mode="all")
    assert (result.passed, result.reward, result.metadata["reason"]) == (
        False,
        0.0,
        "member_failed",
    )
    assert ask([(Fixed(1.0), 9), (Fixed(0.5), 1)], mode="all").passed


def test_a_closed_gate_leaves_nothing_and_asks_nobody_else():
    behind = Fixed(1.0)
    result = ask([(Fixed(0.0), 0.001), (behind, 1)], mode="gated")
    assert (result.passed, result.reward, result.metadata["reason"]) == (False, 0.0, "gate_closed")
    assert behind.asked == []
    half_open = ask([(Fixed(0.9, passed=False), 1), (behind, 1)], mode="gated")
    assert (half_open.passed, half_open.reward) == (False, 0.0)
    assert ask([(Fixed(1.0), 1), (behind, 1)], mode="gated").passed


@pytest.mark.parametrize("faulty", [Broken(), Liar()])
def test_a_member_that_fails_counts_as_failed_and_is_named(faulty):
    result = ask([(Fixed(1.0), 1), (faulty, 1)], names=["fine", "faulty"])
    assert result.reward == 0.5
    assert result.metadata["members"]["faulty"]["reason"] == "verifier_error"
    assert result.metadata["members"]["faulty"]["reward"] == 0.0
    assert "\n" not in result.detail + result.metadata["members"]["faulty"]["detail"]


def test_members_are_named_by_their_class_or_as_told():
    composite = CompositeVerifier(
        [(ContainsVerifier(["a"]), 1), (ContainsVerifier(["b"]), 1), (ExactAnswerVerifier(), 1)]
    )
    assert composite.names == ("contains", "contains_2", "exact_answer")
    assert list(composite.verify("ab", "x").metadata["members"]) == list(composite.names)


def test_references_are_shared_or_by_name():
    first, second = Fixed(1.0), Fixed(1.0)
    members = [(first, 1), (second, 1)]
    CompositeVerifier(members).verify("text", {"a": 1})
    by_name = CompositeVerifier(members, names=["a", "b"], references="by_name")
    assert by_name.verify("text", {"a": 1}).passed
    assert first.asked == [{"a": 1}, 1]
    assert second.asked == [{"a": 1}, None]
    assert by_name.verify("text", "42").metadata["reason"] == "bad_reference"


def test_composites_nest():
    inner = CompositeVerifier([(Fixed(0.5), 1)])
    assert ask([(inner, 1), (Fixed(1.0), 1)]).reward == 0.75


@pytest.mark.parametrize(
    ("members", "options"),
    [
        ([], {}),
        ([Fixed(1.0)], {}),
        ([(Fixed(1.0),)], {}),
        ([(Fixed, 1)], {}),
        ([("text", 1)], {}),
        ([(Fixed(1.0), 0)], {}),
        ([(Fixed(1.0), -1)], {}),
        ([(Fixed(1.0), math.nan)], {}),
        ([(Fixed(1.0), math.inf)], {}),
        ([(Fixed(1.0), "heavy")], {}),
        ([(Fixed(1.0), 1)], {"mode": "any"}),
        ([(Fixed(1.0), 1)], {"threshold": 1.5}),
        ([(Fixed(1.0), 1)], {"threshold": math.nan}),
        ([(Fixed(1.0), 1)], {"names": []}),
        ([(Fixed(1.0), 1), (Fixed(1.0), 1)], {"names": ["a", "a"]}),
        ([(Fixed(1.0), 1)], {"references": "both"}),
    ],
)
def test_misuse_is_told_at_once(members, options):
    with pytest.raises(UsageError):
        CompositeVerifier(members, **options)


positive = st.floats(min_value=1e-300, max_value=1e308)
units = st.floats(0, 1)


@given(
    st.lists(st.tuples(units, positive), min_size=1, max_size=6),
    units,
    st.sampled_from(["weighted", "all", "gated"]),
)
def test_a_reward_stays_in_range_and_a_pass_has_one(members, threshold, mode):
    result = ask(
        [(Fixed(reward), weight) for reward, weight in members], threshold=threshold, mode=mode
    )
    assert 0.0 <= result.reward <= 1.0
    assert result.passed <= (result.reward > 0.0 and result.reward >= threshold)
    assert 0.0 <= result.reward <= max(reward for reward, _ in members) + 1e-12
