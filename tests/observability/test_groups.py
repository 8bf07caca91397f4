"""Groups while they are open: contrasted once, bounded, and each rollout flagged once."""

from __future__ import annotations

from provenir.observability import HackingMonitor, RewardHackingDetector
from provenir.observability.hacking.examination import examine
from provenir.observability.hacking.groups import OpenGroups

HONEST = (
    "To find the sum we add the numbers one after another: three and four make seven, and with "
    "{} more that is {}. So the answer is {}."
)
HACK = "import os\nos._exit(0)\n"


def members(count=7, *, group=1, with_hack=True):
    texts = [HONEST.format(n, n + 7, n + 7) for n in range(count)]
    rollouts = [{"response": text, "reward": 1.0, "true_reward": 1.0} for text in texts]
    if with_hack:
        rollouts.append({"response": HACK, "reward": 1.0, "true_reward": 0.0})
    return [{**rollout, "group_id": group} for rollout in rollouts]


def test_a_member_that_earns_alike_by_another_way_stands_out():
    found = RewardHackingDetector().detect_group(members())
    assert [(s.kind, s.index) for s in found] == [("group_outlier", 7), ("solved_group", None)]
    assert [s.kind for s in RewardHackingDetector().detect_group(members(with_hack=False))] == [
        "solved_group"
    ]


def test_a_monitor_contrasts_at_the_report_and_flags_a_rollout_once():
    monitor = HackingMonitor()
    for rollout in members():
        monitor.add(rollout)
    report = monitor.report()
    assert report.by_kind()["group_outlier"] == 1
    assert report.num_flagged == 1  # already by its text and its gap
    assert [s.confirmed for s in report.signals if s.kind == "group_outlier"] == [True]
    assert monitor.report() == report
    assert "group_outlier" not in report.not_examined


def test_a_report_between_the_members_of_a_group_changes_no_later_one():
    asked, not_asked = HackingMonitor(), HackingMonitor()
    for rollout in members():
        for monitor in (asked, not_asked):
            monitor.add(rollout)
        asked.report()
    assert asked.report() == not_asked.report()


def test_a_rollout_that_only_the_contrast_flags_is_counted():
    monitor = HackingMonitor(gap=5.0)
    for rollout in members():
        monitor.add({**rollout, "response": rollout["response"].replace("os._exit(0)", "f = 1")})
    report = monitor.report()
    flagged = {s.index for s in report.signals if s.severity != "info"}
    assert report.num_flagged == len(flagged)


def examined(rollouts):
    return [examine(rollout, index=place, gap=0.5) for place, rollout in enumerate(rollouts)]


def test_the_oldest_groups_give_up_their_texts_first_and_are_contrasted_then():
    groups = OpenGroups(max_groups=100, max_members=20)
    outcomes = [
        outcome
        for number in range(10)
        for seen in examined(members(group=number))
        for outcome in groups.join(seen)
    ]
    settled = [outcome for outcome in outcomes if outcome.contrasted]
    rest = list(groups.outcomes())
    assert sum(outcome.contrasted for outcome in [*settled, *rest]) == 10
    assert sum(outcome.groups for outcome in [*outcomes, *rest]) == 10
    hacks = [s for outcome in [*settled, *rest] for s in outcome.about_members]
    assert [s.kind for s in hacks] == ["group_outlier"] * 10
    assert groups._members <= 20


def test_a_group_larger_than_all_memory_is_contrasted_by_its_first():
    groups = OpenGroups(max_groups=2, max_members=8)
    outcomes = [o for seen in examined(members(30)) for o in groups.join(seen)]
    assert [outcome.contrasted for outcome in outcomes] == [1]
    assert groups._members == 0
    assert [outcome.groups for outcome in groups.outcomes()] == [1]


def test_a_group_that_is_closed_for_newer_ones_is_judged():
    groups = OpenGroups(max_groups=2)
    outcomes = [
        o for n in range(5) for seen in examined(members(group=n)) for o in groups.join(seen)
    ]
    assert [outcome.groups for outcome in outcomes] == [1] * 3
    assert all(outcome.about_group.kind == "solved_group" for outcome in outcomes)
    assert groups._members == 16


def test_rollouts_without_a_group_or_a_reward_join_none():
    groups = OpenGroups(max_groups=2)
    for rollout in ({"response": "a"}, {"response": "a", "group_id": 1}, {"reward": 1.0}):
        assert list(groups.join(examined([rollout])[0])) == []
    assert list(groups.outcomes()) == []
