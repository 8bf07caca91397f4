"""Records: exactly the stated fields, canonical lines, strict reading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import InputError
from provenir.provenance.ledger import records
from provenir.provenance.ledger.lines import line_bytes, parse_line
from provenir.provenance.ledger.records import (
    AdmissionLine,
    Details,
    Facts,
    Intervention,
    Snapshot,
    Step,
    parse_record,
)

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "ledger.md"
D = "sha256:" + "0" * 64
TIME = "2026-01-01T00:00:00.000Z"
STEP = Step(
    seq=1, prev=D, time=TIME, step=1, epoch=0, micro=(2, 1), dropped=1,
    batch={"n": 3, "root": D}, units={"n": 2, "root": D}, w_digest=D, rng_digest=D, opt_root=None,
    param_pre=D, param_post=D, lr="0.001", clip_coef=None, mem_flags=(), skipped=None,
)  # fmt: skip


@pytest.mark.parametrize("kind", ["header", "step", "intervention", "snapshot", "resume", "close"])
def test_a_record_has_the_fields_of_the_page(kind):
    stated = re.search(rf"^\*\*{kind}\*\* `([^`]*)`", PAGE.read_text(), re.MULTILINE)
    model = getattr(records, kind.capitalize())
    assert stated[1].split()[0] == "kind"
    assert set(model.model_fields) == set(stated[1].split())


def test_the_intent_has_the_fields_of_the_page():
    stated = re.search(r"^`(schema_version run_id created_at [^`]*)`", PAGE.read_text(), re.M)
    assert set(records.Intent.model_fields) == set(stated[1].split())


def test_a_record_is_read_back():
    assert parse_record(STEP.line(), where="x") == STEP
    snapshot = Snapshot(
        seq=2, prev=D, time=TIME, step=1, param_root=D, opt_root=D, rng_digest=D, files=D
    )
    assert parse_record(snapshot.line(), where="x") == snapshot


def changed(**fields):
    return line_bytes({**parse_line(STEP.line(), where="x"), **fields})


@pytest.mark.parametrize(
    "line",
    [
        changed(kind="stop"),
        changed(kind="close"),
        changed(extra=1),
        changed(step="1"),
        changed(step=True),
        changed(step=0),
        changed(lr="0.10"),
        changed(prev="sha256:0"),
        changed(time="2026-01-01T00:00:00Z"),
        changed(skipped="tired"),
        changed(micro=[0]),
        changed(batch={"n": 3, "root": D, "more": 1}),
        line_bytes({"kind": "step"}),
        line_bytes({}),
        STEP.line() + b" ",
    ],
)
def test_what_is_no_record_is_refused_in_one_line(line):
    with pytest.raises(InputError) as refused:
        parse_record(line, where="ledger.jsonl:2")
    assert "\n" not in str(refused.value)
    assert "ledger.jsonl:2" in str(refused.value)


def test_weights_and_reals_are_bounded():
    for wrong in (
        {"factor": 1001},
        {"factor": -1},
        {"reason": 1},
        {"action": "ban"},
        {"factor": None},
        {"action": "exclude"},
    ):
        fields = {"seq": 1, "prev": D, "time": TIME, "step": 1, "row": 0, "action": "lower",
                  "factor": 5, "reason": "r", "measure": "4.5", **wrong}  # fmt: skip
        with pytest.raises(ValueError):
            Intervention(**fields)
    with pytest.raises(ValueError):
        Facts(loss="0.50", norms=[])


@given(st.binary(max_size=80) | st.just(STEP.line()).map(lambda line: line[:-9] + b"}"))
def test_readers_raise_nothing_else(data):
    for read in (parse_record, Details.from_line, AdmissionLine.from_line):
        try:
            read(data, where="x")
        except InputError:
            continue
