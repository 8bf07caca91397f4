"""Sentences, blocks and the window that is compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies import any_text

pytest.importorskip("numpy")

from provenir.data.paraphrase.windows import BLOCK_WORDS, best_run, blocks, sentences

long_text = st.lists(
    any_text | st.sampled_from(["Ann ran. ", "one two three? ", "長い。", "x" * 5000])
)


@given(long_text.map("".join))
def test_sentences_follow_one_another_and_are_bounded(text):
    last = 0
    for piece in sentences(text):
        assert last <= piece.start < piece.end <= len(text)
        assert piece.end - piece.start <= 60 * 40 * 2
        last = piece.end


@given(long_text.map("".join), st.booleans())
def test_blocks_leave_nothing_out(text, overlap):
    pieces = list(sentences(text))
    runs = list(blocks(pieces, overlap=overlap))
    assert {piece for run in runs for piece in run} == set(pieces)
    assert overlap or sum(map(len, runs)) == len(pieces)
    assert all(len(run) == 1 or sum(p.words for p in run) <= BLOCK_WORDS for run in runs)


def test_the_window_is_the_part_that_is_alike_with_its_question():
    text = "Roses want sun. A rope of 48 feet is cut in two. One is short. How long is it? Bye now."
    wanted = next(sentences("A rope of 48 feet is cut.")).features
    (block,) = blocks(sentences(text))
    start, end = best_run(block, wanted, lambda _: 1.0)
    assert (
        text[start:end].strip() == "A rope of 48 feet is cut in two. One is short. How long is it?"
    )
