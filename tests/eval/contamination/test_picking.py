"""Rows picked by number lie where a check says that they lie."""

from __future__ import annotations

import gzip
import json

import pytest

pytest.importorskip("numpy", reason="a check needs the extra data")

from hypothesis import given
from hypothesis import strategies as st

from provenir.eval.contamination import ContaminationChecker
from provenir.eval.contamination.corpus import open_corpus
from provenir.eval.contamination.picking import pick_rows

QUESTION = (
    "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in "
    "May. How many clips did Natalia sell altogether in April and May?"
)
LINES = {
    "leak": json.dumps({"text": QUESTION}).encode(),
    "other": json.dumps({"text": "nothing of interest, twice"}).encode(),
    "escaped": json.dumps({"text": "\ud83d\ude00 " + QUESTION}).encode(),
    "twice": b'{"text": NaN, "more": "' + QUESTION.encode() + b'"}',
    "broken": b"{broken",
    "blank": b"  ",
}


@given(
    names=st.lists(st.sampled_from(sorted(LINES)), min_size=1, max_size=12),
    end=st.sampled_from([b"\n", b"\r\n"]),
    mark=st.booleans(),
    packed=st.booleans(),
    last=st.booleans(),
)
def test_places_are_those_of_the_check(tmp_path_factory, names, end, mark, packed, last):
    text = end.join(LINES[name] for name in [*names, "leak"]) + (end if last else b"")
    text = (b"\xef\xbb\xbf" if mark else b"") + text
    path = tmp_path_factory.mktemp("rows") / ("rows.jsonl.gz" if packed else "rows.jsonl")
    path.write_bytes(gzip.compress(text) if packed else text)
    report = ContaminationChecker().check_datasets(path, {"eval": [{"question": QUESTION}]})
    wanted = {hit.train_index for hit in report.hits}
    picked = pick_rows(open_corpus(path), wanted)
    assert {hit.train_index: hit.place for hit in report.hits} == {
        number: row.place for number, row in picked.found.items()
    }
    assert picked.rows == [report.corpus.rows]
    assert [b"".join(leaves).hex() for leaves in picked.leaves] == [
        file.leaves for file in report.corpus.files
    ]


def test_rows_in_memory_have_digests_alone():
    rows = [{"text": "a"}, {"text": QUESTION}]
    picked = pick_rows(open_corpus(rows), {1, 7})
    assert list(picked.found) == [1]
    assert picked.found[1].value == rows[1]
    assert picked.found[1].place.digest is not None
    assert picked.found[1].place.line is None
