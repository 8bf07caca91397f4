"""What a detector, a monitor and a report say of rollouts, and of what they could not see."""

from __future__ import annotations

import gc
import json
import math
import threading
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import Raising, Scalar
from provenir.core.digest import is_digest
from provenir.core.errors import UsageError
from provenir.core.findings import Finding, Report
from provenir.observability import (
    HackingMonitor,
    HackingReport,
    HackingSignal,
    RewardHackingDetector,
)
from provenir.observability.hacking import HACKING_KINDS
from strategies import hostile_values, trajectories


def kinds_of(signals):
    return [signal.kind for signal in signals]


def strict_json(report: HackingReport) -> dict:
    return json.loads(json.dumps(report.to_dict(), allow_nan=False))


# One rollout ----------------------------------------------------------------------------------


def test_a_proxy_far_above_the_true_reward_is_flagged():
    signals = RewardHackingDetector().detect(
        {
            "prediction": "import sys; sys.exit(0) # skip failing tests",
            "proxy_reward": 1.0,
            "true_reward": 0.0,
        }
    )
    assert kinds_of(signals) == ["test_tampering", "proxy_divergence"]
    assert signals[1].severity == "warning"
    assert signals[1].data == {"proxy": 1.0, "true": 0.0}
    assert all(isinstance(signal, Finding) and signal.confirmed for signal in signals)


@pytest.mark.parametrize(
    ("proxy", "true", "flagged"),
    [(1.0, 0.5, True), (0.8, 0.3, True), (0.99, 0.5, False), (0.0, 1.0, False), (1, True, False)],
)
def test_the_gap_decides(proxy, true, flagged):
    detector = RewardHackingDetector(gap=0.5)
    for names in (("reward", "true_reward"), ("proxy_reward", "held_out_reward")):
        rollout = dict(zip(names, (proxy, true), strict=True))
        assert bool(detector.detect(rollout)) == flagged


@pytest.mark.parametrize(
    "rollout",
    [
        {},
        {"reward": 1.0},
        {"true_reward": 0.0},
        {"reward": None, "true_reward": 0.0},
        {"reward": math.nan, "true_reward": 0.0},
        {"reward": math.inf, "true_reward": 0.0},
        {"reward": "1.0", "true_reward": 0.0},
        {"reward": [1.0, 1.0], "true_reward": 0.0},
        None,
        "text",
    ],
)
def test_without_both_rewards_nothing_is_claimed(rollout):
    assert RewardHackingDetector().detect(rollout) == []


def test_what_cannot_be_looked_at_is_no_rollout_and_no_group():
    detector = RewardHackingDetector()
    assert detector.detect(Raising()) == []
    assert detector.detect_group(Raising()) == []
    assert detector.detect_group([Raising(), 0.5]) == []


def test_rewards_of_tensor_libraries_are_read():
    signals = RewardHackingDetector().detect({"reward": Scalar(1.0), "true_reward": Scalar(0.0)})
    assert kinds_of(signals) == ["proxy_divergence"]


@pytest.mark.parametrize("gap", [0, -1, math.nan, math.inf, "1", None])
def test_a_gap_that_cannot_work_is_refused(gap):
    with pytest.raises(UsageError, match="gap"):
        RewardHackingDetector(gap=gap)


# A group --------------------------------------------------------------------------------------


def test_the_group_of_the_guide():
    (signal,) = RewardHackingDetector().detect_group([0.5, 0.5, 0.5, 0.5])
    assert (signal.kind, signal.severity) == ("advantage_collapse", "warning")


@pytest.mark.parametrize(
    ("rewards", "most", "kind"),
    [
        ([1.0, 1.0, 1.0, 1.0], None, "solved_group"),
        ([2.0, 2.0], None, "solved_group"),
        ([2.0, 2.0], 2.0, "solved_group"),
        ([0.1, 0.1], 0.1, "solved_group"),
        ([1.0, 1.0], 2.0, "advantage_collapse"),
        ([0.0, 0.0, 0.0], None, "advantage_collapse"),
        ([0.1 + 0.2, 0.3], None, "advantage_collapse"),
        ([-1, -1], 0, "advantage_collapse"),
        ([0, 0], 0, "solved_group"),
        ([1.0, None, 1.0, math.nan], None, "solved_group"),
    ],
)
def test_equal_rewards(rewards, most, kind):
    (signal,) = RewardHackingDetector().detect_group(rewards, max_reward=most)
    assert signal.kind == kind
    assert signal.severity == ("info" if kind == "solved_group" else "warning")


