from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from provenir.console import checks
from provenir.console.view import CheckItem
from provenir.governance.verdict import Check
from strategies import json_objects


def outcomes(items: list[CheckItem]) -> dict[str, str]:
    return {item.what: item.outcome for item in items}


def test_undecided_and_unasked_rows_are_not_checked() -> None:
    done, open_ = checks.from_verdict(
        "run",
        [
            Check(name="files", status="pass", detail="5 files"),
            Check(name="manifest", status="fail", reason="manifest-mismatch"),
            Check(name="signature", status="undecided", reason="no-key"),
            Check(name="artifact", status="not-checked", reason="not-given"),
        ],
    )
    assert outcomes(done) == {"run: files": "pass", "run: manifest": "fail"}
    assert outcomes(open_) == {"run: signature": "undecided", "run: artifact": "not checked"}
    assert all(item.why for item in [*done, *open_])


def test_what_only_a_key_would_open_does_not_sound_like_a_failure() -> None:
    rows = [
        Check(name="signature", status="undecided", reason="no-key"),
        Check(name="content", status="not-checked", reason="not-reached"),
    ]
    assert "this page is given no key" in checks.without_key(rows)[1].detail
    failed = Check(name="statement", status="fail", reason="malformed")
    assert checks.without_key([failed, *rows]) == [failed, *rows]


def test_a_declaration_is_not_a_check() -> None:
    data = [
        {"name": "a", "pii_scanned": True, "contamination_checked": False},
        {"name": "b", "pii_scanned": True, "pii_report": "sha256:x", "contamination_checked": 1},
    ]
    done, open_ = checks.from_bom({"data": data})
    assert outcomes(done) == {"personal data in b": "report"}
    assert outcomes(open_) == {
        "personal data in a": "declared",
        "contamination with eval items in a": "not checked",
        "contamination with eval items in b": "not checked",
    }


def test_an_eval_nobody_checked_for_leaks_is_open() -> None:
    evals = [
        {"benchmark": "unasked", "contaminated": None},
        {"benchmark": "declared", "contaminated": False},
        {"benchmark": "evidenced", "contaminated": False, "report": "sha256:x"},
        {"benchmark": "leaked", "contaminated": True},
    ]
    done, open_ = checks.from_bom({"evals": evals})
    assert [(item.outcome, item.tone) for item in done] == [
        ("none found", "good"),
        ("found", "critical"),
    ]
    assert [item.outcome for item in open_] == ["not checked", "declared"]


def test_a_report_says_what_it_saw_and_what_not() -> None:
    report = {
        "examined": {"rollouts": 8, "groups": 0},
        "not_examined": {"length_inflation": "needs lengths"},
        "signals": [{"severity": "critical"}, {"severity": "info"}],
    }
    done, open_ = checks.from_report("reward hacking", report)
    assert outcomes(done) == {"reward hacking: 8 rollouts": "1 found"}
    assert outcomes(open_) == {"reward hacking: length inflation": "not checked"}
    assert checks.from_report("x", {"examined": {"rollouts": 0}})[0] == []


def test_one_thing_is_written_in_the_singular() -> None:
    done, _ = checks.from_report("x", {"examined": {"groups": 1, "trajectories": 1, "rows": 2}})
    assert [item.what for item in done] == ["x: 1 group, 1 trajectory, 2 rows"]


def test_a_report_that_kept_less_than_it_counted_says_so() -> None:
    report: dict[str, Any] = {"examined": {"groups": 9}, "signals": [{"severity": "info"}]}
    assert checks.from_report("x", report)[0][0].outcome == "1 noted"
    report["by_kind"] = {"solved_group": 7}
    assert checks.from_report("x", report)[0][0].outcome == "1+ noted"
    assert checks.from_report("x", report)[0][0].why == "7 signals counted, 1 kept"


def test_things_with_one_reason_stand_in_one_item_and_all_count() -> None:
    left = {"length_inflation": "no texts", "format_exploit": "no texts", "other": "no key"}
    _, open_ = checks.from_report("x", {"not_examined": left})
    assert [item.what for item in open_] == ["x: length inflation, format exploit", "x: other"]
    assert checks.gather([([], open_)]).num_open == 3


def test_detectors_without_values_are_open() -> None:
    summary = {
        "by_kind": {"kl_blowup": 2},
        "examined": {"kl_blowup": 100, "nonfinite": 300},
        "not_examined": {"entropy_collapse": "never logged: entropy"},
    }
    done, open_ = checks.from_recorder({"summary": summary})
    assert outcomes(done) == {"anomaly: kl blowup": "2 found", "anomaly: nonfinite": "none found"}
    assert outcomes(open_) == {"anomaly: entropy collapse": "not checked"}


def test_failures_stand_first_and_lists_are_bounded() -> None:
    good, bad = CheckItem("pass", "a", tone="good"), CheckItem("fail", "b", tone="critical")
    joined = checks.gather([([good] * 200, []), ([bad], [])])
    assert joined.done[0] is bad
    assert len(joined.done) < 200
    assert joined.num_done == 201
    assert "81 further" in joined.done[-1].what


@given(json_objects)
@settings(max_examples=40)
def test_any_document_can_be_sorted(body: dict[str, Any]) -> None:
    for read in (checks.from_bom, checks.from_recorder):
        read(body)
    checks.from_report("x", body)
