from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.console.rollouts import SHOWN, read_rollouts
from provenir.console.said import as_text, read_said
from strategies import json_objects, json_values


def record(index: int, **fields: Any) -> dict[str, Any]:
    return {"time": "2026-01-02T03:04:05Z", "trajectory": {"index": index, **fields}}


def signal(kind: str, severity: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "severity": severity, "detail": f"why {kind}", **fields}


def titles(*records: dict[str, Any], hacking: dict[str, Any] | None = None) -> list[str]:
    return [item.title for item in read_rollouts(records, hacking or {}).items]


def test_signals_come_before_gaps_and_gaps_before_low_rewards() -> None:
    records = [
        record(0, reward=1.0, true_reward=1.0),
        record(1, reward=0.0, true_reward=0.0),
        record(2, reward=1.0, true_reward=0.0),
        record(3, reward=1.0, true_reward=1.0),
        record(4, reward=1.0, true_reward=1.0),
    ]
    hacking = {"signals": [signal("test_tampering", "critical", index=3)]}
    assert titles(*records, hacking=hacking) == [f"Rollout {i}" for i in (3, 2, 1, 4, 0)]


def test_the_worst_are_kept_and_counted() -> None:
    view = read_rollouts([record(i, reward=float(i)) for i in range(50)], {})
    assert [item.title for item in view.items] == [f"Rollout {i}" for i in range(SHOWN)]
    assert f"{SHOWN} of the 50" in view.lead
    assert "No true reward was logged" in view.lead


def test_rollouts_that_read_the_same_are_shown_once() -> None:
    same = [record(i, reward=0.0, prompt="a", prediction="b") for i in range(20)]
    other = record(20, reward=0.5, prompt="a", prediction="c")
    assert titles(*same, other) == ["Rollout 19", "Rollout 20"]


def test_an_index_that_begins_anew_in_every_step_is_told_apart() -> None:
    records = [record(0, step=step, reward=0.0, prediction=str(step)) for step in (1, 2)]
    assert titles(*records) == ["Step 2, rollout 0", "Step 1, rollout 0"]
    second, first = read_rollouts(records, {}).items
    assert {fact.label: fact.value for fact in second.facts}["place in the file"] == "2"
    assert "place in the file" not in {fact.label for fact in first.facts}


def test_a_text_that_shows_nothing_says_so() -> None:
    assert read_said("Response", "", 9).nothing == "(empty)"
    assert read_said("Response", " \n", 9).nothing == "(only white space: 2 characters)"
    assert read_said("Response", "x", 9).nothing == ""


def test_a_missing_reward_is_no_zero() -> None:
    (view,) = read_rollouts([record(0, reward=0.5)], {}).items
    facts = {fact.label: fact.value for fact in view.facts}
    assert facts == {"reward": "0.5", "true reward": "not recorded"}
    assert titles(record(0, prediction="x")) == []


def test_signals_are_summed_up_by_kind_the_worst_first() -> None:
    hacking = {
        "num_trajectories": 9,
        "hacking_rate": 0.25,
        "by_kind": {"advantage_collapse": 7, "proxy_divergence": 1},
        "signals": [
            signal("advantage_collapse", "info", group_id="g7"),
            signal("advantage_collapse", "warning"),
            signal("proxy_divergence", "critical", index=77),
        ],
    }
    view = read_rollouts([], hacking)
    how = "evidence not stated, not calibrated"
    suspected, noted = view.kinds
    assert [[cell.text for cell in row[:5]] for row in suspected.rows] == [
        ["critical", "proxy_divergence", "1", how, "rollout 77"],
        ["warning", "advantage_collapse", "1 of 7", how, "the whole run"],
    ]
    assert [[cell.text for cell in row[:5]] for row in noted.rows] == [
        ["info", "advantage_collapse", "1 of 7", how, "group g7"],
    ]
    assert view.tally == "9 rollouts logged, hacking rate 25%"


def test_a_signal_of_another_process_is_not_put_to_a_rollout_of_the_first() -> None:
    records = [record(0, reward=1.0), record(1, reward=0.5)]
    other = signal("test_tampering", "critical", index=0, data={"rank": 3})
    assert titles(*records, hacking={"signals": [other]}) == titles(*records)


