"""When a run asks its loop to stop, and what it says at its end."""

from __future__ import annotations

import math
import random

import pytest

import provenir
from provenir.core.errors import UsageError
from provenir.provenance.run_record import read_run
from provenir.tracking import HaltOn
from provenir.tracking.halting import read_halt_on

BROKEN = {"kl": math.nan}


def loop(run, steps, faults, *, first=0):
    """A loop that does what it is asked to; return the last step that it made."""
    for step in range(first, first + steps):
        run.log_step({"step": step, "kl": 0.1, **faults.get(step, {})})
        if run.should_stop:
            return step
    return None


def findings(folder="out"):
    rows = [row for row in read_run(folder).journal() if row["type"] == "finding"]
    return {row["kind"]: row for row in rows}


def test_a_run_never_stops_unless_it_was_told_to():
    with provenir.track("run", output_dir="out") as run:
        assert loop(run, 9, {3: BROKEN}) is None
    assert (run.status, run.halts, run.stop_reason) == ("completed", False, None)


@pytest.mark.parametrize(
    "halt_on", ["critical", "nonfinite", ["kl_blowup", "nonfinite"], HaltOn(), HaltOn(patience=99)]
)
def test_a_value_that_is_not_finite_stops_at_once(halt_on):
    with provenir.track("run", output_dir="out", halt_on=halt_on) as run:
        assert loop(run, 9, {3: BROKEN}) == 3
        assert run.stop_reason == "nonfinite (critical) since step 3: kl is nan"
        assert "halted" in findings()  # on disk before the loop has stopped
    assert run.status == run.manifest.status == "interrupted"
    assert findings()["halted"]["data"] == {"kind": "nonfinite", "severity": "critical", "step": 3}
    assert "incomplete_run" in run.bom.risk_flags()


def test_patience_asks_that_the_fault_goes_on():
    lone, lasting = {5: {"kl": 99.0}}, {step: {"kl": 99.0} for step in range(20, 60)}
    with provenir.track("run", halt_on=HaltOn(kinds="kl_blowup", patience=3)) as run:
        assert loop(run, 60, lone | lasting) == 23
    with provenir.track("run", halt_on="kl_blowup") as run:
        assert loop(run, 60, lone) == 5


def test_a_mild_fault_and_another_kind_are_no_reason():
    with provenir.track("run", halt_on="entropy_collapse") as run:
        assert loop(run, 9, {3: BROKEN}) is None
    with provenir.track("run", halt_on=HaltOn(severity="critical")) as run:
        assert loop(run, 9, {3: {"step_time": math.nan}}) is None  # a warning
    with provenir.track("run", halt_on="warning") as run:
        assert loop(run, 9, {3: {"step_time": math.nan}}) == 3


def hack(run):
    run.log_trajectory({"prediction": "x", "reward": 1.0, "true_reward": 0.0})


def test_flagged_rollouts_stop_only_where_their_kind_is_named():
    with provenir.track("run", halt_on="warning") as run:
        hack(run)
        assert loop(run, 9, {}) is None
    with provenir.track("run", halt_on=["proxy_divergence"]) as run:
        hack(run)
        assert loop(run, 9, {}) == 0
        assert "proxy_divergence" in run.stop_reason
    with provenir.track("run", halt_on=HaltOn(kinds=("proxy_divergence",), patience=4)) as run:
        for step in range(8):
            hack(run)
            run.log_step({"step": step, "kl": 0.1})
            assert run.should_stop == (step >= 4)


