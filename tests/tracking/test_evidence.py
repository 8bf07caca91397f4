"""Calls that are interrupted half-way: what the disk holds is what the reports say."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import sys
from pathlib import Path

import pytest

import provenir
from provenir.governance.run_check import verify_run
from provenir.tracking import recover_run
from provenir.tracking.judging import LARGE

STEP = {"kl": 0.1, "reward_mean": 0.5}
SAMPLED = {"output_dir": "out", "trajectories": "sampled"}
ROLLOUT = {"prediction": "y", "reward": 1.0, "true_reward": 0.0}


def at_first_call_of(name, action):
    """Act in the middle of a call, as a signal handler does, when a function is entered."""

    def hook(frame, event, _):
        if event == "call" and frame.f_code.co_name == name:
            sys.setprofile(None)
            action()

    sys.setprofile(hook)


def log_both(run, rollout=ROLLOUT):
    """Log a step and a rollout, and judge it on this thread: the one that does so is late."""
    run.log_step(STEP)
    log_judged(run, rollout)


def log_judged(run, rollout):
    run._open.evidence.judge._is_called = True
    run.log_trajectory(rollout)
    assert run.hacking_report.num_trajectories


def lines(name):
    return len(Path("out", name).read_bytes().splitlines())


@pytest.mark.parametrize("inside", ["_take", "append", "_tally", "_join"])
def test_a_signal_handler_may_log_and_end_the_run(inside):
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # a handler that waits for the call that it interrupted waits for ever
        run = provenir.track("run", output_dir="out").start()
        run.log_step(STEP)
        run.log_trajectory({**ROLLOUT, "group_id": 1})

        def handler():
            run.log_step(STEP)
            run.log_trajectory(ROLLOUT)
            run.finish("interrupted")
            os._exit(0)

        at_first_call_of(inside, handler)
        log_both(run, {**ROLLOUT, "group_id": 1})
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert verify_run("out")
    recorder = json.loads(Path("out/flight_recorder.json").read_text())
    assert recorder["summary"]["num_steps"] == lines("steps.jsonl") >= 2
    hacking = json.loads(Path("out/hacking_report.json").read_text())
    assert hacking["num_trajectories"] == lines("trajectories.jsonl") >= 2
    assert json.loads(Path("out/bom.json").read_text())["run"]["status"] == "interrupted"


@pytest.mark.parametrize("inside", ["_tally", "_join", "_take", "outcomes", "open"])
def test_a_handler_may_look_at_what_is_locked(inside):
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # it waits for ever where the lock is not its own thread's to take again
        told = {"trajectories": "off", "output_dir": "out", "halt_on": "critical"}
        run = provenir.track("run", **told).start()
        run.log_step({"kl": math.nan})

        def handler():
            run.log_step({"kl": math.nan})
            run.log_trajectory({**ROLLOUT, "group_id": 1})
            assert run.hacking_report.num_trajectories >= 0
            assert run.anomalies
            run.finish("interrupted")
            os._exit(0)

        at_first_call_of(inside, handler)
        # So large a text is judged by whoever brings it, and not by the thread beside.
        run.log_trajectory({**ROLLOUT, "group_id": 1, "prediction": "y " * LARGE})
        run.log_step({"kl": math.nan})
        assert run.hacking_report
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert verify_run("out")


@pytest.mark.parametrize("inside", ["_take", "step_record"])
def test_a_handler_that_returns_lets_the_loop_go_on(inside):
    with provenir.track("run", output_dir="out") as run:
        at_first_call_of(inside, lambda: run.log_step(STEP))
        for _ in range(3):
            run.log_step(STEP)
        sys.setprofile(None)
    assert run.flight_recorder.num_steps == lines("steps.jsonl") >= 3
    assert run.manifest.status == "completed"


@pytest.mark.parametrize("inside", ["_take", "append_step", "_tally"])
def test_ctrl_c_inside_a_call_costs_no_report(inside):
    def ctrl_c():
        raise KeyboardInterrupt

    run = provenir.track("run", output_dir="out").start()
    run.log_step(STEP)
    run.log_trajectory(ROLLOUT)
    at_first_call_of(inside, ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        log_both(run)
    run.finish("interrupted")
    assert run.flight_recorder.num_steps == lines("steps.jsonl")
    assert run.hacking_report.num_trajectories == lines("trajectories.jsonl")
    assert run.bom.run.status == "interrupted"


def hacking_report():
    return json.loads(Path("out/hacking_report.json").read_text())


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("all", None),
        ("redacted", None),
        ("sampled", "2 of about 20 rollouts were kept"),
        ("off", "no rollout was kept, and how many there were is not known"),
    ],
)
def test_a_recovered_run_is_not_cleaner_than_the_live_one(mode, said):
    child = os.fork()
    if child == 0:
        run = provenir.track("run", output_dir="out", trajectories=mode).start()
        for number in range(15):
            true = 0.0 if number == 7 else 1.0
            run.log_trajectory({"prediction": "y", "reward": 1.0, "true_reward": true})
        os._exit(9)
    os.waitpid(child, 0)
    recover_run("out")
    report = hacking_report()
    assert not report["is_clean"]
    assert report["not_examined"].get("rollouts") == said
    assert json.loads(Path("out/bom.json").read_text())["hacking"]["is_clean"] is False


def test_a_recovered_run_without_a_hack_is_clean_only_where_all_was_kept():
    for mode in ("all", "sampled"):
        child = os.fork()
        if child == 0:
            run = provenir.track("run", output_dir=mode, trajectories=mode).start()
            for _ in range(15):
                run.log_trajectory({"prediction": "y", "reward": 1.0, "true_reward": 1.0})
            os._exit(9)
        os.waitpid(child, 0)
        recover_run(mode)
        report = json.loads(Path(mode, "hacking_report.json").read_text())
        assert report["is_clean"] is (mode == "all")


@pytest.mark.parametrize("mode", ["all", "redacted"])
def test_live_and_recovered_leave_an_evaluation_unjudged_alike(mode):
    def log(run):
        for number in range(6):
            true = float(number != 3)
            rollout = {"prediction": "y", "reward": 1.0, "true_reward": true}
            run.log_trajectory({**rollout, "phase": "eval"} if number % 2 else rollout)

    with provenir.track("run", output_dir="live", trajectories=mode) as run:
        log(run)
    child = os.fork()
    if child == 0:
        log(provenir.track("run", output_dir="dead", trajectories=mode).start())
        os._exit(9)
    os.waitpid(child, 0)
    recover_run("dead")
    live, dead = (
        json.loads(Path(folder, "hacking_report.json").read_text()) for folder in ("live", "dead")
    )
    assert live == dead
    assert live["examined"]["trajectories"] == 3
    assert live["not_examined"]["evaluation"].startswith("3 of 6 rollouts")
    assert live["is_clean"]
    rows = [json.loads(line) for line in Path("live/trajectories.jsonl").read_bytes().splitlines()]
    assert [row["trajectory"].get("phase") for row in rows] == [None, "eval"] * 3


@pytest.mark.parametrize("mode", ["all", "sampled", "redacted", "off"])
@pytest.mark.parametrize("inside", ["append_trajectories", "_tally", "_join", "judge_rollout"])
def test_ctrl_c_forgets_no_hack(mode, inside):
    def ctrl_c():
        raise KeyboardInterrupt

    with provenir.track("run", output_dir="out", trajectories=mode) as run:
        for number in range(15):
            run.log_trajectory(
                {**ROLLOUT, "true_reward": float(number != 7), "group_id": 1, "index": number}
            )
        assert run.hacking_report.num_flagged == 1
        at_first_call_of(inside, ctrl_c)
        with contextlib.suppress(KeyboardInterrupt):
            log_judged(run, {**ROLLOUT, "true_reward": 1.0, "group_id": 1})
        sys.setprofile(None)
    report = hacking_report()
    assert report["by_kind"]["proxy_divergence"] == 1
    assert not report["is_clean"]
    assert report["num_trajectories"] >= 15


def test_a_clean_report_needs_every_rollout_judged():
    def ctrl_c():
        raise KeyboardInterrupt

    with provenir.track("run", output_dir="out", trajectories="off") as run:
        run.log_trajectory({**ROLLOUT, "true_reward": 1.0})
        assert run.hacking_report.num_trajectories == 1
        at_first_call_of("_tally", ctrl_c)
        with contextlib.suppress(KeyboardInterrupt):
            log_judged(run, ROLLOUT)
    report = hacking_report()
    assert not report["is_clean"]
    assert "in part" in report["not_examined"]["rollouts"]


def test_a_resumed_run_gives_no_number_twice():
    run = provenir.track("run", **SAMPLED).start()
    for _ in range(15):
        run.log_trajectory({**ROLLOUT, "true_reward": 1.0})
    run.finish("failed")
    assert run.hacking_report.is_clean
    with provenir.track("run", **SAMPLED, resume=True) as run:
        for _ in range(15):
            run.log_trajectory({**ROLLOUT, "true_reward": 1.0})
    rows = [json.loads(line) for line in Path("out/trajectories.jsonl").read_bytes().splitlines()]
    assert [row["trajectory"]["index"] for row in rows] == [0, 10, 20, 30]
    assert [row["number"] for row in rows] == [0, 10, 20, 30]
    assert not run.hacking_report.is_clean
    assert run.hacking_report.not_examined["rollouts"] == "2 of about 20 rollouts were kept"
