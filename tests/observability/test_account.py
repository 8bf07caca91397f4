"""What was not examined is said kind by kind, with counts."""

from __future__ import annotations

from provenir.observability import HackingMonitor
from provenir.observability.hacking.reading import Reading
from provenir.observability.hacking.signal import HACKING_KINDS

HONEST = {"response": "The sum of two and two is four, as counting shows.", "reward": 1.0}
HIDDEN = {"response": {"sha256": "sha256:" + "0" * 64, "chars": 9}, "reward": 1.0}


def gaps(*rollouts):
    monitor = HackingMonitor()
    for rollout in rollouts:
        monitor.add(rollout)
    return monitor.report().not_examined


def test_without_a_format_no_format_is_tested():
    said = gaps(HONEST, {**HONEST, "format": "boxed", "response": "\\boxed{4}"}, HONEST)
    assert said["format_exploit"] == "no format was declared for 2 of 3 texts"
    assert "format_exploit" not in gaps({"response": "\\boxed{4}", "format": "boxed"})


def test_a_group_must_be_large_enough_to_be_contrasted():
    texts = [{**HONEST, "group_id": 1, "index": place} for place in range(4)]
    assert gaps(*texts[:3])["group_outlier"] == "no group of 4 or more texts was given"
    assert "group_outlier" not in gaps(*texts)


def test_code_that_cannot_be_read_is_named_with_its_reason():
    said = gaps({"response": "```python\ndef f(:\n    return 1 +\n```", "reward": 1.0})
    assert "does not parse: 1" in said["test_tampering"]
    assert said["test_tampering"] == said["verifier_gaming"] == said["hardcoded_answers"]


def test_texts_that_were_read_in_part_or_not_at_all_are_counted():
    long = {"response": "word " * 20_000, "reward": 1.0}
    said = gaps(HONEST, long, HIDDEN, {"reward": 0.0})["texts"]
    assert said == "1 of 4 carried none, of 1 it is not kept; of 1 only head and tail were read"


def test_a_detector_that_fails_on_a_text_leaves_no_report_clean():
    failed = Reading(chars=1, failed=2).to_plain()
    monitor = HackingMonitor()
    monitor.add({"reward": 1.0, "true_reward": 1.0}, reading=failed)
    report = monitor.report()
    assert report.not_examined["detectors"] == "2 times one failed on a text"
    assert not report.is_clean


def test_where_no_text_was_read_every_kind_of_text_says_so():
    for rollouts in ([], [{"reward": 1.0}], [HIDDEN]):
        said = gaps(*rollouts)
        numbers = {"proxy_divergence", "advantage_collapse", "solved_group"}
        for kind in set(HACKING_KINDS) - numbers:
            assert said[kind].startswith("no text of a rollout was read: ")
    assert gaps(HIDDEN)["judge_injection"].endswith(": of 1 it is not kept")


def test_every_kind_is_seen_or_said_not_to_be():
    full = {**HONEST, "true_reward": 1.0, "format": ".*", "group_id": 1}
    assert gaps(*[{**full, "index": place} for place in range(4)]) == {}