def test_what_shows_only_over_the_run_stops_it(tmp_path):
    rng = random.Random(0)

    def steps(run, first, last):
        for step in range(first, last):
            for place in range(16):
                rewards = {"reward": 0.3 + 0.5 * step / 200, "true_reward": 0.3}
                scored = {name: (rng.random() < rate) / 4 for name, rate in rewards.items()}
                run.log_trajectory({"step": step, "group_id": place // 8, **scored})
            run.log_step({"step": step, "kl": 0.1})
            if run.should_stop:
                return step
        return None

    told = {"output_dir": tmp_path / "run", "trajectories": "all"}
    with provenir.track(
        "run", **told, halt_on=HaltOn(kinds=("proxy_divergence",), patience=9)
    ) as run:
        at = steps(run, 0, 400)
    assert at is not None
    assert run.hacking_report.num_flagged == 0
    assert "the proxy reward went from" in run.stop_reason
    with provenir.track("run", **told, resume=True, halt_on="proxy_divergence") as run:
        assert steps(run, at + 1, at + 3) is None  # it was known


def test_means_of_steps_that_part_stop_it_too():
    rng = random.Random(0)
    with provenir.track("run", halt_on="proxy_divergence") as run:
        for step in range(400):
            proxy, true = 0.3 + step / 500 + rng.gauss(0, 0.05), 0.3 + rng.gauss(0, 0.05)
            run.log_step({"step": step, "reward_mean": proxy, "true_reward_mean": true})
            if run.should_stop:
                break
    assert "proxy_divergence (warning)" in run.stop_reason


def test_a_loop_that_goes_on_all_the_same_ends_as_it_says():
    with provenir.track("run", output_dir="out", halt_on="critical") as run:
        for step in range(9):
            run.log_step({"step": step, **(BROKEN if step == 3 else {"kl": 0.1})})
        assert run.should_stop  # it stays so
    assert run.status == "completed"
    assert "for 5 steps" in findings()["halt_not_obeyed"]["detail"]


def test_a_halted_run_is_resumed_and_not_stopped_by_what_was():
    with provenir.track("run", output_dir="out", halt_on="critical") as run:
        assert loop(run, 9, {3: BROKEN}) == 3
    again = {"output_dir": "out", "resume": True, "halt_on": "critical"}
    with provenir.track("run", **again) as run:
        assert not run.should_stop
        assert loop(run, 6, {}, first=4) is None
    assert run.status == "completed"
    assert [anomaly.step for anomaly in run.anomalies] == [3]
    run = provenir.track("run", output_dir="other", halt_on="critical").start()
    assert loop(run, 2, {1: BROKEN}) == 1
    run.finish()
    with provenir.track("run", **{**again, "output_dir": "other"}) as run:
        assert loop(run, 6, {4: BROKEN}, first=2) == 4  # the episode goes on: that is new


@pytest.mark.parametrize("first", [1, 3, 4])
def test_what_goes_on_after_an_earlier_snapshot_stops_at_once(first):
    with provenir.track("run", output_dir="out", halt_on="critical") as run:
        assert loop(run, 9, {3: BROKEN}) == 3
    with provenir.track("run", output_dir="out", resume=True, halt_on="critical") as run:
        assert loop(run, 9, dict.fromkeys(range(9), BROKEN), first=first) == first


def test_patience_is_counted_also_where_the_loop_counts_anew():
    with provenir.track("run", halt_on=HaltOn(kinds=("kl_blowup",), patience=3)) as run:
        assert loop(run, 30, {29: {"kl": 50.0}}) is None
        assert loop(run, 9, {step: {"kl": 50.0} for step in range(9)}) == 3


def test_a_condition_can_be_added():
    with provenir.track("run") as run:
        run.halt_when(None)
        assert not run.halts
        run.halt_when("critical")
        assert run.halts
        assert loop(run, 9, {3: BROKEN}) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        "cricital",
        ["kl_blowup", "x"],
        [],
        3,
        HaltOn,
        {"severity": "critical"},
        [None],
        "solved_group",
    ],
)
def test_a_condition_that_is_none_is_refused_with_those_that_are(wrong):
    with pytest.raises(UsageError, match="halt_on"):
        provenir.track("run", halt_on=wrong)
    with provenir.track("run") as run, pytest.raises(UsageError, match="halt_on"):
        run.halt_when(wrong)


def test_a_condition_is_a_value():
    assert read_halt_on("critical") == HaltOn(severity="critical") == HaltOn()
    assert HaltOn(kinds=["nonfinite"]).severity == "warning"
    for wrong in ({"patience": -1}, {"patience": True}, {"severity": "bad"}, {"kinds": ("x",)}):
        with pytest.raises(UsageError):
            HaltOn(**wrong)
