"""One signal per kind, and the grade that independent evidence gives."""

from __future__ import annotations

import pytest

from provenir.core.spans import Span
from provenir.observability.hacking.calibration import Calibrated, calibrated
from provenir.observability.hacking.grading import MAX_SPANS, graded
from provenir.observability.hacking.rollout import Rollout
from provenir.observability.hacking.signal import HackingSignal

ROLLOUT = Rollout(index=7, group_id="g")


def signal(kind="test_tampering", severity="warning", evidence="static", **fields):
    return HackingSignal(kind=kind, severity=severity, detail=kind, evidence=evidence, **fields)


GAP = signal("proxy_divergence", evidence="statistical")


@pytest.mark.parametrize(
    ("signals", "confirmed"),
    [
        ([signal()], False),
        ([GAP], False),
        ([signal(), GAP], True),
        ([signal(evidence="executed")], True),
        ([signal(evidence="judge")], False),
        ([signal(evidence="judge"), GAP], True),
        ([signal(evidence="judge"), signal()], True),
        # Both are read off the same text: one way of knowing.
        ([signal(), signal("degenerate_repetition", evidence="statistical")], False),
        ([signal(), signal("group_outlier", evidence="statistical")], False),
        # Both count, and neither looks at the text for the other.
        ([signal("degenerate_repetition", evidence="statistical"), GAP], False),
        ([signal(severity="info"), GAP], False),
        ([signal(severity="info", evidence="executed")], False),
    ],
)
def test_confirmed_needs_two_ways_of_knowing_or_an_execution(signals, confirmed):
    reported = graded(signals, ROLLOUT)
    flags = [s for s in reported if s.severity != "info"]
    assert [s.confirmed for s in flags] == [confirmed] * len(flags)
    assert not any(s.confirmed for s in reported if s.severity == "info")


def test_one_signal_per_kind_with_every_span_and_the_worst_severity():
    seen = [
        GAP,
        signal(spans=(Span(9, 12, "b"),), data={"n": 1}),
        signal(severity="critical", spans=(Span(1, 3, "a"), Span(9, 12, "b")), data={"n": 2}),
        signal("judge_injection", severity="info"),
    ]
    reported = graded(seen, ROLLOUT)
    assert [s.kind for s in reported] == ["test_tampering", "judge_injection", "proxy_divergence"]
    first = reported[0]
    assert (first.severity, first.index, first.group_id) == ("critical", 7, "g")
    assert first.spans == (Span(1, 3, "a"), Span(9, 12, "b"))
    assert first.data == {"n": 2}
    assert first.detail == "test_tampering"


def test_the_strongest_class_of_evidence_is_named():
    (merged,) = graded([signal(), signal(evidence="executed")], ROLLOUT)
    assert (merged.evidence, merged.confirmed) == ("executed", True)


def test_spans_are_bounded_and_the_rest_is_counted():
    (merged,) = graded([signal(spans=tuple(Span(i, i + 1) for i in range(200)))], ROLLOUT)
    assert len(merged.spans) == MAX_SPANS
    assert merged.data == {"more_spans": 200 - MAX_SPANS}


def test_nothing_seen_is_nothing_reported():
    assert graded([], ROLLOUT) == []


def test_a_rule_is_looked_up_before_its_kind_and_what_was_not_measured_has_no_confidence():
    table = {
        ("test_tampering", "early_exit"): Calibrated(0.9, "set"),
        ("test_tampering", "skip"): Calibrated(0.6, "set"),
        ("test_tampering", None): Calibrated(0.7, "set"),
    }
    assert calibrated("test_tampering", [Span(0, 1, "early_exit")], table).confidence == 0.9
    both = [Span(0, 1, "skip"), Span(0, 1, "early_exit")]
    assert calibrated("test_tampering", both, table).confidence == 0.9
    assert calibrated("test_tampering", [Span(0, 1, "other")], table).confidence == 0.7
    assert calibrated("format_exploit", [Span(0, 1, "early_exit")], table) is None
