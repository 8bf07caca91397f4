"""A redacted rollout tells no text that it was given, however deep it lay."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import provenir
from provenir.core.plain import json_line
from provenir.observability import HackingMonitor
from provenir.tracking import recover_run
from provenir.tracking.records import trajectory_record
from provenir.tracking.redaction import IDENTIFIERS, TEXT_KEYS, redacted

# Letters that no digest, time or field name of ours holds.
SECRETS = st.text("QZXJ ÄÖ語", min_size=4, max_size=12)
SECRET = "QZXJ ZZQ"


def texts_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


VALUES = st.recursive(
    SECRETS | st.integers(-9, 9) | st.floats(0, 1) | st.none() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(SECRETS | st.sampled_from(["role", "content"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*TEXT_KEYS, "turns", "tool_calls", "mine"]), VALUES))
def test_no_text_reaches_the_line(trajectory):
    record, _ = trajectory_record(trajectory, number=0, time="t")
    line = json_line(redacted(record)).decode()
    known = {*TEXT_KEYS, "turns", "tool_calls", "mine", "role", "content"}
    for text in set(texts_in(trajectory)) - known:
        assert text not in line
        assert json.dumps(text)[1:-1] not in line


@pytest.mark.parametrize("key", IDENTIFIERS)
def test_an_identifier_stays_and_a_text_in_its_place_does_not(key):
    def stored(value):
        record, _ = trajectory_record({key: value}, number=0, time="t")
        return redacted(record)["trajectory"][key]

    assert stored("grpo/3/1") == "grpo/3/1"
    assert stored(7) == 7
    assert SECRET not in stored(SECRET)
    assert stored(SECRET) == stored(SECRET) != stored(SECRET + "!")
    assert SECRET not in stored([SECRET])


def test_numbers_and_what_is_missing_stay():
    rollout = {"reward": 0.5, "response": None, "turns": [{"role": "user", "score": 1}]}
    record, _ = trajectory_record(rollout, number=3, time="t")
    kept = redacted(record)["trajectory"]
    assert (kept["reward"], kept["response"], kept["index"]) == (0.5, None, 3)
    assert kept["turns"][0]["score"] == 1
    assert kept["turns"][0]["role"]["chars"] == 4


def test_token_ids_are_a_text():
    record, _ = trajectory_record({"completion_ids": [11, 2222]}, number=0, time="t")
    assert "2222" not in json_line(redacted(record)["trajectory"]["completion_ids"]).decode()


@pytest.mark.parametrize("mode", ["redacted", "off"])
def test_nothing_in_the_folder_quotes_a_rollout(mode):
    with provenir.track("run", output_dir="out", trajectories=mode) as run:
        for _ in range(3):
            run.log_trajectory(
                {
                    "prompt": SECRET,
                    "turns": [{"tool_calls": [{"arguments": {SECRET: SECRET, "x": math.nan}}]}],
                    "meta": {SECRET: math.nan},
                    "group_id": SECRET,
                    "reward": 1.0,
                    "true_reward": 0.0,
                }
            )
    assert run.findings
    files = [path for path in Path("out").rglob("*") if path.is_file()]
    assert [path.name for path in files if SECRET.encode() in path.read_bytes()] == []
    assert run.hacking_report.by_kind()["proxy_divergence"] == 3


HACK = f"import sys; sys.exit(0)  # {SECRET}\n"
LOOP = f"{SECRET} again. " * 200


@pytest.mark.parametrize("mode", ["redacted", "off"])
def test_a_hidden_text_is_read_and_not_quoted(mode):
    with provenir.track("run", output_dir="out", trajectories=mode) as run:
        for text in (HACK, LOOP, "an honest answer"):
            run.log_trajectory({"prompt": SECRET, "response": text, "reward": 1.0, "group_id": 1})
    report = run.hacking_report
    assert {"test_tampering", "degenerate_repetition"} <= set(report.by_kind())
    assert all(signal.spans for signal in report.suspected)
    assert report.examined["texts"] == 3
    files = [path for path in Path("out").rglob("*") if path.is_file()]
    assert [path.name for path in files if SECRET.encode() in path.read_bytes()] == []


def test_a_recovered_run_says_of_hidden_texts_what_the_live_one_said():
    def log(run):
        for number, text in enumerate((HACK, LOOP, "an honest answer", None) * 3):
            rollout = {"response": text, "reward": 1.0, "true_reward": float(number % 4 == 2)}
            run.log_trajectory({**rollout, "group_id": number // 4, "step": 1})

    with provenir.track("run", output_dir="live", trajectories="redacted") as run:
        log(run)
    child = os.fork()
    if child == 0:
        log(provenir.track("run", output_dir="dead", trajectories="redacted").start())
        os._exit(9)
    os.waitpid(child, 0)
    recover_run("dead")
    live, dead = (
        json.loads(Path(folder, "hacking_report.json").read_text()) for folder in ("live", "dead")
    )
    assert live == dead
    assert live["by_kind"]["test_tampering"] == 3
    assert live["num_confirmed"] >= 3


def test_a_folder_that_kept_no_reading_is_not_read_from_its_digests():
    record, _ = trajectory_record({"response": HACK, "reward": 1.0}, number=0, time="t")
    monitor = HackingMonitor()
    assert monitor.add(redacted(record)["trajectory"]) == []
    report = monitor.report()
    assert report.examined["texts"] == 0
    assert report.not_examined["test_tampering"].endswith("of 1 it is not kept")
    assert not report.is_clean
