"""Rows of a block, and what of them is no JSON object."""

from __future__ import annotations

import orjson
import pytest

from provenir.data.overlap.frame import frame
from provenir.data.overlap.plain import padded


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
