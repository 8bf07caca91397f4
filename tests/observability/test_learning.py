"""A rise of the mean reward explains a fall of the spread, up to what is left to earn."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from provenir.observability.detectors.learning import explains


def rewards(*, rise, base=0.4, scatter=0.02, seed=0):
    rng = random.Random(seed)
    return [base + scatter * rng.gauss(0, 1) + (rise if step >= 20 else 0.0) for step in range(30)]


def test_a_rise_explains_a_fall_in_proportion():
    course = rewards(rise=0.3)
    assert explains(course, most=None, spread=0.2, before=0.3)
    assert not explains(course, most=None, spread=0.1, before=0.3)


def test_what_is_left_to_earn_depends_on_the_largest_reward():
    course = rewards(rise=0.3)
    assert not explains(course, most=2.0, spread=0.2, before=0.3)
    assert explains(course, most=2.0, spread=0.25, before=0.3)
    assert not explains(course, most=0.1, spread=0.29, before=0.3)


def test_rewards_without_a_known_maximum_have_to_rise():
    assert explains(rewards(rise=3.0, base=5.0), most=None, spread=0.1, before=0.3)
    assert not explains(rewards(rise=0.0, base=5.0), most=None, spread=0.1, before=0.3)


@given(st.floats(-5, -0.1), st.integers(0, 1_000), st.floats(0, 1))
def test_rewards_that_fall_explain_nothing(rise, seed, spread):
    course = rewards(rise=rise, seed=seed)
    assert not explains(course, most=None, spread=spread, before=1.0)


@given(st.lists(st.floats(-1e9, 1e9), max_size=15))
def test_a_few_rewards_explain_nothing(course):
    assert not explains(course, most=None, spread=0.0, before=0.0)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=16, max_size=40))
def test_any_finite_rewards_are_taken(course):
    assert explains(course, most=max(course), spread=0.1, before=1.0) in (True, False)
    assert explains([1.7e308] * 20, most=None, spread=0.1, before=1.0) is False
