from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import BoundsError
from provenir.data.compiled import COMPILED
from provenir.data.text.folding import Kind, plain_fold, strict_fold
from provenir.data.text.hashing import word_hash
from provenir.data.text.kernel import ROOM
from provenir.data.text.tokens import _read_slowly as slowly
from provenir.data.text.tokens import (
    fold_arrays,
    parting_points,
    read_rows,
    tokenise,
)
from provenir.data.text.words import words
from strategies import any_text

LETTERS = "aZ9_ -\n\r\t\u00ad\u0301\u200bé½ßﬁ京가\u1100\u1161\u11a8ιа😀\ud800"
tangled = st.text(st.sampled_from(LETTERS), max_size=40)


def as_array(data: bytes):
    return np.frombuffer(data, np.uint8)


def expected(text: str, *, strict: bool = False) -> list[tuple[int, int, int]]:
    """The words with their hashes and their places in the bytes of the text."""
    widths = [len(char.encode("utf-8", "surrogatepass")) for char in text]
    ends = np.concatenate(([0], np.cumsum(widths))).astype(int).tolist()
    return [
        (word_hash(word.value), ends[word.start], ends[word.end])
        for word in words(text, strict=strict)
    ]


def found(data: bytes, **options) -> list[tuple[int, int, int]]:
    tokens = tokenise(as_array(data), **options)
    return list(zip(*(column.tolist() for column in tokens), strict=True))


@given(tangled | any_text | st.text(max_size=200), st.booleans())
def test_tokens_are_the_words(text, strict):
    data = text.encode("utf-8", "surrogatepass")
    assert found(data, strict=strict) == expected(text, strict=strict)


@given(
    st.binary(max_size=40)
    | st.lists(
        st.sampled_from(
            [
                b"a",
                b" ",
                b"\xc3",
                b"\xa9",
                b"\xe4",
                b"\xba",
                b"\xac",
                b"\xed\xa0\x80",
                b"\xc0\x80",
                b"\xf0\x9f",
                b"\x98\x80",
                b"\xf4\x90\x80\x80",
                b"\xff",
                b"-",
                b"\n",
            ]
        ),
        max_size=12,
    ).map(b"".join)
)
def test_bytes_that_are_no_utf8_end_words(data):
    text = data.decode("utf-8", "surrogateescape")
    widths = [len(char.encode("utf-8", "surrogateescape")) for char in text]
    ends = [0, *np.cumsum(widths).tolist()]
    assert found(data) == [
        (word_hash(word.value), ends[word.start], ends[word.end]) for word in words(text)
    ]


@given(any_text, tangled)
def test_a_part_of_a_buffer_is_read_alone(before, text):
    head, data = before.encode("utf-8", "surrogatepass"), text.encode("utf-8", "surrogatepass")
    lo, hi = len(head), len(head) + len(data)
    moved = [(value, start + lo, end + lo) for value, start, end in expected(text)]
    assert found(head + data + b"tail", lo=lo, hi=hi) == moved


def test_hashes_are_the_same_for_ever():
    assert [word_hash(word) for word in ("a", "example", "京")] == [
        0xD7B1A183687A5B1E,
        0xD6B18F3C01E2A6D9,
        0x469A963C6C2B8C90,
    ]


def in_json(text: str, *, escape: bool) -> bytes:
    return json.dumps(text, ensure_ascii=escape).encode("utf-8", "surrogatepass")


pieces_of_json = st.lists(
    st.sampled_from([rb"\\", rb"\u", b"d83d", b"de00", b"00e9", rb"\n", b"a", "é".encode(), b" -"]),
    max_size=14,
).map(b"".join)
compiled_only = pytest.mark.skipif(not COMPILED, reason="the kernel needs numba")


def read(data: bytes, bounds: list[int], **options) -> list[list[int]]:
    """The hashes of the words of each row."""
    rows = np.array(bounds[:-1], np.int64), np.array(bounds[1:], np.int64)
    options = {"json": True, "strict": False} | options
    by_row = [[] for _ in bounds[1:]]
    for hashes, _, _, numbers in read_rows(as_array(data), rows, **options):
        for value, row in zip(hashes.tolist(), numbers.tolist(), strict=True):
            by_row[row].append(value)
    return by_row


