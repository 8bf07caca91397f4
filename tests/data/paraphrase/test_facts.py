"""What contradicts between two texts."""

from __future__ import annotations

from hypothesis import given

from provenir.data.paraphrase.facts import Conflict, compare, facts_of
from strategies import any_text


def conflict(one: str, other: str) -> Conflict:
    return compare(facts_of(one), facts_of(other))


@given(any_text, any_text)
def test_comparing_is_symmetric_and_never_fails(one, other):
    assert conflict(one, other) == conflict(other, one)
    assert conflict(one, one) == Conflict()


def test_units_that_say_the_same_do_not_contradict():
    assert conflict("It takes 90 minutes.", "It takes an hour and a half.").numbers == 0
    assert conflict("It takes 90 minutes.", "It takes 90 seconds.").numbers == 1


def test_what_only_one_side_has_is_no_contradiction():
    assert (
        conflict("She has 36 apples.", "She has 36 apples and eats 9, so 27 remain.").numbers == 0
    )
    assert conflict("It is in France.", "It is there.").names == 0


def test_other_names_contradict_and_derived_ones_do_not():
    assert conflict("The capital of Spain is old.", "The capital of Peru is old.").names == 1
    assert conflict("Name a city in Italy.", "Name an Italian city.").names == 0


def test_opposites_contradict_unless_both_are_named():
    assert conflict("the largest of them", "the smallest of them").poles == 1
    assert conflict("the largest and the smallest", "the smallest").poles == 0


def test_what_is_asked_for_contradicts():
    assert conflict("Who wrote it?", "When was it written?").asked == 1
    assert conflict("Who wrote it?", "It was written by whom?").asked == 0
