"""The short way to a line's digest against the slow one, over every line that we could think of."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provenir.core.errors import BoundsError, ProvenirError
from provenir.core.leaf import encode_example
from provenir.data import bounds, digests, json_parser, jsonlines
from provenir.data.json_parser import LINES_MEND, RowParser
from provenir.data.jsonlines import line_digests
from provenir.data.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

Outcome = tuple[list[bytes], tuple[str, str, str | None] | None, tuple[Any, ...]]


def oracle(data: bytes, reading: Reading) -> list[bytes]:
    """Each line by Python's own parser, its row by the reference writer of RFC 8785."""
    parser = RowParser("f", reading, LINES_MEND)
    found = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip(b" \t\r"):
            row = encode_example(parser.line(line, number))
            found.append(hashlib.sha256(rfc8785.dumps(row)).digest())
    return found


def short_way(data: bytes, reading: Reading) -> list[bytes]:
    return [digest for batch in line_digests(iter([data]), "f", reading) for digest in batch]


def outcome(read: Callable[[bytes, Reading], list[bytes]], data: bytes, *, strict: bool) -> Outcome:
    reading = Reading(strict=strict)
    try:
        found, fault = read(data, reading), None
    except ProvenirError as error:
        found, fault = [], (type(error).__name__, error.what, error.where)
    return found, fault, reading.findings()


# JSON as text, so that what no writer of ours would write is there too. ---------------------------

SPACE = st.sampled_from(["", "", "", " ", "  ", "\t", "\r"])
NUMBERS = st.one_of(
    st.integers().map(str),
    st.integers(-(2**65), 2**65).map(str),
    st.sampled_from([2**53, 2**63, 2**64, 10**19, 10**30]).flatmap(
        lambda edge: st.integers(edge - 2, edge + 2).map(str)
    ),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.builds("{}{}.{}".format, st.sampled_from(["", "-"]), st.integers(0, 10**20), st.integers(0)),
    st.builds("{}e{}".format, st.integers(-(10**20), 10**20), st.integers(-330, 310)),
    st.sampled_from(
        [
            "-0",
            "-0.0",
            "1.0",
            "1E2",
            "0.1e1",
            "1e400",
            "-1e400",
            "NaN",
            "Infinity",
            "-Infinity",
            "01",
            "1.",
            "-",
            "5e-324",
            "9007199254740992.0",
            "9223372036854775808.0",
            "18446744073709551616",
            "0.1000000000000000055511151231257827",
            "1e15",
            "1e16",
            "1e21",
            "1e-5",
            "1e-7",
        ]
    ),
)
PIECES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"\\'), max_size=6).map(
        lambda text: "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in text)
    ),
    st.sampled_from(
        [
            *("\\n", "\\/", "\\\\", '\\"', "\\u003a", "\\u003A", "\\u0041", "\\u2028", "\u2028"),
            *("\\ud83d\\ude00", "😀", "\\ud800", "\\udfff", "\ue000", "\uffff", "\\u0000", "\\b"),
            *(":", "::", ": ", ',"', "$", "null", "1.5", "\\x", "\t", "0" * 20, "\x7f"),
        ]
    ),
)
TEXTS = st.lists(PIECES, max_size=3).map(lambda pieces: '"' + "".join(pieces) + '"')
KEYS = (
    st.sampled_from(['"a"', '"b"', '"\\u0061"', '"$"', '"$int"', '"é"', '""', '"😀"', '"\ue000"'])
    | st.sampled_from(['"\\ud83d\\ude00"', '"\ud7ff"', '"a:"', '"a\\u003a"', '"\\ud800"'])
    | TEXTS
)
SCALARS = st.sampled_from(["null", "true", "false"]) | NUMBERS | TEXTS


def _objects(values: st.SearchStrategy[str], most: int = 4) -> st.SearchStrategy[str]:
    pair = st.builds("{3}{0}{3}:{2}{1}{3}".format, KEYS, values, SPACE, SPACE)
    return st.lists(pair, max_size=most).map(lambda pairs: "{" + ",".join(pairs) + "}")


def _containers(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.lists(values, max_size=4).map(lambda items: "[" + ",".join(items) + "]")
    return lists | _objects(values)


FLAT = _objects(SCALARS, 6)
LINES = FLAT | _objects(st.recursive(SCALARS, _containers, max_leaves=8)) | SCALARS | SPACE
PLAIN = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.text(max_size=9) | st.integers() | st.booleans() | st.none() | st.floats(),
    max_size=5,
).flatmap(
    lambda row: st.booleans().map(lambda ascii_only: json.dumps(row, ensure_ascii=ascii_only))
)


def agree(data: bytes) -> None:
    for strict in (False, True):
        assert outcome(short_way, data, strict=strict) == outcome(oracle, data, strict=strict)