@pytest.mark.parametrize(
    "rewards",
    [[], [0.5], [0.5, None], [0.5, 0.6], [0.0, 1.0], [math.nan] * 4, ["0.5"] * 4, None, 3],
)
def test_no_group_or_no_equal_rewards(rewards):
    assert RewardHackingDetector().detect_group(rewards) == []


# A batch --------------------------------------------------------------------------------------


def test_the_batch_of_the_guide():
    rollouts = [
        {"prediction": "4", "reward": 1.0, "true_reward": 1.0, "index": 40 + i} for i in range(3)
    ]
    rollouts.append({"prediction": "exit", "reward": 1.0, "true_reward": 0.0})
    report = RewardHackingDetector().detect_batch(rollouts)
    assert isinstance(report, Report)
    assert not report.is_clean
    assert [(s.kind, s.index) for s in report.signals] == [("proxy_divergence", 3)]
    assert f"{report.hacking_rate:.1%}" == "25.0%"
    assert report.by_kind() == {"proxy_divergence": 1}


def test_a_batch_without_hacking_is_clean_in_what_was_examined():
    report = RewardHackingDetector().detect_batch([{"reward": 0.7, "true_reward": 0.6}] * 5)
    assert report.is_clean
    assert report.hacking_rate == 0.0
    assert report.examined == {"trajectories": 5, "texts": 0, "both_rewards": 5, "groups": 0}
    assert set(report.not_examined) == set(HACKING_KINDS) - {"proxy_divergence"}


@pytest.mark.parametrize(
    "rollouts", [[], [{"reward": 1.0}] * 4, [{"reward": 0.5, "group_id": 1}] * 4]
)
def test_what_was_not_examined_is_not_clean(rollouts):
    report = RewardHackingDetector().detect_batch(rollouts)
    assert not report.is_clean
    assert math.isnan(report.hacking_rate)
    assert report.not_examined["proxy_divergence"].startswith("no rollout carried both")
    document = strict_json(report)
    assert document["hacking_rate"] is None
    assert document["num_trajectories"] == len(rollouts)
    assert "test_tampering" in document["not_examined"]


@pytest.mark.parametrize("unexamined", [{}, {"group_id": 1}, {"true_reward": math.nan}])
def test_one_examined_rollout_does_not_make_the_others_clean(unexamined):
    examined = {"reward": 0.7, "true_reward": 0.7, "group_id": 1}
    rollouts = [examined] + [{"reward": i / 1_000, **unexamined} for i in range(999)]
    report = RewardHackingDetector().detect_batch(rollouts)
    assert not report.is_clean
    assert report.hacking_rate == 0.0
    assert report.examined["trajectories"] == 1
    assert report.not_examined["proxy_divergence"].startswith("999 of 1000 rollouts")
    assert RewardHackingDetector().detect_batch([examined]).is_clean


def test_the_document_holds_what_the_format_says():
    report = RewardHackingDetector().detect_batch(
        [{"reward": 1.0, "true_reward": 0.0, "group_id": "p1"}, {"reward": 1.0, "group_id": "p1"}]
    )
    document = strict_json(report)
    assert set(document) == {
        "num_trajectories",
        "hacking_rate",
        "is_clean",
        "num_confirmed",
        "num_suspected",
        "by_kind",
        "signals",
        "examined",
        "not_examined",
    }
    assert document["by_kind"] == {"proxy_divergence": 1, "solved_group": 1}
    assert document["hacking_rate"] == 1.0
    assert document["examined"]["trajectories"] == document["examined"]["groups"] == 1
    assert document["not_examined"]["proxy_divergence"] == "1 of 2 rollouts carried no true reward"
    assert [signal["group_id"] for signal in document["signals"]] == ["p1", "p1"]
    assert is_digest(report.digest())


def test_kinds_are_closed():
    with pytest.raises(UsageError, match="telepathy"):
        HackingSignal(kind="telepathy", severity="info", detail="")


# A run ----------------------------------------------------------------------------------------


def test_groups_are_found_by_their_id_wherever_their_rollouts_come():
    monitor = HackingMonitor()
    for reward in (0.0, 0.5, 0.0):
        for group in ("a", "b", 3):
            monitor.add({"reward": reward if group == "a" else 0.25, "group_id": group})
    report = monitor.report()
    assert report.examined["groups"] == 3
    assert [(s.kind, s.group_id, s.severity) for s in report.signals] == [
        ("advantage_collapse", "b", "info"),
        ("advantage_collapse", 3, "info"),
    ]


def test_the_same_prompt_at_another_step_is_another_group():
    monitor = HackingMonitor()
    for step in range(3):
        for _ in range(4):
            monitor.add({"reward": float(step), "group_id": "p", "step": step})
    assert monitor.report().by_kind() == {"advantage_collapse": 1, "solved_group": 2}


