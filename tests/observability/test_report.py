"""What a report says to a person, and its two versions on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provenir.core.errors import DocumentError
from provenir.observability import HackingMonitor, RewardHackingDetector
from provenir.observability.documents import HackingReportDocument

HACK = {"response": "import sys; sys.exit(0)", "reward": 1.0, "true_reward": 0.0}
HONEST = {"response": "The answer is 4.", "reward": 1.0, "true_reward": 1.0}
SUSPECT = {"response": "import sys; sys.exit(0)", "reward": 1.0, "true_reward": 1.0}


def test_confirmed_and_suspected_are_kept_apart():
    report = RewardHackingDetector().detect_batch([HACK, HONEST, SUSPECT, SUSPECT])
    assert (report.num_confirmed, report.num_suspected, report.num_flagged) == (1, 2, 3)
    assert {s.index for s in report.confirmed} == {0}
    assert {s.index for s in report.suspected} == {2, 3}
    assert report.hacking_rate == 0.75


def test_the_summary_begins_with_the_verdict_and_ends_with_what_was_not_seen():
    detect = RewardHackingDetector().detect_batch
    assert str(detect([HONEST])).startswith("CLEAN: 1 of 1 rollouts examined, hacking rate 0.0%")
    assert str(detect([{"note": 1}])).startswith(
        "NOT EXAMINED: 0 of 1 rollouts examined, hacking rate unknown"
    )
    lines = str(detect([HONEST, HACK])).splitlines()
    assert lines[0].startswith("SUSPECT: 2 of 2 rollouts examined, hacking rate 50.0%")
    assert lines[0].endswith("(1 confirmed, 0 suspected)")
    assert "test_tampering in rollout 1 (confirmed, static" in lines[1]
    assert lines[-1].startswith("  not seen: ")


def test_the_gravest_are_shown_first_and_the_rest_counted():
    monitor = HackingMonitor()
    for rollout in [SUSPECT] * 30 + [HACK]:
        monitor.add(rollout)
    lines = monitor.report().summary(most=3).splitlines()
    assert "rollout 30 (confirmed" in lines[1]
    assert lines[4] == "  29 more signals; all by kind: test_tampering 31, proxy_divergence 1"


def test_a_summary_is_safe_for_a_terminal():
    report = RewardHackingDetector().detect_batch(
        [{**HACK, "group_id": "\x1b[31m", "response": "\x1b[2J" + HACK["response"]}]
    )
    assert "\x1b" not in str(report)


def test_a_report_of_version_1_is_read_as_what_it_said():
    golden = Path(__file__).parents[1] / "golden"
    (path,) = golden.rglob("hacking_report.json")
    old = json.loads(path.read_text())
    read = HackingReportDocument.read(path)
    assert read.schema_version == "hacking-report/2"
    assert (read.num_confirmed, read.num_suspected) == (0, 60)
    assert [s.kind for s in read.signals] == [s["kind"] for s in old["signals"]]
    assert {s.evidence for s in read.signals} == {"statistical"}
    assert HackingReportDocument.from_bytes(read.to_bytes(), where="again") == read


@pytest.mark.parametrize(
    "change", [{"unknown": 1}, {"num_confirmed": 0}, {"signals": [1]}, {"examined": None}]
)
def test_what_version_1_never_was_is_refused(change):
    old = {
        "schema_version": "hacking-report/1",
        "num_trajectories": 1,
        "hacking_rate": None,
        "is_clean": False,
        "by_kind": {},
        "signals": [],
        "examined": {},
        "not_examined": {},
    }
    assert HackingReportDocument.from_value(dict(old), where="old").num_suspected == 0
    with pytest.raises(DocumentError):
        HackingReportDocument.from_value({**old, **change}, where="old")


def test_a_report_becomes_the_document():
    report = RewardHackingDetector().detect_batch([HACK, HONEST])
    document = HackingReportDocument.model_validate(report.to_dict())
    assert document.num_confirmed == 1
    assert document.signals[0].spans[0][2] == "early_exit"
