"""The shape of a notice: a paragraph of its own at the head of a text."""

from __future__ import annotations

import pytest

from provenir.data.overlap.index import EvalIndex
from provenir.data.overlap.notice import heads

HEAD = "This text may be copied by all who want to"
REST = "Bread rises twice before it is baked in the oven"
WORDS = len(HEAD.split())


@pytest.mark.parametrize(
    ("text", "last", "said"),
    [
        (f"{HEAD}\n{REST}", WORDS, True),
        (f"{HEAD}.\n\n{REST}", WORDS - 2, True),
        (f"{HEAD}.\n\n{REST}", WORDS + 2, True),
        (f"{HEAD}.\n\n{REST}", WORDS - 3, False),
        (f"{HEAD} {REST}", WORDS, False),
        (f"{HEAD}?\n{REST}", WORDS, False),
        (f"May it?\n{HEAD}\n\n{REST}", WORDS + 2, False),
        (f"{HEAD}\nonce more or again\n{REST}", WORDS + 4, False),
        (f"{HEAD}\nonce more or again\n \n{REST}", WORDS + 4, True),
        (f"{HEAD}\nBread rises twice", WORDS, False),
        (HEAD, WORDS, False),
    ],
)
def test_a_head_is_a_paragraph_that_asks_nothing_before_other_text(text, last, said):
    index = EvalIndex.build({"e": [{"text": "another item before it"}, {"text": text}]})
    assert heads(index, 1, 0, last, 2) is said
    assert heads(index, 1, 3, last, 2) is False


def test_a_text_that_is_all_of_a_field_is_no_head():
    index = EvalIndex.build({"e": [{"question": HEAD, "answer": REST}]})
    assert heads(index, 0, 0, WORDS, 2) is False
    assert heads(index, 0, 0, WORDS + 4, 2) is False
