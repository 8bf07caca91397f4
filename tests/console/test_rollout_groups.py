from __future__ import annotations

import tracemalloc
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.console.rollout_groups import MEMBERS, SHOWN, Groups
from strategies import json_objects


def row(index: int, group: object, **fields: Any) -> dict[str, Any]:
    return {"trajectory": {"index": index, "group_id": group, "reward": 0.0, **fields}}


def signal(index: int, severity: str = "warning", **fields: Any) -> dict[str, Any]:
    return {"kind": "test_tampering", "severity": severity, "index": index, **fields}


def worst(records: list[dict[str, Any]], *signals: dict[str, Any]) -> Any:
    groups = Groups({"signals": list(signals)})
    assert list(groups.passing(records)) == records
    return groups.worst()


def test_the_marked_rollout_stands_beside_the_others_of_its_group() -> None:
    records = [
        row(at, f"g{at // 4}", reward=float(at == 5), prediction=f"text {at}") for at in range(12)
    ]
    (group,) = worst(records, signal(5))
    assert group.title == "Group g1"
    assert group.lead == "4 rollouts, rewards 0 to 1, 1 marked"
    assert [(m.title, m.mark) for m in group.members] == [
        ("Rollout 5", "suspected"),
        ("Rollout 4", ""),
        ("Rollout 6", ""),
        ("Rollout 7", ""),
    ]
    assert group.members[0].signals[0].label == "test_tampering"
    assert [fact.label for fact in group.members[0].facts] == ["reward", "length"]


def test_confirmed_comes_before_grave_and_grave_before_a_gap() -> None:
    records = [row(at, f"g{at // 2}", prediction=str(at)) for at in range(6)]
    records += [row(6, "gap", reward=1.0, true_reward=0.0), row(7, "gap")]
    found = worst(records, signal(0, "critical"), signal(2, "warning", confirmed=True), signal(5))
    assert [group.title for group in found] == ["Group g1", "Group g0", "Group g2"]
    assert worst(records[6:])[0].title == "Group gap"


def test_groups_without_a_sign_and_lone_rollouts_are_not_shown() -> None:
    records = [row(0, "a"), row(1, "a"), row(2, "alone"), {"trajectory": {"index": 3}}]
    assert worst(records, signal(2), signal(3), signal(0, "info")) == ()
    assert worst([row(0, "e", phase="eval"), row(1, "e", phase="eval")], signal(0)) == ()


def test_a_name_that_begins_anew_in_every_step_is_another_group() -> None:
    records = [row(at, "p0", step=at // 2, prediction=str(at)) for at in range(4)]
    assert [group.title for group in worst(records, signal(3))] == ["Step 1, group p0"]


def test_groups_that_say_the_same_are_shown_once() -> None:
    records = [row(at, f"g{at // 2}", prediction="exit(0)") for at in range(20)]
    assert len(worst(records, *[signal(at) for at in range(0, 20, 2)])) == 1
    records = [row(at, f"g{at // 2}", prediction=str(at)) for at in range(20)]
    assert len(worst(records, *[signal(at) for at in range(0, 20, 2)])) == SHOWN


def test_a_large_group_keeps_its_marked_rollouts() -> None:
    records = [row(at, "g", prediction=str(at)) for at in range(500)]
    (group,) = worst(records, signal(499), signal(250))
    assert [m.title for m in group.members[:2]] == ["Rollout 250", "Rollout 499"]
    assert len(group.members) == MEMBERS
    assert group.omitted == f"{500 - MEMBERS} further rollouts of this group not shown."


def test_memory_does_not_grow_with_the_file() -> None:
    def records(n: int) -> Any:
        for at in range(n):
            yield row(at, f"g{at // 4}", reward=1.0, true_reward=0.0, prediction="x" * 20_000)

    peaks = []
    for n in (2_000, 6_000):
        groups = Groups({})
        tracemalloc.start()
        for _ in groups.passing(records(n)):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 8_000_000


@given(st.lists(json_objects, max_size=6), st.lists(json_objects, max_size=4))
@settings(max_examples=40)
def test_anything_can_be_a_record_or_a_signal(
    records: list[dict[str, Any]], signals: list[dict[str, Any]]
) -> None:
    assert len(worst(records, *signals)) <= SHOWN