def test_a_repeated_index_does_not_spread_a_signal() -> None:
    records = [record(0, reward=1.0, true_reward=1.0), record(0, reward=1.0, true_reward=0.0)]
    data = {"proxy": 1.0, "true": 0.0}
    hacking = {"signals": [signal("proxy_divergence", "warning", index=0, data=data)]}
    first, second = read_rollouts(records, hacking).items
    assert (len(first.signals), len(second.signals)) == (1, 0)


def test_long_texts_are_cut_with_a_count() -> None:
    (view,) = read_rollouts([record(0, reward=0, prediction="x" * 1_000_000)], {}).items
    (said,) = view.said
    assert said.label == "Response"
    assert len(said.text) < 5_000
    assert "more not shown" in said.cut
    assert read_said("Prompt", "short", 100).cut == ""


def test_the_forms_of_a_prompt() -> None:
    chat = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]
    assert as_text(chat) == "user: 2+2?\nassistant: 4"
    redacted = {"sha256": "sha256:ab", "chars": 12}
    assert as_text(redacted) == "[redacted: 12 characters, sha256:ab]"
    deep: Any = "end"
    for _ in range(2_000):
        deep = [{"role": "user", "content": deep}]
    assert "cannot be written" in as_text(deep)


@given(st.lists(json_objects, max_size=4), json_values)
@settings(max_examples=40)
def test_anything_can_be_a_record_or_a_report(records: list[dict[str, Any]], other: Any) -> None:
    view = read_rollouts(records, {"signals": other, "hacking_rate": other})
    assert len(view.items) <= len(records)


def test_a_rollout_of_an_evaluation_says_so() -> None:
    records = [record(0, reward=1.0), record(1, reward=0.0, phase="eval")]
    evaluated, trained = read_rollouts(records, {}).items
    assert ("phase", "evaluation, not trained on") in [(f.label, f.value) for f in evaluated.facts]
    assert "phase" not in [fact.label for fact in trained.facts]


def test_what_is_confirmed_stands_apart_and_first() -> None:
    sure = {"confidence": 0.93, "calibration": "set X", "confirmed": True}
    hacking = {
        "num_confirmed": 1,
        "num_suspected": 2,
        "signals": [
            signal("judge_injection", "critical", index=0, evidence="static"),
            signal("test_tampering", "warning", index=1, evidence="static", **sure),
        ],
    }
    view = read_rollouts([record(i, reward=1.0, prediction=str(i)) for i in range(3)], hacking)
    assert [table.caption.partition(":")[0] for table in view.kinds] == ["Confirmed", "Suspected"]
    assert [table.rows[0][3].text for table in view.kinds] == [
        "static, 0.93 on set X",
        "static, not calibrated",
    ]
    assert view.tally == "3 rollouts logged, 1 confirmed, 2 suspected"
    assert [item.title for item in view.items] == ["Rollout 1", "Rollout 0", "Rollout 2"]
    (told,) = view.items[0].signals
    assert (told.grade, told.known) == ("confirmed", "static, 0.93 on set X")


def test_the_places_of_a_signal_are_marked_in_the_response() -> None:
    spans = [[4, 12, "os._exit"], [90, 99, "beyond"]]
    hacking = {"signals": [signal("test_tampering", "critical", index=0, spans=spans)]}
    (view,) = read_rollouts([record(0, prediction="abc os._exit def")], hacking).items
    (said,) = view.said
    assert [(p.text, p.title) for p in said.pieces] == [
        ("abc ", ""),
        ("os._exit", "test_tampering: os._exit"),
        (" def", ""),
    ]
    assert said.note == "1 place that no part of this text fits"


def test_places_in_a_text_that_was_not_kept_are_counted() -> None:
    redacted = {"sha256": "sha256:ab", "chars": 12}
    hacking = {"signals": [signal("test_tampering", "critical", index=0, spans=[[0, 3, "x"]])]}
    (view,) = read_rollouts([record(0, prediction=redacted)], hacking).items
    (said,) = view.said
    assert said.text.startswith("[redacted")
    assert said.pieces == ()
    assert said.note == "1 place that no part of this text fits"


def test_places_count_the_characters_of_what_the_assistant_said() -> None:
    chat = [{"role": "user", "content": "go on"}, {"role": "assistant", "content": "os._exit(0)"}]
    spans = [[0, 11, "os._exit"]]
    hacking = {"signals": [signal("test_tampering", "critical", index=0, spans=spans)]}
    (view,) = read_rollouts([record(0, completion=chat)], hacking).items
    (said,) = view.said
    assert [(p.text, p.title) for p in said.pieces] == [("os._exit(0)", "test_tampering: os._exit")]
