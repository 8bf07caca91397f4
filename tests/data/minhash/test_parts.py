"""The form of a text that the kernels read has the words that the reference reads."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numpy", reason="needs the extra data")

from provenir.core.errors import UsageError
from provenir.data.minhash.parts import parts_of, texts_of, word_bytes
from provenir.data.text.words import words

PIECES = st.one_of(
    st.sampled_from(("a", "B", "9", "-", "\n", "\r", " ", "\t", ".", "\u00ad", "\u200b", "_")),
    st.sampled_from(("é", "e\u0301", "ﬁ", "½", "Ж", "漢", "カ", "ก", "\u2010", "\u2029", "한")),
    st.sampled_from(("\u1100", "\u1161", "\u11a8", "ᄒ", "ㅎ", "ﾡ", "ￂ")),
    st.characters(exclude_categories=("Cs",)),
)
RUN = re.compile(rb"(?:[0-9A-Za-z]|[\x80-\xfe])+")


def found(text: str) -> list[str]:
    """The words as the kernels tell them apart."""
    return [run.decode().lower() for run in RUN.findall(word_bytes(text))]


@given(st.lists(PIECES, max_size=30).map("".join))
def test_the_words_are_those_of_the_reference(text):
    assert found(text) == [word.value for word in words(text)]


def test_scripts_and_forms():
    assert found("L'ÉTÉ cafe\u0301 ﬁne x²") == ["l", "ete", "cafe", "fine", "x2"]
    assert found("北京大学 Токио") == [word.value for word in words("北京大学 Токио")]
    assert found("exam-\r\n  ple ex\u00adam well-known") == ["example", "exam", "well", "known"]
    assert found("\ud800a\udfff") == ["a"]
    assert found("a\u00ad\u00ad-\nb") == ["a", "b"]
    assert found("\u1112\u00ad\u1161\u11ab글") == ["\u1112\u1161\u11ab", "\u1100\u1173\u11af"]


def test_every_text_of_a_row_counts_and_no_name_of_a_field():
    row = {"id": 7, "chat": [{"role": "user", "content": "Hi"}, ["deep", None]], "note": "end"}
    assert list(texts_of(row)) == ["user", "Hi", "deep", "end"]
    assert list(texts_of(row, ("note", "gone"))) == ["end"]
    assert parts_of(row, ("note",)) == parts_of("end") == parts_of(b"end") == [b"end"]


def test_a_deep_row_is_read():
    deep: object = "x"
    for _ in range(100_000):
        deep = [deep]
    assert list(texts_of({"a": deep})) == ["x"]


def test_what_is_no_text_is_refused():
    with pytest.raises(UsageError, match="int"):
        parts_of(3)
