"""The scan end to end: rows in, hits out."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import orjson
import pytest

from provenir.data.overlap.engine import FEW_ROWS, scan_block
from provenir.data.overlap.index import EvalIndex
from provenir.data.overlap.rules import RULES

QUESTION = (
    "A caravan of eleven camels left Timbuktu before dawn carrying salt slabs, and each camel "
    "bore four slabs of ninety pounds. How many pounds of salt did the caravan carry in all?"
)
ANSWER = "Eleven camels with four slabs each carry 44 slabs, which weigh 44 * 90 = 3960 pounds."
CLEAN = "Photosynthesis turns light into chemical energy that plants keep as sugar for the night."


def block(rows, *, raw: bytes | None = None):
    data = b"".join(orjson.dumps(row) + b"\n" for row in rows) if raw is None else raw
    buf = np.frombuffer(data + b" " * 256, np.uint8)
    return SimpleNamespace(buf=buf, size=len(data))


@pytest.fixture(scope="module")
def index():
    return EvalIndex.build({"salt": [{"question": QUESTION, "answer": ANSWER}]})


def scan(index, *rows, rule="idf-aligned"):
    return scan_block(block(rows), index, RULES[rule])


def test_a_clean_block_has_no_hits(index):
    result = scan(index, {"text": CLEAN}, {"text": ""}, {})
    assert result.hits == ()
    assert result.rows == 3
    assert result.skipped == ()


def test_a_question_is_found_without_its_answer(index):
    (hit,) = scan(index, {"text": CLEAN}, {"prompt": QUESTION, "response": CLEAN}).hits
    assert (hit.row, hit.item, hit.score.role) == (1, 0, "question")
    span = hit.spans[0]
    assert (span.segment, span.field, span.start, span.row_start) == (0, "prompt", 0, 0)
    assert QUESTION[span.start : span.end] == QUESTION[span.row_start : span.row_end]
    assert span.end == len(QUESTION) - 1


def test_a_row_that_is_no_object_is_counted(index):
    data = b'{"text": "fine"}\nnot json\n[1]\n'
    result = scan_block(block((), raw=data), index, RULES["idf-aligned"])
    assert (result.rows, result.skipped) == (3, (1, 2))


def test_of_rows_with_few_seeds_some_tell_what_is_common_and_none_is_a_hit():
    words = [f"w{number}" for number in range(100)]
    index = EvalIndex.build({"set": [{"question": " ".join(words)}]})
    rows = [{"text": f"row {row} has {' '.join(words[40:47])} too"} for row in range(FEW_ROWS + 9)]
    result = scan(index, *rows)
    assert (result.hits, result.candidates) == ((), 0)
    assert result.seen.tolist() == [[40, 47]] * FEW_ROWS
    (hit,) = scan(index, *rows, {"text": " ".join(words)}).hits
    assert hit.row == len(rows)


@pytest.mark.parametrize("rule", ["gpt3-13gram", "idf-aligned"])
def test_one_run_of_a_long_item_is_enough_for_a_rule_of_runs(rule):
    words = [f"w{number}" for number in range(400)]
    index = EvalIndex.build({"set": [{"question": " ".join(words)}]})
    row = {"text": f"before {' '.join(words[200:213])} after"}
    assert len(scan(index, row, rule=rule).hits) == (rule == "gpt3-13gram")
