from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provenir.core.errors import BoundsError, InputError
from provenir.data import bounds, json_parser, jsonlines, jsonrows
from provenir.data.jsonlines import line_rows
from provenir.data.jsonrows import array_rows
from provenir.data.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

BOM = b"\xef\xbb\xbf"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=5)


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


def lines(data: bytes, *, strict: bool = False, size: int = 1 << 20) -> list[dict[str, Any]]:
    return list(line_rows(iter(pieces(data, size)), "f", Reading(strict=strict)))


def array(data: bytes, *, strict: bool = False, size: int = 1 << 20) -> list[dict[str, Any]]:
    return list(array_rows(iter(pieces(data, size)), "f", Reading(strict=strict)))


@given(ROWS, st.integers(1, 40), st.booleans(), st.sampled_from(["\n", "\r\n", "\n\n \n"]))
@settings(max_examples=60)
def test_lines_give_what_json_gives_however_the_bytes_are_cut(
    rows: list[dict[str, Any]], size: int, ascii_only: bool, end: str
) -> None:
    data = "".join(json.dumps(row, ensure_ascii=ascii_only) + end for row in rows)
    for text in (data, data.removesuffix(end)):
        raw = text.encode("utf-8", "surrogatepass")
        assert repr(lines(raw, size=size)) == repr(rows)


