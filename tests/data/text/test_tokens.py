from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.data.text.words import words
from strategies import any_text

np = pytest.importorskip("numpy")

from provenir.data.text.tokens import char_offsets, tokenise, word_hash  # noqa: E402

LETTERS = "aZ9_ -\n\r\t\u00ad\u0301\u200bé½ßﬁ京가\u1161ιа😀\ud800"
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


@given(tangled)
def test_byte_offsets_become_character_offsets(text):
    data = as_array(b"##" + text.encode("utf-8", "surrogatepass"))
    tokens = tokenise(data, 2)
    assert char_offsets(data, 2, len(data), tokens.starts).tolist() == [
        word.start for word in words(text)
    ]
    assert char_offsets(data, 2, len(data), tokens.ends).tolist() == [
        word.end for word in words(text)
    ]


def test_hashes_are_the_same_for_ever():
    assert [word_hash(word) for word in ("a", "example", "京")] == [
        0xD7B1A183687A5B1E,
        0xD6B18F3C01E2A6D9,
        0x469A963C6C2B8C90,
    ]
