"""The short-list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numpy")

from provenir.data.paraphrase.shortlist import Shortlist

features = st.frozensets(st.sampled_from("abcdefgh"))


@given(st.lists(features, max_size=8), features)
def test_what_is_returned_shares_enough_and_an_item_finds_itself(items, query):
    shortlist = Shortlist(items, keep=3, least=0.2)
    found = shortlist.query(query)
    assert len(found) == len(set(found)) <= 3
    for number in found:
        mass = sum(map(shortlist.weight, items[number]))
        assert sum(map(shortlist.weight, items[number] & query)) >= 0.2 * mass - 1e-9
    for item in items:
        if item:
            assert any(items[number] >= item for number in shortlist.query(item))


def test_rare_features_count_more():
    items = [frozenset("xa"), frozenset("xb"), frozenset("xc")]
    assert Shortlist(items, keep=1, least=0.1).query("xb") == [1]
