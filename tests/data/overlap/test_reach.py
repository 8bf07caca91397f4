"""What a row can hold of an item: never less than the alignment finds, the same without numba."""

from __future__ import annotations

import json

import numpy as np
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.data.overlap import align, reach
from provenir.data.overlap.evidence import RowTexts, _words_of
from provenir.data.overlap.fields import field_texts
from provenir.data.overlap.frame import frame
from provenir.data.overlap.index import EvalIndex
from provenir.data.overlap.plain import padded, row_words

PARTS = [
    *"abcdef",
    "naïve",
    "don't",
    "don’t",
    "ex-\nample",
    "ex- \n ample",
    "ex-…",
    "example",
    "a·b",
    "ab",
    "a-b.c",
    "abc",
    "dont",
    "é.b",
    "eb",
    "½",
    "\u00adb",
    "мир",
    "汉字",
    "\ud800",
    "😀",
    "𝐀",
    '"',
    "\\u0061",
    "\t",
    "é-\nb",
]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=30).map(" ".join)
VALUES = st.one_of(TEXTS, st.lists(TEXTS))
ROWS = st.dictionaries(st.sampled_from(["text", "a", "b", "meta"]), VALUES)
MANY_ROWS = st.lists(ROWS, min_size=1, max_size=4)


def block_of(rows, *, ascii_only):
    lines = [json.dumps(row, ensure_ascii=ascii_only).encode("utf-8", "replace") for row in rows]
    data = b"".join(line + b"\n" for line in lines)
    buf = padded(data)
    return buf, frame(buf, len(data))[0], [orjson.loads(line) for line in lines]


@given(st.lists(TEXTS, min_size=1, max_size=3), MANY_ROWS, st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_row_holds_no_more_of_an_item_than_is_said(questions, rows, ascii_only):
    rows = json.loads(json.dumps(rows).encode("utf-8", "replace").replace(b"\\ud800", b"?"))
    buf, starts, values = block_of(rows, ascii_only=ascii_only)
    index = EvalIndex.build({"set": [{"question": text or "a"} for text in questions]})
    count = len(index.items)
    row_of = np.repeat(np.arange(len(rows)), count)
    item_of = np.tile(np.arange(count), len(rows))
    told = reach.find_reach(buf, starts, row_of, item_of, index)
    for pair, (row, item) in enumerate(zip(row_of.tolist(), item_of.tolist(), strict=True)):
        texts = RowTexts(row=0, offset=0, length=0, texts=field_texts(values[row]))
        words = _words_of([texts], index).hashes
        edges = np.array([[*index.bounds[item : item + 2], 0, len(words)]], np.int64)
        _, found = align.align_pairs(edges, index.words, index.weights, index.roles, words)
        assert (told.found[pair] >= found[0] - 1e-6).all()


@given(MANY_ROWS, st.booleans())
@settings(max_examples=200, deadline=None)
def test_rows_are_read_as_without_numba(rows, ascii_only):
    rows = json.loads(json.dumps(rows).encode("utf-8", "replace").replace(b"\\ud800", b"?"))
    buf, starts, _ = block_of(rows, ascii_only=ascii_only)
    words, edges, plain = reach._read_rows(buf, starts[:-1], starts[1:])
    for row, (lo, hi) in enumerate(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)):
        text = buf[lo:hi].tobytes().decode("utf-8", "surrogateescape")
        assert plain[row] == reach._is_plain(text)
        if plain[row]:
            assert words[edges[row] : edges[row + 1]].tolist() == row_words(buf, lo, hi).tolist()


def test_a_phrase_in_common_is_a_stretch_of_the_item():
    phrase = "copied and handed on in any medium"
    index = EvalIndex.build({"set": [{"text": f"one two {phrase} three four five six"}]})
    rows = [{"text": f"other words {phrase} come after"}, {"text": "copied and then handed on"}]
    buf, starts, _ = block_of(rows, ascii_only=False)
    told = reach.find_reach(buf, starts, np.array([0, 1]), np.array([0, 0]), index)
    assert told.stretches.tolist() == [[0, 2, 9]]
    assert told.found[0, index.roles[0]] < index.mass[0].sum()
