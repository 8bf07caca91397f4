"""Excerpts show the first difference, whatever the texts are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numpy")

from provenir.data.minhash.excerpts import excerpts, read_texts
from provenir.data.sources import resolve


def test_texts_that_fit_stay_whole():
    assert excerpts("the same", "the same", chars=8) == ("the same", "the same")
    assert excerpts("", "x", chars=5) == ("", "x")


def test_what_both_begin_with_is_cut():
    one, other = excerpts("w " * 500 + "one end", "w " * 500 + "other end", chars=60)
    assert (one[:2], one[-9:], len(one)) == ("…w", "w one end", 58)
    assert (other[:2], other[-11:], len(other)) == ("…w", "w other end", 60)


@given(
    *(st.text("ab ", max_size=90) for _ in range(3)),
    st.integers(45, 80),
)
def test_the_first_difference_is_in_both(start, one, other, chars):
    shown = excerpts(start + one, start + other, chars=chars)
    assert max(map(len, shown)) <= chars
    assert (shown[0] == shown[1]) == (start + one == start + other)


def test_rows_are_read_again_by_number():
    rows = [{"a": "one", "b": ["two"]}, {"a": "three"}]
    assert read_texts(resolve(rows), {0}) == {0: "one two"}
    assert read_texts(resolve(rows), {0, 1}, ("b",)) == {0: "two", 1: ""}
    assert read_texts(resolve(rows), set()) == {}
