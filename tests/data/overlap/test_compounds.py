"""Compounds: found where no blank stands between words, and read in rows as what they stand for."""

from __future__ import annotations

import re
import string

import numpy as np
import orjson
from hypothesis import given
from hypothesis import strategies as st

from provenir.data.overlap.compounds import MOST_WORDS, spell_out
from provenir.data.overlap.engine import scan_block
from provenir.data.overlap.index import EvalIndex
from provenir.data.overlap.joined import words_of_texts
from provenir.data.overlap.plain import padded, plain_hashes
from provenir.data.overlap.row_blocks import line_blocks
from provenir.data.overlap.rules import RULES
from provenir.data.text.hashing import word_hash

PIECES = st.sampled_from(
    ["a", "Bc", "é", "½", "日本", "x1", "-", ".", "'", " ", "\n", "()", "—", "1"]
)
QUESTION = (
    "Doesn't `self.metrics.reduce()` call a user-made `torch.nn.functional.softmax(x, dim)` in "
    "a well-known third-party library's top-level sub-module, e.g. one that isn't thread-safe?"
)


def compounds_of(text):
    found = words_of_texts([text], plain=True)
    return found.compounds


def test_words_that_signs_part_are_a_compound():
    found = compounds_of("a well-known (self.metrics.reduce) don't, café/x no - where 日本")
    joined = ["wellknown", "selfmetricsreduce", "dont", "cafex"]
    assert found.hashes.tolist() == [word_hash(word) for word in joined]
    assert found.size.tolist() == [2, 3, 2, 2]
    assert found.first.tolist() == [1, 3, 6, 8]
    word = padded(b"wellknown")
    assert found.plain[0] == plain_hashes(word, np.array([0]), np.array([9]))[0]


@given(st.lists(PIECES, max_size=30).map("".join))
def test_between_the_words_of_a_compound_is_something_and_no_blank(text):
    found = words_of_texts([text], plain=True)
    ends = found.compounds.first + found.compounds.size
    assert (found.compounds.first[1:] >= ends[:-1]).all()
    data = text.encode()
    for first, size in zip(
        found.compounds.first.tolist(), found.compounds.size.tolist(), strict=True
    ):
        assert 2 <= size <= MOST_WORDS
        for word in range(first, first + size - 1):
            between = data[found.ends[word] : found.starts[word + 1]].decode()
            assert re.fullmatch(r"[^ \n]+", between)


def test_a_known_compound_is_spelled_out():
    known = np.sort(np.array([word_hash(word) for word in ("ab", "cde")], np.uint64))
    first, size = np.array([10, 20]), np.array([2, 3], np.int8)
    words = np.array([word_hash(word) for word in ("x", "cde", "y", "ab")], np.uint64)
    spelled = spell_out(words, known, first, size)
    at = {int(known[0]): (10, 2), int(known[1]): (20, 3)}
    one, other = at[word_hash("cde")], at[word_hash("ab")]
    assert spelled.source.tolist() == [0, *[1] * one[1], 2, *[3] * other[1]]
    assert spelled.own == [(1, *one), (2 + one[1], *other)]
    empty = np.empty(0, np.uint64)
    assert spell_out(words, empty, empty.astype(np.int64), empty.astype(np.int8)).own == []
    assert spell_out(empty, known, first, size).source.tolist() == []


def scan(items, row):
    index = EvalIndex.build({"set": [{"question": item} for item in items]})
    data = orjson.dumps({"text": row}) + b"\n"
    (block,) = line_blocks([data], 1 << 20)
    return scan_block(block, index, RULES["idf-aligned"]).hits


def test_a_text_without_its_punctuation_is_found():
    bare = QUESTION.translate(str.maketrans("", "", string.punctuation))
    for row in (bare, bare.upper(), f"« {bare} » ещё"):
        (hit,) = scan([QUESTION], row)
        assert hit.score.value > 0.99
        span = hit.spans[0]
        assert row[span.row_start : span.row_end].lower().startswith("doesnt selfmetricsreduce")
    (hit,) = scan([QUESTION], QUESTION)
    assert hit.score.value > 0.99


def test_a_word_that_the_eval_sets_have_is_left_as_it_is():
    plain = "We cant say wont, as the poets of old did in every verse that they sang at the court"
    hits = scan(
        [plain, "Why can't we say that the river won't rise over the old bridge of stone?"], plain
    )
    assert [hit.item for hit in hits] == [0]
    assert hits[0].score.value > 0.99
