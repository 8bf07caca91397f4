"""Rows without text: what plainly shows a text is never doubted, what is not doubted holds one."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("numpy", reason="needs the extra data")

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from provenir.data.overlap.plain import PADDING
from provenir.data.overlap.textless import doubtful_lines, holds_text

TEXTS = st.text(alphabet='ab:"\\ ,{}[]1é…мѿ҂䷀一가', max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=6)


def doubted(lines):
    text = b"\n".join(lines)
    buf = np.frombuffer(bytearray(text + b'\n{"a": "b' + bytes(PADDING)), np.uint8)
    found = doubtful_lines(buf, len(text), np.flatnonzero(buf[: len(text)] == ord("\n")))
    assert all(b"\n" not in text[begin:end] for begin, end in found)
    assert all(end == len(text) or text[end : end + 1] == b"\n" for _, end in found)
    return [begin for begin, _ in found]


@given(ROWS, st.sampled_from([(", ", ": "), (",", ":"), (" , ", " : ")]), st.booleans())
def test_a_row_that_is_not_doubted_holds_text(rows, separators, ascii_only):
    lines = [
        json.dumps(row, separators=separators, ensure_ascii=ascii_only).encode() for row in rows
    ]
    begins = np.cumsum([0, *(len(line) + 1 for line in lines)]).tolist()
    found = set(doubted(lines))
    for begin, row in zip(begins, rows, strict=False):
        assert begin in found or holds_text(row)


def test_usual_rows_are_not_doubted_however_many_are():
    usual = b'{"id": 12, "messages": [{"role": "user", "content": "Why?"}]}'
    lines = [usual, *[b"{}"] * 3000, b'{"text":"so"}']
    begins = doubted(lines)
    assert 0 not in begins or len(begins) == len(lines)  # all of them where nothing is compiled
    assert set(range(len(usual) + 1, len(usual) + 1 + 3 * 3000, 3)) <= set(begins)


@pytest.mark.parametrize(
    ("row", "fields", "holds"),
    [
        ({"a": {"b": [None, "x"]}}, None, True),
        ({"a": "…!"}, None, False),
        ({"a": 1e5, "b": "x"}, ("a",), False),
        ({"key": None}, None, False),
        ({"a": "一"}, None, True),
    ],
)
def test_text_is_a_string_with_a_letter_or_a_digit(row, fields, holds):
    assert holds_text(row, fields) is holds
