"""Numbers of rows as text: a round trip, and nothing else is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import InputError
from provenir.eval.contamination.row_set import format_rows, parse_rows


@given(st.sets(st.integers(0, 300)))
def test_what_is_written_is_read(rows):
    assert parse_rows(format_rows(rows), below=301) == rows


def test_the_form():
    assert format_rows([15, 3, 8, 9, 7, 3]) == "3,7-9,15"
    assert format_rows([]) == ""


@pytest.mark.parametrize(
    "text", ["3,2", "3,3", "3,4", "1-1", "2-1", "01", "-1", "1-", ",", "1,,3", "a", "1 ", "5"]
)
def test_anything_else_is_refused(text):
    with pytest.raises(InputError):
        parse_rows(text, below=5)


def test_more_rows_than_memory_holds_are_refused_before_they_are_listed():
    with pytest.raises(InputError, match="names more than"):
        parse_rows("0-9007199254740990", below=2**53)
    assert len(parse_rows("0-9,11-19", below=20)) == 19
