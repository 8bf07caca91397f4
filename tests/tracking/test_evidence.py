"""Calls that are interrupted half-way: what the disk holds is what the reports say."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

import provenir
from provenir.governance.run_check import verify_run

STEP = {"kl": 0.1, "reward_mean": 0.5}
ROLLOUT = {"prediction": "y", "reward": 1.0, "true_reward": 0.0}


def at_first_call_of(name, action):
    """Act in the middle of a call, as a signal handler does, when a function is entered."""

    def hook(frame, event, _):
        if event == "call" and frame.f_code.co_name == name:
            sys.setprofile(None)
            action()

    sys.setprofile(hook)


def log_both(run):
    run.log_step(STEP)
    run.log_trajectory(ROLLOUT)


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
        run.log_step(STEP)
        run.log_trajectory({**ROLLOUT, "group_id": 1})
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert verify_run("out")
    recorder = json.loads(Path("out/flight_recorder.json").read_text())
    assert recorder["summary"]["num_steps"] == lines("steps.jsonl") >= 2
    hacking = json.loads(Path("out/hacking_report.json").read_text())
    assert hacking["num_trajectories"] == lines("trajectories.jsonl") >= 2
    assert json.loads(Path("out/bom.json").read_text())["run"]["status"] == "interrupted"


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