@given(ROWS, st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
@settings(max_examples=60)
def test_arrays_give_what_json_gives_however_the_bytes_are_cut(
    rows: list[dict[str, Any]], size: int, indent: int | None, mark: bool
) -> None:
    data = (BOM if mark else b"") + json.dumps(rows, indent=indent).encode()
    assert repr(array(data, size=size)) == repr(rows)


@given(st.integers(15, 25), st.integers(0, 10**26), st.booleans())
@example(19, 2**63, True)
@example(20, 2**64, False)
def test_no_digit_of_an_integer_is_lost(digits: int, start: int, minus: bool) -> None:
    number = int(str(start).ljust(digits, "7")[:digits]) * (-1 if minus else 1)
    (row,) = lines(json.dumps({"n": number}).encode())
    assert row["n"] == number
    assert type(row["n"]) is int


def test_forgives_bom_blank_lines_and_line_separators_in_text() -> None:
    data = BOM + b'\r\n\n{"a": "x\xe2\x80\xa8y"}\r\n  \t \n{"a": 2}'
    assert lines(data) == lines(data, strict=True) == [{"a": "x\u2028y"}, {"a": 2}]
    assert lines(BOM + b'{"a": 1}') == [{"a": 1}]
    assert lines(BOM) == lines(b"") == lines(b"\n\n") == []
    assert array(b"[]") == array(BOM + b" [\n] \n") == array(b"") == array(b" \n") == []


def test_a_json_file_may_hold_one_object_per_line() -> None:
    assert array(b'\n{"a": 1}\n{"a": 2}\n', size=1) == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("data", "where", "what"),
    [
        (b'{"a": 1}\n\n{"a": \n', "f:3", "not JSON"),
        (b'{"a": 1}\n{"a": "torn', "f:2", "not JSON"),
        (b'{"a": 1} {"a": 2}\n', "f:1", "not JSON"),
        (b"garbage\n", "f:1", "not JSON"),
        (b"{'a': 1}\n", "f:1", "not JSON"),
        (b'{"a": 1}\n[{"a": 1}]\n', "f:2", "this one is an array"),
        (b'"text"\n', "f:1", "this one is a string"),
        (b"17\n", "f:1", "this one is a scalar"),
        (b"null\n", "f:1", "this one is null"),
        (b'{}\n{"a": "\xff"}\n', "f:2", "not UTF-8"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "f:1", "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "f:1", "too many digits"),
        (b'{}\n\x00{"a": 1}\n', "f:2", "not JSON"),
    ],
)
def test_a_bad_line_is_refused_with_file_and_line(data: bytes, where: str, what: str) -> None:
    for strict in (False, True):
        with pytest.raises(InputError, match=what) as error:
            lines(data, strict=strict)
        assert error.value.where == where
        assert error.value.mend


@pytest.mark.parametrize(
    ("data", "where", "what"),
    [
        (b'[{"a": 1},\n{"a": ]\n', "f:2", "not JSON"),
        (b'[{"a": 1},\n{"a": "torn', "f:2", "not JSON"),
        (b'[{"a": 1}\n', "f:2", "torn"),
        (b'[{"a": 1},\n', "f:2", "not JSON"),
        (b'[{"a": 1}\n{"a": 2}]', "f:2", "expected ,"),
        (b'[{"a": 1}]\n{"a": 2}', "f:2", "after the end"),
        (b"[\n\n1]", "f:3", "this one is a scalar"),
        (b'[{"a":\n "\xff"}]', "f:2", "not UTF-8"),
        (b'[{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "f:1", "nested too deeply"),
    ],
)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_a_bad_array_is_refused_with_file_and_line(
    data: bytes, where: str, what: str, size: int
) -> None:
    if size == 1 and len(data) > 1000:
        size = 1000
    with pytest.raises(InputError, match=what) as error:
        array(data, size=size)
    assert error.value.where == where


READERS: list[tuple[Callable[..., Any], bytes, bytes]] = [(lines, b"", b""), (array, b"[", b"]")]


@pytest.mark.parametrize(("read", "head", "tail"), READERS)
def test_strict_readers_refuse_duplicate_keys_and_non_json(
    read: Callable[..., Any], head: bytes, tail: bytes
) -> None:
    twice = head + b'{"q": {"a": 1, "b": 0, "a": 2}}' + tail
    assert read(twice) == [{"q": {"a": 2, "b": 0}}]
    with pytest.raises(InputError, match="'a' occurs twice") as error:
        read(twice, strict=True)
    assert error.value.where == "f:1"
    with pytest.raises(InputError, match="Infinity is not JSON"):
        read(head + b'{"a": -Infinity}' + tail, strict=True)


def test_literals_outside_json_are_named_in_a_finding() -> None:
    reading = Reading()
    data = b'{}\n{"a": NaN}\n{"a": NaN}\n{"a": Infinity}\n'
    rows = list(line_rows(iter([data]), "f", reading))
    assert rows[3] == {"a": float("inf")}
    first, second = reading.findings()
    assert (first.kind, first.subject, first.data["count"]) == ("nonstandard_json", "NaN", 2)
    assert "f:2" in first.detail
    assert second.subject == "Infinity"


def test_an_endless_line_or_object_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (jsonlines, jsonrows):
        monkeypatch.setattr(module, "MAX_ROW_BYTES", 10_000)
    endless = b'{"a": "' + b"x" * 50_000
    with pytest.raises(BoundsError, match="longer than") as error:
        lines(b"{}\n" + endless, size=1000)
    assert error.value.where == "f:2"
    with pytest.raises(BoundsError, match="longer than"):
        array(b"[" + endless, size=1000)


def test_a_long_object_is_parsed_a_bounded_number_of_times() -> None:
    text = json.dumps([{"a": "x" * 400_000}, {"a": 1}]).encode()
    reader = jsonrows._ArrayReader(iter(pieces(text, 100)), "f", Reading())
    parses = 0
    inner = reader.parser.decoder.raw_decode

    def counted(text: str, at: int) -> tuple[Any, int]:
        nonlocal parses
        parses += 1
        return inner(text, at)

    reader.parser.decoder.raw_decode = counted  # type: ignore[method-assign, assignment]
    assert len(list(reader.rows())) == 2
    assert parses < 20


@pytest.mark.parametrize("inner", [b"[]", b"{}", b"1", b'"a"', b'{"$":1}', b'"\\"\\\\"'])
def test_a_row_of_too_many_values_is_refused_before_it_is_parsed(
    monkeypatch: pytest.MonkeyPatch, inner: bytes
) -> None:
    for module in (bounds, json_parser, jsonlines, jsonrows):
        monkeypatch.setattr(module, "MAX_ROW_VALUES", 1000)
    many, some = (b'{"a": [' + b",".join([inner] * count) + b"]}" for count in (1001, 300))
    for strict in (False, True):
        with pytest.raises(BoundsError, match="more than 1,000 values") as error:
            lines(b"{}\n\n" + many, strict=strict)
        assert error.value.where == "f:3"
        assert error.value.mend
        with pytest.raises(BoundsError, match="more than 1,000 values") as error:
            array(b"[{},\n" + many + b"]", strict=strict, size=500)
        assert error.value.where == "f:2"
        assert len(lines(b"\n".join([some] * 9), strict=strict)) == 9
        assert len(array(b"[" + b",".join([some] * 9) + b"]", strict=strict, size=500)) == 9


def test_marks_within_text_are_no_values(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (bounds, json_parser, jsonlines, jsonrows):
        monkeypatch.setattr(module, "MAX_ROW_VALUES", 1000)
    row = {"a": '[{,:"\\"' * 900, "b": [",\\"] * 9}
    text = json.dumps(row).encode()
    assert lines(text) == [row]
    assert array(b"[" + text + b"]", size=700) == [row]


def test_an_object_as_long_as_a_row_may_be_is_read_from_an_array(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jsonrows, "MAX_ROW_BYTES", 10_000)
    row = {"a": "x" * 9_000}
    text = json.dumps([row, {"b": "x" * 9_000}]).encode()
    assert array(text, size=100) == [row, {"b": "x" * 9_000}]


@pytest.mark.parametrize(("read", "head", "tail"), READERS)
def test_a_number_beyond_a_double_is_a_finding_and_refused_when_strict(
    read: Callable[..., Any], head: bytes, tail: bytes
) -> None:
    data = head + b'{"a": [1e308, -1e400]}' + tail
    assert read(data) == [{"a": [1e308, float("-inf")]}]
    reading = Reading()
    reader = array_rows if head else line_rows
    assert len(list(reader(iter([data]), "f", reading))) == 1
    (found,) = reading.findings()
    assert (found.kind, found.subject) == ("infinite_number", "-Infinity")
    assert "-1e400" in found.detail
    assert "f:1" in found.detail
    with pytest.raises(InputError, match="-1e400 is too large") as error:
        read(data, strict=True)
    assert error.value.where == "f:1"