def test_a_lone_rollout_is_no_group():
    monitor = HackingMonitor(max_groups=2)
    for group in range(10):
        monitor.add({"reward": 0.5, "group_id": group})
    assert monitor.report().examined["groups"] == 0
    assert monitor.report().signals == ()


def test_a_group_may_come_as_a_whole():
    monitor = HackingMonitor()
    assert kinds_of(monitor.add_group([0.5, 0.5], "g")) == ["advantage_collapse"]
    assert monitor.add_group([0.5, 0.6], "h") == []
    assert monitor.add_group([0.5], "i") == []
    assert monitor.report().examined["groups"] == 2


def test_a_run_of_collapsed_groups_is_a_warning_and_a_healthy_run_is_not():
    monitor = HackingMonitor()
    for group in range(100):
        monitor.add_group([0.0] * 4, group)
    report = monitor.report()
    assert [s.detail for s in report.signals if s.severity == "warning"] == [
        "100 of 100 groups earn equal rewards below the maximum"
    ]
    assert not report.is_clean
    assert report.by_kind() == {"advantage_collapse": 101}
    monitor.add({"reward": 1.0, "true_reward": 1.0})
    assert not monitor.report().is_clean
    monitor = HackingMonitor()
    monitor.add({"reward": 1.0, "true_reward": 1.0})
    for group in range(100):
        monitor.add_group([0.0] * 4 if group % 2 else [0.0, 1.0], group)
    assert monitor.report().is_clean
    assert monitor.report().by_kind() == {"advantage_collapse": 50}


def test_a_report_may_be_asked_for_again_and_again():
    monitor = HackingMonitor()
    for _ in range(3):
        monitor.add({"reward": 0.5, "true_reward": 0.0, "group_id": 1})
        monitor.add({"reward": 0.5, "group_id": 1})
        assert monitor.report() == monitor.report()
    assert monitor.report().by_kind() == {"advantage_collapse": 1, "proxy_divergence": 3}


def test_signals_beyond_the_limit_are_counted():
    monitor = HackingMonitor(max_signals=5)
    for _ in range(50):
        monitor.add({"reward": 1.0, "true_reward": 0.0})
    report = monitor.report()
    assert len(report.signals) == 5
    assert report.by_kind() == {"proxy_divergence": 50}
    assert report.hacking_rate == 1.0
    assert report.not_examined["signals"] == "45 more signals were counted and not kept"


def test_unreadable_rewards_are_counted():
    monitor = HackingMonitor()
    for reward in (math.nan, "1", [1], 0.5, None):
        monitor.add({"reward": reward, "true_reward": 0.5})
    report = monitor.report()
    assert report.examined["trajectories"] == 1
    assert report.not_examined["rewards"].startswith("3 rollouts")


def test_memory_of_a_monitor_stays_flat():
    monitor = HackingMonitor(max_groups=20, max_signals=50)

    def log(first: int, last: int) -> int:
        for number in range(first, last):
            monitor.add(
                {
                    "prompt": "p" * 1_000,  # what shorter texts give is remembered, up to a number
                    "response": "r" * 500 + str(number),
                    "reward": 0.5,
                    "true_reward": number % 2,
                    "group_id": number // 2,
                }
            )
        gc.collect()  # also empties the interpreter's lists of free tuples
        return tracemalloc.get_traced_memory()[0]

    log(0, 400)
    tracemalloc.start()
    try:
        before = log(400, 500)
        after = log(500, 800)
    finally:
        tracemalloc.stop()
    assert after - before < 20_000
    assert monitor.report().examined["groups"] == 400
    assert monitor.report().examined["texts"] == 800


@settings(max_examples=60)
@given(st.lists(trajectories | hostile_values, max_size=10))
def test_nothing_stops_the_monitor(rollouts):
    monitor = HackingMonitor()
    for rollout in rollouts:
        assert isinstance(monitor.add(rollout), list)
    report = monitor.report()
    document = strict_json(report)
    assert document["num_trajectories"] == len(rollouts)
    assert report.is_clean <= (0 < report.examined["trajectories"] == report.num_trajectories)
    assert math.isnan(report.hacking_rate) == (report.examined["trajectories"] == 0)


@settings(max_examples=60)
@given(
    trajectories
    | st.dictionaries(
        st.sampled_from(["response", "prompt", "format", "reference", "step", "group_id", "phase"]),
        hostile_values,
    )
)
def test_nothing_stops_the_detector(rollout):
    detector = RewardHackingDetector()
    signals = detector.detect(rollout)
    assert len({signal.kind for signal in signals}) == len(signals)
    json.dumps([signal.to_dict() for signal in signals], allow_nan=False)
    assert isinstance(detector.detect_group([rollout] * 4), list)


