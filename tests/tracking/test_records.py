"""No name and no number of a step is lost on the way to the disk."""

from __future__ import annotations

import json
import math
import threading
from itertools import count

import pytest

from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.core.plain import json_line
from provenir.observability import FlightRecorder
from provenir.observability.hacking import HackingMonitor
from provenir.observability.metric_names import EXACT, STEP
from provenir.tracking.evidence import Evidence
from provenir.tracking.records import (
    judged_trajectory,
    seen_by_recorder,
    step_record,
    trajectory_record,
)


def test_names_that_become_equal_as_text_are_numbered():
    metrics = {1: 0.1, "1": 0.2, "\ud800": 1.0, chr(0xDFFF): float("nan")}
    record, _, notes = step_record(metrics, next_step=0, time="t")
    assert record["metrics"] == {"1": 0.1, "1#2": 0.2, "\ufffd": 1.0, "\ufffd#2": None}
    assert record["nonfinite"] == {"\ufffd#2": "nan"}
    assert [note.kind for note in notes].count("key_collision") == 2


def test_the_counter_stays_a_number_that_every_reader_keeps():
    evidence = Evidence()
    evidence.step(MAX_SAFE_INTEGER, {})
    record, _, _ = step_record({}, next_step=evidence.next_step, time="t")
    assert record["step"] == MAX_SAFE_INTEGER


def test_a_dict_that_another_thread_changes_is_read_all_the_same():
    metrics = {f"k{i}": float(i) for i in range(200)}
    ended = threading.Event()

    def change():
        for i in count():
            if ended.is_set():
                return
            metrics[f"x{i % 500}"] = 1.0
            metrics.pop(f"x{i * 7 % 500}", None)

    thread = threading.Thread(target=change)
    thread.start()
    records = [step_record(metrics, next_step=0, time="t")[0] for _ in range(1_000)]
    rollouts = [trajectory_record(metrics, number=0, time="t")[0] for _ in range(1_000)]
    ended.set()
    thread.join()
    assert all(record["metrics"]["k199"] == 199.0 for record in records)
    assert all(rollout["trajectory"]["k199"] == 199.0 for rollout in rollouts)


@pytest.mark.parametrize("name", [name for name, to in EXACT.items() if to.channel == STEP])
def test_the_step_is_read_under_every_framework_s_name_for_it(name):
    record, seen, notes = step_record({name: 500, "kl": 0.1}, next_step=0, time="t")
    assert (record["step"], seen["step"], notes) == (500, 500, ())
    recorder = FlightRecorder()
    recorder.log_step(seen)
    assert recorder.summary()["last_step"] == 500


def test_the_step_by_its_own_name_comes_first():
    metrics = {"training/global_step": 7, "step": 3}
    record, _, _ = step_record(metrics, next_step=0, time="t")
    assert record["step"] == 3
    assert record["metrics"] == {"training/global_step": 7}


@pytest.mark.parametrize("value", [3.7, True, "x", float("nan"), 2**53, [1, 2]])
def test_what_is_no_step_number_leaves_the_counter(value):
    record, _, notes = step_record({"step": value, "kl": 0.1}, next_step=9, time="t")
    assert record["step"] == 9
    assert "unreadable_step_number" in {note.kind for note in notes}


class Shaped:
    """An array-like of one element, as numpy and torch give for a mean that kept its axis."""

    def __init__(self, number, shape):
        self.number, self.shape = number, shape

    def tolist(self):
        value = self.number
        for _ in self.shape:
            value = [value]
        return value

    def item(self):
        return self.number


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
@pytest.mark.parametrize("number", [0.25, float("nan"), float("-inf")])
def test_an_array_of_one_number_is_that_number(number, shape):
    given = {"kl": Shaped(number, shape)}
    record, seen, _ = step_record(given, next_step=0, time="t")
    assert repr(seen["kl"]) == repr(number)
    assert record["metrics"]["kl"] == (number if math.isfinite(number) else None)
    assert repr(seen_by_recorder(record)["kl"]) == repr(number)


def test_an_integer_beyond_floats_is_not_finite():
    record, seen, _ = step_record({"kl": 10**400}, next_step=0, time="t")
    assert (record["metrics"], record["nonfinite"]) == ({"kl": None}, {"kl": "inf"})
    assert seen["kl"] == math.inf


@pytest.mark.parametrize("shape", [(), (1,)])
@pytest.mark.parametrize("number", [1.0, float("nan"), float("inf")])
def test_rewards_are_judged_from_the_disk_as_they_were_given(number, shape):
    given = {"reward": Shaped(number, shape), "true_reward": 0.0, "group_id": "g"}
    record, _ = trajectory_record(given, number=0, time="t")
    stored = json.loads(json_line(record))
    assert repr(judged_trajectory(stored)["reward"]) == repr(number)
    plain = {"reward": number, "true_reward": 0.0, "group_id": "g"}
    direct, again = HackingMonitor(), HackingMonitor()
    for _ in range(8):
        direct.add(plain)
        again.add(judged_trajectory(stored))
    assert again.report().not_examined == direct.report().not_examined
    assert again.report().by_kind() == direct.report().by_kind()


@pytest.mark.parametrize("reward", ["1.0", None, [1.0, 2.0], {"a": 1}, object()])
def test_what_is_no_reward_does_not_become_one(reward):
    record, _ = trajectory_record({"reward": reward}, number=0, time="t")
    assert type(record["trajectory"]["reward"]) is not float
    assert "nonfinite" not in record


def test_only_rewards_are_put_back():
    record = {"trajectory": {"prompt": "p"}, "nonfinite": {"prompt": "nan", "reward": "inf"}}
    assert judged_trajectory(record) == {"prompt": "p", "reward": math.inf}


class Pairs(dict):
    """A mapping that hands out a key which no dict takes."""

    def items(self):
        return [([1], 0.5), ("kl", 0.1)]


def test_a_key_that_no_dict_takes_costs_no_other():
    record, seen, _ = step_record(Pairs(), next_step=0, time="t")
    assert record["metrics"] == {"<list>": 0.5, "kl": 0.1}
    assert seen["kl"] == 0.1


def test_many_names_that_are_equal_as_text_are_numbered_in_turn():
    keys = [float("nan") for _ in range(3_000)]
    record, _, _ = step_record(dict.fromkeys(keys, 1.0), next_step=0, time="t")
    assert len(record["metrics"]) == 3_000
    assert list(record["metrics"])[-1] == "nan#3000"


@pytest.mark.parametrize("order", [1, -1])
def test_the_trainers_step_counts_before_the_trackers(order):
    logged = {"_step": 41, "train/global_step": 7, "train/kl": 0.1}
    record, _, notes = step_record(dict(list(logged.items())[::order]), next_step=3, time="t")
    assert (record["step"], notes) == (7, ())
