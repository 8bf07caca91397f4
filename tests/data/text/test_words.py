from __future__ import annotations

import doctest
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.data.text import words as module
from provenir.data.text.words import words
from strategies import any_text


def values(text: str, **options: bool) -> list[str]:
    return [word.value for word in words(text, **options)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  !?  ", []),
        ("one, two_three", ["one", "two", "three"]),
        ("北京abc", ["北", "京", "abc"]),
        ("abc北京", ["abc", "北", "京"]),
        ("각국 가\u1100\u1161\u11a8", ["각", "국", "가", "각"]),
        ("가\u11a8 가\u200b\u11a8 ㄱㅏ \u1100", ["각", "각", "가", "\u1100"]),
        ("각\u11a8 \u1161\u11a8 a\u1161", ["각", "\u11a8", "\u1161", "\u11a8", "a", "\u1161"]),
        ("exam-\nple", ["example"]),
        ("exam\u2010 \r\n\t ple", ["example"]),
        ("exam\u00adple exam\u00ad\nple", ["example", "example"]),
        ("well-known exam- ple", ["well", "known", "exam", "ple"]),
        ("exam\u00ad ple", ["exam", "ple"]),
        ("exam-\n\nple", ["exam", "ple"]),
        ("exam--\nple", ["exam", "ple"]),
        ("exam-\n- ple", ["exam", "ple"]),
        ("exam-\n京", ["exam", "京"]),
        ("京-\nexam 京\u00ad都", ["京", "exam", "京", "都"]),
        ("½", ["1", "2"]),
        ("exam-", ["exam"]),
    ],
)
def test_words(text, expected):
    # Syllables fold to their parts; they are compared as text that is composed again.
    assert [unicodedata.normalize("NFC", value) for value in values(text)] == expected


def test_the_strict_fold_joins_nothing():
    assert values("exam-\nple ze\u200bro cafe\u0301s", strict=True) == (
        ["exam", "ple", "ze", "ro", "cafe", "s"]
    )


@given(any_text)
def test_places_are_in_order_and_inside(text):
    found = words(text)
    assert all(0 <= word.start < word.end <= len(text) for word in found)
    assert [word.start for word in found] == sorted(word.start for word in found)


@given(any_text)
def test_every_word_is_found_again_at_its_place(text):
    for word in words(text):
        assert word.value in values(text[word.start : word.end])


@given(any_text, any_text)
def test_a_break_between_texts_is_a_break_between_words(left, right):
    assert values(left + "." + right) == values(left) + values(right)


@given(st.text("ab-\u00ad \n\r京\u0301가", max_size=12))
def test_letters_are_neither_lost_nor_moved(text):
    plain, strict = values(text), values(text, strict=True)
    assert "".join(plain) == "".join(strict)


def test_the_example_of_the_module_is_right():
    assert doctest.testmod(module).failed == 0
