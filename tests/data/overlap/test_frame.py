"""Rows of a block, and what of them is no JSON object."""

from __future__ import annotations

import json

import numpy as np
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provenir.data.overlap.frame import frame, parse_rows
from provenir.data.overlap.plain import PADDING, padded
from strategies import json_values

PIECES = [
    *(bytes([code]) for code in b'"\\{}[]:, \t\r\n\0\f01-.ea'),
    b"E+9", b"1e-7", b"true", b"false", b"null", b"nul", b'"a":1', b'{"a":"b"}\n',
    b"\\u", b"\\u00e9", b"\\ud83d", b"\\uDE00", b"\\ud83d\\ude00", b"\\n", b'\\"', b"\\\\", b"\\x",
    b"\xc3\xa9", b"\xc3", b"\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"\xff",
    b"\xe0\x80\x80", b"\xf4\x90\x80\x80", b"\xf0\x80\x80\x80", b"\xef\xbb\xbf", b"\xc0\x80",
    b'"' + b"x" * 61 + b'"',
]  # fmt: skip


def rows(text: bytes) -> list[tuple[bytes, bool]]:
    starts, suspect = frame(padded(text), len(text))
    assert starts[-1] == len(text)
    return [
        (text[begin:end], bool(bad))
        for begin, end, bad in zip(starts[:-1], starts[1:], suspect, strict=True)
    ]


def test_lines_are_rows_and_blank_lines_are_none():
    assert rows(b'{"a":1}\n\n \t\r\n{"b":2}\r\n{"c":3}') == [
        (b'{"a":1}\n\n \t\r\n', False),
        (b'{"b":2}\r\n', False),
        (b'{"c":3}', False),
    ]


@pytest.mark.parametrize("text", [b"", b"\n", b"\r\n\r\n", b" \t"])
def test_what_is_blank_has_no_rows(text):
    assert rows(text) == []


@pytest.mark.parametrize(
    "line",
    [
        b"[]", b"null", b"1", b'"a"', b"{", b"}", b"{]", b"[{}]", b'{"a"}', b'{"a":}', b'{"a":1,}',
        b'{"a":01}', b'{"a":1.}', b'{"a":.5}', b'{"a":+1}', b'{"a":1e}', b'{"a":-}', b'{"a":1e999}',
        b'{"a":nul}', b'{"a":True}', b'{"a":NaN}', b'{"a":"\\x"}', b'{"a":"\\u12g4"}',
        b'{"a":"\\ud800"}', b'{"a":"\\udc00\\ud800"}', b'{"a":"\t"}', b'{"a":"\x00"}', b"\x00",
        b'{"a":"b}', b'{"a":"\xff"}', b'{"a":"\xc3"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xc0\x80"}',
        b'{"a":1}{"b":2}', b'{"a":1} x', b"{'a':1}", b'\xef\xbb\xbf{"a":1}', b'{"a":1}\x0c',
        b'{"a":[1,]}', b'{"a":[1 2]}', b'{"a" "b"}', b'{"a":"b\\', b'{a:1}', b'{"a":"b"c}',
    ],
)  # fmt: skip
def test_what_is_no_object_is_suspect_and_its_neighbours_are_not(line):
    good = b'{"a":"b"}'
    with pytest.raises((orjson.JSONDecodeError, AssertionError)):
        assert isinstance(orjson.loads(line), dict)
    found = rows(b"\n".join([good, line, good]))
    assert [bad for _, bad in found] == [False, True, False]


@st.composite
def damaged_lines(draw) -> bytes:
    """Lines of JSON, of which some had a piece put in, taken out or exchanged."""
    lines = []
    for value in draw(st.lists(json_values, min_size=1, max_size=4)):
        ascii_only = draw(st.booleans())
        line = json.dumps({"k": value}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        for _ in range(draw(st.integers(0, 2))):
            at = draw(st.integers(0, len(line)))
            piece = draw(st.sampled_from(PIECES))
            line = line[:at] + piece + line[at + draw(st.integers(0, 2)) :]
        lines.append(line)
    return draw(st.sampled_from([b"\n", b"\r\n", b"\n\n"])).join(lines)


pieces = st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join)


@settings(max_examples=400)
@given(damaged_lines() | pieces, st.integers(0, 130), st.sampled_from(b'\n0a}"\\\xa9 '))
@example(b"   {}\n\\u{}\n", 0, 0)
@example(b"{\xe4\n", 0, 0)
def test_every_damage_is_named_wherever_blocks_end(text, spaces, after):
    text = b" " * spaces + text
    buf = np.frombuffer(text + bytes([after]) * PADDING, dtype=np.uint8)
    starts, suspect = frame(buf, len(text))
    expected_starts, damaged = parse_rows(buf, len(text))
    assert starts.tolist() == expected_starts.tolist()
    assert not (damaged & ~suspect).any()


@settings(max_examples=200)
@given(st.lists(json_values, max_size=4), st.integers(0, 130), st.booleans())
def test_what_json_writes_is_not_suspect(values, spaces, ascii_only):
    lines = []
    for value in values:
        line = json.dumps({"k": value}, ensure_ascii=ascii_only)
        if not any(rare in line for rare in ("e+", "e-")):
            lines.append(" " * spaces + line + "\n")
    text = "".join(lines).encode()
    assert [bad for _, bad in rows(text)] == [False] * len(lines)


@pytest.mark.parametrize(
    "good",
    [
        '{"a":"\\ud83d\\ude00\\u00e9\\\\\\"\\/\\b\\f\\n\\r\\t"}',
        '{"é€😀":[-0.5e+10,0,-1,[],{},null,true,false]}',
        '{"a":"\ud7ff\ue000\uffff\U00010000\U0010ffff\x7f"}',
    ],
)
def test_no_place_in_a_block_makes_a_good_row_suspect(good):
    for spaces in range(130):
        row = b" " * spaces + good.encode() + b"\n"
        assert rows(row) == [(row, False)]


def test_only_what_is_far_from_usual_is_suspect_without_a_reason():
    deep = b'{"a":' + b"[" * 61 + b"]" * 61 + b"}"
    assert rows(deep) == [(deep, False)]
    deeper = b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}"
    assert rows(deeper) == [(deeper, True)]


def test_blocks_of_short_rows_have_room():
    text = b"{}\n" * 1000
    assert [bad for _, bad in rows(text)] == [False] * 1000
