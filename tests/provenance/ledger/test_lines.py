"""Lines: canonical, without floats, and read back only as they were written."""

from __future__ import annotations

import json
import math

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import InputError
from provenir.provenance.ledger.lines import line_bytes, parse_line, parse_real, real

scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.text(), values, max_size=5)


@given(objects)
def test_a_line_is_what_the_reference_writes(value):
    assert line_bytes(value) == rfc8785.dumps(value)


@given(objects)
def test_a_line_is_read_back(value):
    assert parse_line(line_bytes(value), where="x") == value


@given(objects, st.floats(allow_nan=False, allow_infinity=False))
def test_no_float_enters_a_line(value, number):
    with pytest.raises(InputError):
        line_bytes({**value, "here": [number]})


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"null",
        b'{"a": 1}',
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a":0.5}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":-0}',
        b'{"a":NaN}',
        b'{"a":9007199254740993}',
        b'{"a":123456789012345678901234567890}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":1}\r',
        b"\xef\xbb\xbf{}",
        b'{"a":' + b"[" * 100_000,
    ],
)
def test_what_is_not_spelled_so_is_refused(line):
    with pytest.raises(InputError):
        parse_line(line, where="ledger.jsonl:7")


@given(st.binary(max_size=60))
def test_a_reader_of_lines_raises_nothing_else(data):
    try:
        value = parse_line(data, where="x")
    except InputError:
        return
    assert line_bytes(value) == data


@given(st.floats())
def test_a_real_number_is_the_shortest_text(number):
    text = real(number)
    again = parse_real(text)
    assert math.isnan(again) if math.isnan(number) else again == number
    if math.isfinite(number):
        assert text == json.dumps(number)


@pytest.mark.parametrize("text", ["1", "1.50", "0x1p0", "NaN", "Infinity", " 1.0", "1_0.0", ""])
def test_another_spelling_of_a_number_is_refused(text):
    with pytest.raises(InputError):
        parse_real(text)
