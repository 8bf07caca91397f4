"""Parallel texts, against an obvious longest common subsequence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from provenir.data.paraphrase.order import common_length, replaced

words = st.lists(st.sampled_from("abcde"), max_size=12)


def obvious(one: list[str], other: list[str]) -> int:
    row = [0] * (len(other) + 1)
    for word in one:
        last = row[:]
        for place, against in enumerate(other):
            row[place + 1] = (
                last[place] + 1 if word == against else max(last[place + 1], row[place])
            )
    return row[-1]


@given(words, words)
def test_the_length_is_that_of_the_obvious_way(one, other):
    assert common_length(one, other) == obvious(one, other) == common_length(other, one)


@given(words, words)
def test_replaced_is_symmetric_and_nothing_for_a_copy(one, other):
    assert replaced((one, other), (one, other)) == replaced((other, one), (other, one))
    assert replaced((one, one), (one, one)) == 0


def test_a_filled_template_differs_and_a_rephrasing_does_not():
    stem = ["in", "which", "country", "was", "the", "game", "of", "{}", "first", "played"]
    chess, go = ([w.format(name) for w in stem] for name in ("chess", "go"))
    content = [[w for w in text if len(w) > 3 or w == "go"] for text in (chess, go)]
    assert replaced((chess, go), tuple(content)) == 1
    turned = [
        "chess",
        "is",
        "a",
        "game",
        ":",
        "name",
        "the",
        "land",
        "that",
        "saw",
        "it",
        "being",
        "played",
        "first",
    ]
    assert replaced((chess, turned), (content[0], turned)) == 0