def test_threads_lose_no_rollout():
    monitor = HackingMonitor()

    def log(number):
        for place in range(200):
            text = "import sys; sys.exit(0)" if place % 2 else "The answer is 4."
            monitor.add({"response": text, "reward": 1.0, "group_id": number, "index": place})

    threads = [threading.Thread(target=log, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = monitor.report()
    assert (report.num_trajectories, report.num_flagged) == (800, 400)
    assert report.by_kind()["test_tampering"] == 400
    assert report.examined["groups"] == 4


def test_rollouts_of_an_evaluation_are_counted_and_not_judged():
    monitor = HackingMonitor()
    trained = {"reward": 1.0, "true_reward": 1.0, "group_id": 1, "step": 2}
    hack = {"reward": 0.5, "true_reward": 0.0, "phase": "eval", "group_id": 2, "step": 2}
    monitor.add(trained)
    for _ in range(2):
        assert monitor.add(hack) == []
    report = monitor.report()
    assert (report.num_trajectories, report.num_evaluation) == (3, 2)
    assert (report.examined["trajectories"], report.examined["groups"]) == (1, 0)
    assert (report.hacking_rate, report.is_clean) == (0.0, True)
    assert report.not_examined["evaluation"].startswith("2 of 3 rollouts")
    assert "proxy_divergence" not in report.not_examined
    monitor.add({**trained, "true_reward": None})
    report = monitor.report()
    assert report.not_examined["proxy_divergence"] == "1 of 2 rollouts carried no true reward"
    assert not report.is_clean


def test_an_evaluation_alone_says_nothing_about_the_training():
    report = RewardHackingDetector().detect_batch(
        [{"reward": 1.0, "true_reward": 1.0, "phase": "eval"}] * 4
    )
    assert not report.is_clean
    assert math.isnan(report.hacking_rate)


def test_any_other_phase_is_training():
    for phase in ("train", "evaluation", None, 1, ["eval"], Raising()):
        rollout = {"reward": 1.0, "true_reward": 0.0, "phase": phase}
        assert RewardHackingDetector().detect_batch([rollout]).hacking_rate == 1.0


class Moody(dict):
    """Readable but for what tells its group apart."""

    def get(self, key, default=None):
        if key == "step":
            raise RuntimeError("no more")
        return super().get(key, default)


def test_a_mapping_that_fails_later_is_counted():
    monitor = HackingMonitor()
    monitor.add(Moody(reward=1.0, true_reward=0.0, group_id=1, prompt="p"))
    assert monitor.report().num_trajectories == 1
    assert monitor.report().not_examined["rewards"].startswith("1 rollouts")


@pytest.mark.parametrize(
    "group_id", [True, 1.5, ("a", 1), [1], {"a": 1}, 10**30, "g\ud800", "x" * 900]
)
def test_any_group_id_is_made_plain(group_id):
    monitor = HackingMonitor()
    for _ in range(2):
        monitor.add({"reward": 0.5, "group_id": group_id})
    (signal,) = monitor.report().signals
    assert isinstance(signal.group_id, str | int)
    assert len(str(signal.group_id)) <= 128
    strict_json(monitor.report())


def test_long_group_ids_that_begin_alike_are_told_apart():
    monitor = HackingMonitor()
    for question in ("2 + 2?", "2 + 3?"):
        for _ in range(2):
            monitor.add({"reward": 0.5, "group_id": "You are a helpful assistant. " * 9 + question})
    assert monitor.report().by_kind() == {"advantage_collapse": 2}


def test_a_group_id_that_cannot_be_read_makes_no_trouble():
    monitor = HackingMonitor()
    monitor.add({"reward": 0.5, "group_id": Raising()})
    assert monitor.report().num_trajectories == 1


def test_one_field_that_cannot_be_read_leaves_the_others():
    monitor = HackingMonitor()
    signals = monitor.add(
        {"proxy_reward": 1.0, "true_reward": 0.0, "index": Raising(), "prompt": Raising()}
    )
    assert [(s.kind, s.index) for s in signals] == [("proxy_divergence", 0)]
    monitor.add({"reward": Raising(), "true_reward": 0.0})
    assert monitor.report().not_examined["rewards"].startswith("1 rollouts")


def test_a_report_on_a_part_of_the_rollouts_is_not_clean():
    monitor = HackingMonitor()
    monitor.add({"reward": 1.0, "true_reward": 1.0})
    assert monitor.report().is_clean
    monitor.miss("1 of 10 rollouts were kept")
    report = monitor.report()
    assert not report.is_clean
    assert report.not_examined["rollouts"] == "1 of 10 rollouts were kept"
