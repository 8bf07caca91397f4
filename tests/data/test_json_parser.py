"""What the exact reader says of a line besides its row."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.data.json_parser import repeated_key

NAMES = st.sampled_from(["a", "b", 'q": "', " :", "\\", "é"])
BLANKS = st.sampled_from(["", " ", "\t", " \r\n"])


@st.composite
def objects(draw):
    """The text of an object with blanks where JSON allows them, and its keys in order."""
    names = draw(st.lists(NAMES, max_size=4))
    values = [draw(st.one_of(st.integers(), NAMES)) for _ in names]
    pairs = [
        f"{json.dumps(name)}{draw(BLANKS)}:{draw(BLANKS)}{json.dumps(value)}"
        for name, value in zip(names, values, strict=True)
    ]
    return "{" + ",".join(pairs) + "}", names


@given(objects())
def test_a_key_is_repeated_where_its_text_stands_twice_whatever_the_blanks(drawn):
    text, names = drawn
    found = repeated_key(text.encode(), json.loads(text))
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    assert found == (twice[0] if twice else None)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (b'{"a" : 1, "a": 2}', "a"),
        (b'{"a": {"b" :1, "b":2}}', "b"),
        (b'{"\\u0061": 1, "a": 2}', "a"),
        (b'[{"a": 1}, {"a": 2}]', None),
    ],
)
def test_blanks_escapes_and_depth_hide_no_repeated_key(line, key):
    assert repeated_key(line, json.loads(line)) == key