@given(st.lists(LINES | PLAIN, max_size=3))
@settings(max_examples=1500, deadline=None)
@example(['{"a":1,"a":2}'])
@example(['{"a:":1,"a\\u003a":2}'])
@example(['{"a":"\\u003a:","b":1,"b":2}'])
@example(['{"a":null,"b":{"a":null,"c":[null]}}'])
@example(['{"$":1,"b":{"$int":"5"}}'])
@example(['{"😀":1,"\ue000":2}'])
@example(['{"a":18446744073709551616,"b":-9223372036854775809,"c":9223372036854775808.0}'])
@example(['{"a":9007199254740992,"b":9007199254740991,"c":9007199254740992.0,"d":-0.0,"e":1.0}'])
@example(['\ufeff{"a":1}', '\ufeff{"a":1}'])
def test_the_short_way_agrees_with_the_slow_one(lines: list[str]) -> None:
    agree("\n".join(lines).encode("utf-8", "surrogatepass"))


@given(LINES | PLAIN, st.integers(0), st.integers(0, 255), st.booleans())
@settings(max_examples=1000, deadline=None)
def test_they_agree_when_a_byte_is_wrong(line: str, place: int, byte: int, more: bool) -> None:
    data = bytearray(line.encode("utf-8", "surrogatepass"))
    place %= len(data) + 1
    data[place : place + (not more)] = bytes([byte])
    agree(bytes(data))


@pytest.mark.parametrize("levels", [1, 197, 198, 199, 200, 250, 254, 300])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"b":', "}")])
def test_they_agree_at_every_depth(levels: int, begin: str, end: str) -> None:
    data = f'{{"a":{begin * levels}1{end * levels}}}'.encode()
    for strict in (False, True):
        short = outcome(short_way, data, strict=strict)
        slow = outcome(oracle, data, strict=strict)
        assert short[0] == slow[0]
        # The oracle does not say which row and field was too deep.
        assert (short[1] and short[1][:2]) == (slow[1] and slow[1][:2])
        assert (short[1] is None) == (levels < 200)


def test_a_row_without_a_digest_is_named_by_its_number_in_all_files() -> None:
    reading = Reading()
    deep = b'{"ok":1,"x":' + b"[" * 200 + b"]" * 200 + b"}"
    for _ in line_digests(iter([b"{}\n" * 700]), "f", reading):
        pass
    with pytest.raises(ProvenirError) as caught:
        list(line_digests(iter([b"{}\n" * 600 + deep]), "g", reading))
    assert caught.value.where == "row 1300, field x"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_neither_chunks_nor_batches_change_a_digest(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b'\xef\xbb\xbf{"a":1}\r\n\n{"b":"\xc3\xa9"}\n \n{"c":null}\n{"d":1.5}'
    whole = short_way(data, Reading())
    monkeypatch.setattr(jsonlines, "BATCH_ROWS", 2)
    reading = Reading()
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    batches = list(line_digests(iter(pieces), "f", reading))
    assert [digest for batch in batches for digest in batch] == whole == oracle(data, Reading())
    assert max(map(len, batches)) <= 2
    assert reading.rows == 4


@pytest.mark.parametrize("strict", [False, True])
def test_the_bounds_hold_before_a_row_is_parsed(
    monkeypatch: pytest.MonkeyPatch, strict: bool
) -> None:
    for module in (bounds, json_parser, jsonlines):
        monkeypatch.setattr(module, "MAX_ROW_VALUES", 1000)
    monkeypatch.setattr(jsonlines, "MAX_ROW_BYTES", 10_000)
    crowded = b'{}\n\n{"a": [' + b",".join([b"1"] * 1001) + b"]}"
    long = b'{}\n{"a": "' + b"x" * 10_000
    _, fault, _ = outcome(short_way, crowded, strict=strict)
    assert fault == ("BoundsError", "the row has more than 1,000 values", "f:3")
    with pytest.raises(BoundsError, match="longer than") as caught:
        list(line_digests(iter([long[:9000], long[9000:]]), "f", Reading(strict=strict)))
    assert caught.value.where == "f:2"


@pytest.mark.parametrize("text", ["x", "a:b, ", "\\u003a", "\\", '": "'])
def test_long_lines_with_many_colons_are_judged_alike(text: str) -> None:
    long = json.dumps({"a": text * 40_000, "b": text}).encode()
    agree(long)
    agree(long[:-1] + b',"b":1}')


def test_batches_are_bounded() -> None:
    sizes = [len(batch) for batch in line_digests(iter([b"{}\n" * 2000]), "f", Reading())]
    assert sum(sizes) == 2000
    assert max(sizes) == digests.BATCH_ROWS
