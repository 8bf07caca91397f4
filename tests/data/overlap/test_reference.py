from __future__ import annotations

import pytest

from provenir.data.overlap.reference import grams, overlaps, reference_words, strings

THIRTEEN = "one two three four five six seven eight nine ten eleven twelve thirteen"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("It's A_b, ＦＵＬＬ ﬁne ①!", ["it", "s", "a", "b", "full", "fine", "1"]),
        ("北京abc 한글、かな", ["北", "京", "abc", "한", "글", "か", "な"]),
        ("cafe\u0301 café x\u0302y ze\u200bro", ["café", "café", "x", "y", "ze", "ro"]),
        ("\u1112\u1161\u11ab", ["한"]),
        ("Дом Straße", ["дом", "strasse"]),
        ("a\ud800b", ["a", "b"]),
    ],
)
def test_words(text, words):
    assert reference_words(text) == words


def test_thirteen_words_in_a_row_overlap_and_twelve_do_not():
    assert overlaps(f"so: {THIRTEEN.upper()}!", f"{THIRTEEN} fourteen")
    assert not overlaps(THIRTEEN.removeprefix("one "), THIRTEEN)
    assert not overlaps(THIRTEEN.replace("seven", "seven or"), THIRTEEN)
    assert len(grams(f"{THIRTEEN} fourteen")) == 2


def test_every_string_of_a_row_is_read_alone():
    row = {"a": "x", "b": [{"c": "y", "d": 1}, "z", None], "e": 2.5}
    assert strings(row) == ["x", "y", "z"]
