"""Rows against items: what is found, what is not, and what is counted as not examined."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import UsageError
from strategies import any_text

pytest.importorskip("numpy")

from provenir.data.paraphrase import paraphrase_pairs

CLIPS = (
    "Mira sold clips to 48 of her friends in April, and then she sold half as many clips in May. "
    "How many clips did Mira sell altogether in April and May?"
)
ITEMS = [CLIPS, "Which river flows through the city of Vienna?", "Hi there"]


def test_a_rephrasing_is_found_where_it_stands():
    asked = (
        "In April Mira's 48 friends each bought a clip, and in May she sold half that many clips. "
        "How many clips did she sell in total?"
    )
    row = f"This page is about gardening. Roses want sun.\n{asked} She sold 72. Goodbye for now."
    found = paraphrase_pairs([row], ITEMS)
    assert [(pair.row, pair.item) for pair in found.pairs] == [(0, 0)]
    assert asked.split()[1] in row[found.pairs[0].start : found.pairs[0].end]


def test_another_number_is_another_question():
    same, other = (
        paraphrase_pairs([CLIPS.replace("48", number)], ITEMS, threshold=0.01).pairs[0]
        for number in ("48", "52")
    )
    assert same.score > 0.99
    assert other.conflict.numbers == 1
    assert other.score < 0.7


def test_what_is_too_short_is_counted_and_named():
    found = paraphrase_pairs([CLIPS, "", " \n "], ITEMS)
    assert (found.rows, found.empty_rows) == (1, 2)
    assert (found.items, found.short_items) == (2, (2,))


def test_nothing_against_nothing():
    found = paraphrase_pairs([], [])
    assert (found.pairs, found.rows, found.items) == ((), 0, 0)


@pytest.mark.parametrize("threshold", [0, -1, 1.5, float("nan")])
def test_a_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(UsageError, match="no threshold"):
        paraphrase_pairs([], [], threshold=threshold)


@pytest.mark.parametrize(("rows", "items"), [([1], []), ([], [None])])
def test_what_is_no_text_is_refused(rows, items):
    with pytest.raises(UsageError, match="is not text"):
        paraphrase_pairs(rows, items)


@given(st.lists(any_text | st.just(CLIPS), max_size=4), st.lists(any_text, max_size=3))
def test_any_text_is_compared_the_same_way_twice(rows, texts):
    items = [*texts, CLIPS]
    found = paraphrase_pairs(rows, items, threshold=0.01)
    assert found == paraphrase_pairs(iter(rows), items, threshold=0.01)
    assert found.rows + found.empty_rows == len(rows)
    assert found.items + len(found.short_items) == len(items)
    for pair in found.pairs:
        assert 0.01 <= pair.score <= 1
        assert 0 <= pair.start < pair.end <= len(rows[pair.row])
    copies = {row for row, text in enumerate(rows) if text == CLIPS}
    assert copies <= {p.row for p in found.pairs if items[p.item] == CLIPS and p.score > 0.99}


def test_a_long_item_is_compared_in_parts_and_needs_more_than_one():
    parts = [
        f"On day {n} the {name} of group {n} sold {n * 7} lamps to a {name} shop. " * 5
        for n, name in enumerate(["baker", "sailor", "tailor", "miner"], start=2)
    ]
    item = "".join(parts)
    whole, quarter = (
        paraphrase_pairs([text], [item], threshold=0.01).pairs for text in (item, parts[0])
    )
    assert whole[0].score > 0.9
    assert not quarter or quarter[0].score < 0.5


def test_a_callable_needs_a_threshold():
    def lengths(texts):
        return [[len(text), 1.0] for text in texts]

    with pytest.raises(UsageError, match="threshold"):
        paraphrase_pairs([CLIPS], ITEMS, embedder=lengths)
    found = paraphrase_pairs([CLIPS], ITEMS, embedder=lengths, threshold=0.9)
    assert found.embedder.endswith("lengths")
    assert found.pairs[0].cosine == pytest.approx(1, abs=1e-3)


def test_hostile_rows_are_read_to_their_end():
    rows = ["." * 200_000, "1," * 100_000, "A" * 200_000, "'s" * 100_000, "? " * 100_000]
    found = paraphrase_pairs(rows, ITEMS)
    assert (found.pairs, found.rows + found.empty_rows) == ((), len(rows))
