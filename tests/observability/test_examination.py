"""What else may be asked about a rollout, and what happens when it fails."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from provenir.core.errors import UsageError
from provenir.core.findings import Finding
from provenir.core.protocols import EvidenceSource
from provenir.core.spans import Span
from provenir.observability import HackingMonitor, HackingSignal, RewardHackingDetector


@dataclass
class HeldOutTests:
    """Answers what it was told to, as a sandbox with held-out tests would."""

    answers: list = field(default_factory=list)
    name: str = "held-out tests"
    evidence: str = "executed"
    fault: Exception | None = None

    def examine(self, trajectory):
        if self.fault is not None:
            raise self.fault
        return list(self.answers)


FOUND = Finding(kind="hardcoded_answers", severity="critical", detail="fails on new inputs")


def test_what_was_executed_is_confirmed():
    source = HeldOutTests([FOUND])
    assert isinstance(source, EvidenceSource)
    (signal,) = RewardHackingDetector(evidence_sources=[source]).detect({"response": "fine words"})
    assert (signal.kind, signal.evidence, signal.confirmed) == (
        "hardcoded_answers",
        "executed",
        True,
    )


def test_a_judge_alone_suspects_and_with_a_gap_confirms():
    detector = RewardHackingDetector(evidence_sources=[HeldOutTests([FOUND], evidence="judge")])
    rollout = {"response": "fine words", "reward": 1.0}
    assert [s.confirmed for s in detector.detect(rollout)] == [False]
    assert [s.confirmed for s in detector.detect({**rollout, "true_reward": 0.0})] == [True, True]


def test_a_source_does_not_say_by_itself_how_it_knows():
    claimed = HackingSignal(
        kind="verifier_gaming", severity="warning", detail="", evidence="executed", confirmed=True
    )
    source = HeldOutTests([claimed], evidence="judge")
    (signal,) = RewardHackingDetector(evidence_sources=[source]).detect({"response": "words"})
    assert (signal.evidence, signal.confirmed) == ("judge", False)


def test_spans_of_a_finding_are_kept():
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Placed(Finding):
        spans: tuple = ()

    found = Placed(kind="verifier_gaming", severity="warning", detail="", spans=(Span(0, 4, "x"),))
    source = HeldOutTests([found])
    (signal,) = RewardHackingDetector(evidence_sources=[source]).detect({"response": "words"})
    assert signal.spans == (Span(0, 4, "x"),)


@pytest.mark.parametrize(
    "source",
    [
        HeldOutTests(fault=RuntimeError("no sandbox")),
        HeldOutTests([Finding(kind="not_a_hack", severity="warning", detail="")]),
        HeldOutTests(["no finding"]),
        HeldOutTests([None]),
        HeldOutTests([replace(FOUND, detail=None)]),
        HeldOutTests([replace(FOUND, subject=[])]),
        HeldOutTests([replace(FOUND, data=None)]),
        HeldOutTests([replace(FOUND, data=[1])]),
    ],
)
def test_a_source_that_fails_is_counted_and_never_raises(source):
    monitor = HackingMonitor(evidence_sources=[source])
    for _ in range(3):
        assert monitor.add({"response": "fine words", "reward": 1.0, "true_reward": 1.0}) == []
    report = monitor.report()
    said = report.not_examined["evidence: held-out tests"]
    assert said == "3 of 3 rollouts could not be examined"
    assert not report.is_clean
    assert report.hacking_rate == 0.0


def test_a_finding_without_a_text_examines_its_rollout():
    monitor = HackingMonitor(evidence_sources=[HeldOutTests([FOUND])])
    monitor.add({"note": 1})
    report = monitor.report()
    assert (report.hacking_rate, report.num_confirmed, report.num_suspected) == (1.0, 1, 0)
    assert [s.kind for s in report.confirmed] == ["hardcoded_answers"]
    assert report.suspected == ()


@pytest.mark.parametrize("source", [object(), HeldOutTests(evidence="static"), "tests"])
def test_what_is_no_source_is_refused(source):
    for owner in (RewardHackingDetector, HackingMonitor):
        with pytest.raises(UsageError, match="evidence source"):
            owner(evidence_sources=[source])
