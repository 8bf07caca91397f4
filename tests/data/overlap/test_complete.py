"""An exhaustive search: every run of thirteen words in common is a hit, whatever the rule says."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.data.overlap.complete import CommonRuns
from provenir.data.overlap.engine import scan_block
from provenir.data.overlap.index import EvalIndex
from provenir.data.overlap.plain import PADDING
from provenir.data.overlap.reference import overlaps
from provenir.data.overlap.rules import RULES

WORDS = ["a", "Bc", "né", "ne\u0301", "ﬁx", "стол", "日", "本", "각", "x\u00ady", "½", "long" * 6]
GAPS = [" ", "  ", "-\n", "\u200b", "\u00ad", ", ", "\n", "_", "’"]
RUN = " ".join(f"w{number}" for number in range(13))
LONG = f"{RUN} " + " ".join(f"v{number}" for number in range(120))


@st.composite
def texts(draw):
    words = draw(st.lists(st.sampled_from(WORDS), min_size=10, max_size=20))
    return "".join(word + draw(st.sampled_from(GAPS)) for word in words)


def scan(rows, items, *, rule="idf-aligned", exhaustive=True, ascii_only=False):
    index = EvalIndex.build({"set": [{"question": text} for text in items]}, exhaustive=exhaustive)
    lines = [json.dumps(row, ensure_ascii=ascii_only).encode() + b"\n" for row in rows]
    data = b"".join(lines)
    block = SimpleNamespace(buf=np.frombuffer(data + bytes(PADDING), np.uint8), size=len(data))
    common = CommonRuns(index) if exhaustive else None
    hits = scan_block(block, index, RULES[rule], common=common).hits
    named = {(hit.row, int(number)) for hit in hits for number in index.twins(hit.item)}
    return hits, named


@given(
    st.lists(texts(), min_size=1, max_size=3),
    st.lists(texts(), min_size=1, max_size=2),
    st.integers(0, 4),
    st.sampled_from(sorted(RULES)),
    st.booleans(),
)
@settings(max_examples=150)
def test_what_the_reference_finds_is_a_hit(items, rows, cut, rule, ascii_only):
    rows = [*rows, items[0][cut:]]
    _, named = scan([{"text": text} for text in rows], items, rule=rule, ascii_only=ascii_only)
    expected = {
        (row, item)
        for row, text in enumerate(rows)
        for item, other in enumerate(items)
        if overlaps(text, other)
    }
    assert expected <= named


def test_a_run_below_the_threshold_is_a_warning():
    rows = [{"text": f"before {RUN} after"}, {"text": f"before {RUN[:-4]} after"}]
    hits, named = scan(rows, [LONG])
    assert named == {(0, 0)}
    assert (hits[0].score.severity, hits[0].score.role) == ("warning", "item")
    assert hits[0].score.value == pytest.approx(13 / 133)
    (span,) = hits[0].spans
    assert LONG[span.start : span.end] == RUN
    assert scan(rows, [LONG], exhaustive=False)[1] == set()


def test_twins_that_the_strict_fold_tells_apart_are_both_looked_for():
    joined = "one\u200btwo " + RUN[: RUN.index("w12")]
    apart = joined.replace("\u200b", "")
    for text in (joined, apart):
        assert scan([{"text": f"so {text} it"}], [joined, apart])[1] >= {(0, 0), (0, 1)}


def test_runs_do_not_go_from_one_text_to_the_next():
    words = RUN.split()
    assert scan([{"a": " ".join(words[:6]), "b": " ".join(words[6:])}], [LONG])[1] == set()