@given(st.lists(tangled | any_text, min_size=1, max_size=4), st.booleans(), st.booleans())
def test_rows_of_json_give_the_words_that_they_hold(texts, escape, strict):
    lines = [in_json(text, escape=escape) for text in texts]
    bounds = [0, *np.cumsum([len(line) for line in lines]).tolist()]
    assert read(b"".join(lines), bounds, strict=strict) == [
        [word_hash(word.value) for word in words(text, strict=strict)] for text in texts
    ]


@compiled_only
@given(tangled | st.text("a½㌖ﷺ-\n", max_size=30), st.integers(1, 7))
def test_small_parts_give_the_same_words(text, chunk):
    data = text.encode("utf-8", "surrogatepass")
    assert read(data, [0, len(data)], json=False, chunk=chunk) == [
        [word_hash(word.value) for word in words(text)]
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (rb"a\u00e9b a\u00E9b", ["aeb", "aeb"]),
        (rb"a\ud83d\ude00b", ["a", "b"]),
        (rb"\ud835\udc00\ud835\udc01", ["ab"]),
        (rb"a\ud835b a\udc00b a\ud835\ud835\udc00", ["a", "b", "a", "b", "a", "a"]),
        (rb"a\ud835\u0062 a\ud835\n", ["a", "b", "a"]),
        (rb"a\nb\tc\rd\be\"f\\g\/h", ["a", "b", "c", "d", "e", "f", "g", "h"]),
        (rb"a\\nb", ["a", "nb"]),
        (rb"exam-\r\n\tple", ["example"]),
        (rb"a\u12 b\u", ["a", "b"]),
        (rb"a\u00g1", ["a", "g1"]),
        (b"a\\", ["a"]),
        (rb"a\ud835\u", ["a"]),
    ],
)
def test_escapes_are_read_as_what_they_stand_for(data, expected):
    assert read(data, [0, len(data)]) == [[word_hash(value) for value in expected]]


@given(
    st.binary(max_size=30)
    | st.lists(
        st.sampled_from(
            [b"\\", b"u", b"d83d", b"de00", b"00e9", b"n", b"a", b"\xc3", b"\xa9", b" "]
        ),
        max_size=14,
    ).map(b"".join)
)
def test_any_bytes_can_be_read_as_json(data):
    # Nothing beyond the row is looked at: the same row with others around it gives the same.
    alone = read(data, [0, len(data)])[0]
    amid = read(b"0041" + data + b"de00\xa9", [0, 4, 4 + len(data), len(data) + 9])
    assert amid[1] == alone


def test_ascii_is_always_one_symbol():
    # The kernel takes ASCII letters by a shortcut that knows single symbols only.
    for strict in (False, True):
        fold = strict_fold() if strict else plain_fold()
        letters = fold_arrays(strict=strict)[3]
        for point in range(128):
            [(kind, value)] = fold[chr(point)]
            assert letters[point] == (value if kind is Kind.WORD else 0)


def test_one_character_gives_fewer_symbols_than_there_is_room():
    assert max(len(plain_fold()[chr(point)]) for point in range(0x110000)) < ROOM


@compiled_only
@given(tangled | any_text | pieces_of_json.map(bytes.decode), st.booleans(), st.booleans())
def test_the_slow_reading_agrees(text, json, strict):
    data = as_array(text.encode("utf-8", "surrogatepass"))
    [fast] = read_rows(data, (np.array([0]), np.array([len(data)])), json=json, strict=strict)
    slow = slowly(data, 0, len(data), json=json, strict=strict)
    assert [column.tolist() for column in fast[:3]] == [column.tolist() for column in slow]
    assert [column.dtype for column in fast[:3]] == [column.dtype for column in slow]


def test_a_text_beyond_the_offsets_is_refused():
    beyond = np.lib.stride_tricks.as_strided(as_array(b"a"), (2**31,), (0,))
    with pytest.raises(BoundsError, match="tokenise it in parts"):
        tokenise(beyond)


def test_points_that_part_words_do_nothing_else():
    parting = parting_points()
    for point in range(0x10000):
        if parting[point]:
            assert [word.value for word in words(f"a{chr(point)}b")] == ["a", "b"]
    assert not parting[[0x61, 0xAD, 0xE9, 0x2010, 0xD83D]].any()
    assert parting[[0x20, 0xB7, 0x2019, 0x2026]].all()
