from __future__ import annotations

import itertools
import json

import pytest

from provenir.governance.verdict import NOTES, REASONS, Check, Verdict, note_line

PASS = Check(name="a", status="pass")
FAIL = Check(name="b", status="fail", reason="expired")
OPEN = Check(name="c", status="undecided", reason="no-key")
SKIPPED = Check(name="d", status="not-checked", reason="not-given")


def expected_code(rows) -> int:
    if FAIL in rows:
        return 1
    return 3 if OPEN in rows or PASS not in rows else 0


@pytest.mark.parametrize(
    "rows",
    [rows for n in range(5) for rows in itertools.combinations((PASS, FAIL, OPEN, SKIPPED), n)],
    ids=lambda rows: "+".join(row.status for row in rows) or "nothing",
)
def test_truth_and_exit_code_over_every_mixture(rows):
    verdict = Verdict(checks=rows)
    assert verdict.exit_code == expected_code(rows)
    assert bool(verdict) == (verdict.exit_code == 0)


def test_a_verdict_that_checked_nothing_is_not_good():
    assert not Verdict(checks=())
    assert not Verdict(checks=(SKIPPED,))


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "pass", "reason": "expired"},
        {"status": "fail"},
        {"status": "undecided"},
        {"status": "not-checked"},
        {"status": "fail", "reason": "because"},
        {"status": "maybe", "reason": "expired"},
    ],
)
def test_a_row_needs_a_reason_from_the_table(fields):
    with pytest.raises(ValueError, match=r"reason|status"):
        Check(name="x", **fields)


def test_rows_by_kind_and_reasons_once():
    verdict = Verdict(checks=(PASS, FAIL, FAIL, OPEN, SKIPPED))
    assert verdict.failures == (FAIL, FAIL)
    assert verdict.not_checked == (SKIPPED,)
    assert verdict.reasons == ("expired", "no-key")
    assert json.loads(json.dumps(verdict.to_dict()))["reasons"] == ["expired", "no-key"]


def test_what_a_row_quotes_is_neutralised_for_every_way_of_showing_it():
    row = Check(name="artifact:\x1b[31m", status="fail", reason="expired", detail="a\nb\u202e")
    shown = json.dumps(Verdict(checks=(row,)).to_dict(), ensure_ascii=False)
    assert (row.name, row.detail) == ("artifact:\\x1b[31m", "a\\nb\\u202e")
    assert shown.isprintable()
    evil = "\x1b]8;;http://evil\x07x\u202e\n\r\x9b31m\x7f"
    row = Check(name=f"file:{evil}", status="fail", reason="expired", detail=evil)
    assert (row.name + row.detail).isprintable()


def test_notes_are_lines_that_can_be_asked_for():
    verdict = Verdict(checks=(PASS,), notes=(note_line("team-internal"),))
    assert verdict.notes == ("team-internal: whoever can verify it can forge it",)
    assert verdict.has_note("team-internal")
    assert not verdict.has_note("unsigned")


def test_every_reason_and_note_is_explained():
    assert all(text and not text.endswith(".") for text in [*REASONS.values(), *NOTES.values()])
