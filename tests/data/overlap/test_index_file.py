"""The file of an index: the same bytes for the same sets, and nothing altered is opened."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from provenir.core.errors import AlteredDocumentError, DocumentError
from provenir.data.overlap.index import EvalIndex
from provenir.data.overlap.index_file import HEAD_BYTES

QUESTION = "Which river runs through the old town of Ljubljana and past its castle?"
ODD = "caf\u00e9 \ud800 and thirteen further words that stand here to be counted one by one"
SETS = {"rivers": [{"question": QUESTION}], "odd": [{"text": ODD}]}
NUMBERS = ("first", "units", "bounds", "roles", "seeds.items", "seeds.numbers", "wide.bounds")


@pytest.fixture
def stored(tmp_path):
    index = EvalIndex.build(SETS)
    path = tmp_path / "evals.idx"
    assert index.save(path) == index.digest
    return index, path


def test_an_index_comes_back_as_it_was(stored):
    index, path = stored
    again = EvalIndex.open(path)
    assert again.items == index.items
    assert again.exhaustive == index.exhaustive
    assert again.digest == index.digest
    for name, array in index.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)


def test_the_order_of_the_sets_does_not_matter(stored):
    index, _ = stored
    assert EvalIndex.build(dict(reversed(SETS.items()))).digest == index.digest
    assert EvalIndex.build(SETS, exhaustive=True).digest != index.digest


def test_the_fields_that_items_were_narrowed_to_are_kept(tmp_path):
    sets = {"one": [{"question": QUESTION, "note": ODD}]}
    index = EvalIndex.build(sets, fields=["question", "note"])
    assert index.fields == ("note", "question")
    index.save(tmp_path / "one.idx")
    assert EvalIndex.open(tmp_path / "one.idx").fields == index.fields
    assert index.digest != EvalIndex.build(sets).digest


def test_any_altered_byte_is_noticed(stored):
    _, path = stored
    data = path.read_bytes()
    for place in {0, 9, 41, HEAD_BYTES + 5, len(data) // 2, len(data) - 1}:
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(DocumentError):
            EvalIndex.open(path)
    path.write_bytes(data[:-1])
    with pytest.raises(AlteredDocumentError):
        EvalIndex.open(path)


def resealed(data: bytes) -> bytes:
    return data[:8] + hashlib.sha256(data[40:]).digest() + data[40:]


def test_numbers_out_of_range_are_refused_though_the_digest_holds(stored):
    index, path = stored
    data = path.read_bytes()
    for name in NUMBERS:
        array = index.arrays()[name]
        wrong = array.copy()
        wrong[-1] = 99
        raw = array.tobytes()
        at = data.rindex(raw)
        path.write_bytes(resealed(data[:at] + wrong.tobytes() + data[at + len(raw) :]))
        with pytest.raises(DocumentError, match="malformed"):
            EvalIndex.open(path)


def test_what_is_no_index_is_refused_in_one_line(tmp_path):
    path = tmp_path / "evals.idx"
    for data in (b"", b"PROVIDX1", b"{}" * 100):
        path.write_bytes(data)
        with pytest.raises(DocumentError, match="not an eval index"):
            EvalIndex.open(path)
