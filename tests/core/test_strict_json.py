"""The strict reader: accepts what every reader agrees on, refuses the rest, in linear time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provenir.core.canonical import canonical_bytes
from provenir.core.errors import BoundsError, InputError
from provenir.core.files import parse_json
from strategies import json_values


@given(json_values)
@example(2.0**53)
@example([-5.926834778723341e16, 1e300])
def test_reads_what_canonical_bytes_wrote(value: Any) -> None:
    data = canonical_bytes(value)
    back = parse_json(data, where="x", doubles=True)
    assert back == value
    assert canonical_bytes(back) == data


def test_large_integers_stay_unless_doubles_are_asked_for() -> None:
    assert parse_json(b"9007199254740993", where="x") == 2**53 + 1
    with pytest.raises(InputError, match="no double"):
        parse_json(b"9007199254740993", where="x", doubles=True)
    with pytest.raises(InputError, match="beyond the range"):
        parse_json(b"1" + b"0" * 400, where="x", doubles=True)
    value = parse_json(b"[9007199254740992, 9007199254740991, -1]", where="x", doubles=True)
    assert [type(item) for item in value] == [float, int, int]


@given(json_values, st.integers(0, 3), st.booleans())
def test_reads_any_layout(value: Any, indent: int, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert parse_json(text.encode(), where="x") == value


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = parse_json(data, where="x")
    except InputError:
        return
    assert value == json.loads(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"{} {}", "not JSON"),
        (b"[1,]", "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b"\xff", "not UTF-8 at byte 0"),
        (b'"\xed\xa0\x80"', "not UTF-8 at byte 1"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a":1,"a":1}', "the key 'a' twice"),
        (b'{"x":[{"\\u0061":1,"a":2}]}', "the key 'a' twice"),
        (b"NaN", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"1e400", "beyond the range"),
        (b"-1e400", "beyond the range"),
        (b"1" * 5000, "cannot be read|can be read"),
        (b'"\\ud800"', "unpaired surrogate"),
        (b'{"\\uDFFF":1}', "unpaired surrogate"),
        (b'"\\ud800\\ud800"', "unpaired surrogate"),
        (b'"\x00"', "not JSON"),
    ],
)
def test_refusals(data: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        parse_json(data, where="evil.json")
    assert str(caught.value.where).startswith("evil.json")
    assert "\n" not in str(caught.value)


def test_syntax_errors_name_line_and_column() -> None:
    with pytest.raises(InputError, match=r"run\.json:2:3"):
        parse_json(b'{"a":1,\n  x}', where="run.json")


def test_surrogate_pairs_and_escaped_backslashes_are_text() -> None:
    assert parse_json(b'"\\ud83d\\ude00"', where="x") == "😀"
    assert parse_json(b'"\\\\ud800"', where="x") == "\\ud800"


def test_the_depth_limit_is_exact() -> None:
    for left, right in ((b"[", b"]"), (b'{"a":', b"}")):
        good = left * 64 + b"1" + right * 64
        assert parse_json(good, where="x") is not None
        with pytest.raises(BoundsError, match="64 levels"):
            parse_json(left * 65 + b"1" + right * 65, where="x")
    with pytest.raises(BoundsError):
        parse_json(b"[" * 1_000_000, where="x")
    assert parse_json(b"[[]]", where="x", max_depth=2) == [[]]
    with pytest.raises(BoundsError):
        parse_json(b"[[]]", where="x", max_depth=1)


def test_the_number_of_values_is_bounded_before_any_is_built() -> None:
    data = b'[[],{"a":[1,2]}]'
    assert parse_json(data, where="x", max_items=6) == [[], {"a": [1, 2]}]
    with pytest.raises(BoundsError, match="more than 5 values"):
        parse_json(data, where="x", max_items=5)


def test_brackets_in_text_and_side_by_side_are_not_depth() -> None:
    assert parse_json(b'["' + b"[" * 1000 + b'"]', where="x") == ["[" * 1000]
    assert parse_json(b'["\\"' + b"{" * 1000 + b'"]', where="x") == ['"' + "{" * 1000]
    assert parse_json(b"[" + b"[]," * 1000 + b"[]]", where="x") == [[]] * 1001


def test_deep_values_behind_a_large_allowance() -> None:
    with pytest.raises(InputError):
        parse_json(b"[" * 100_000, where="x", max_depth=10**9)


@pytest.mark.parametrize("unit", [b'"\\', b'\\"', b'"', b"\\", b'["\\"'])
def test_unclosed_strings_cost_linear_time(unit: bytes) -> None:
    # A quadratic scan of megabytes would not come back. The pairs ask for a scan of the depth.
    with pytest.raises(InputError):
        parse_json(b"[" + b"[]," * 70 + b'"' + unit * 1_000_000, where="x")


def test_other_buffers() -> None:
    assert parse_json(bytearray(b"[1]"), where="x") == [1]
    assert parse_json(memoryview(b"[1]"), where="x") == [1]
