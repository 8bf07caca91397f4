"""No name and no number of a step is lost on the way to the disk."""

from __future__ import annotations

from provenir.tracking.evidence import Evidence
from provenir.tracking.records import SAFE_INTEGER, step_record


def test_names_that_become_equal_as_text_are_numbered():
    metrics = {1: 0.1, "1": 0.2, "\ud800": 1.0, chr(0xDFFF): float("nan")}
    record, _, notes = step_record(metrics, next_step=0, time="t")
    assert record["metrics"] == {"1": 0.1, "1#2": 0.2, "\ufffd": 1.0, "\ufffd#2": None}
    assert record["nonfinite"] == {"\ufffd#2": "nan"}
    assert [note.kind for note in notes].count("key_collision") == 2


def test_the_counter_stays_a_number_that_every_reader_keeps():
    evidence = Evidence()
    evidence.step(SAFE_INTEGER, {})
    record, _, _ = step_record({}, next_step=evidence.next_step, time="t")
    assert record["step"] == SAFE_INTEGER
