"""Rollouts that are logged together are recorded and judged like those that come one by one."""

from __future__ import annotations

import pytest

import provenir
from provenir.provenance.run_record import read_run

ROLLOUTS = [
    {"prompt": "1+1", "response": str(n), "reward": n % 2, "true_reward": 0.0, "group_id": n // 4}
    for n in range(25)
]


def recorded(path, mode, log):
    with provenir.track("run", output_dir=path, trajectories=mode) as run:
        log(run)
    stored = [
        {key: value for key, value in row.items() if key != "time"}
        for row in read_run(path).trajectories()
    ]
    return stored, run.hacking_report.to_dict(), run.findings


@pytest.mark.parametrize("mode", ["all", "sampled", "redacted", "off"])
def test_together_is_as_one_by_one(tmp_path, mode):
    def one_by_one(run):
        for rollout in ROLLOUTS:
            run.log_trajectory(rollout)

    def together(run):
        run.log_trajectories(ROLLOUTS[:7])
        run.log_trajectories([])
        run.log_trajectories(iter(ROLLOUTS[7:]))

    assert recorded(tmp_path / "a", mode, one_by_one) == recorded(tmp_path / "b", mode, together)


def test_what_cannot_be_read_among_them_is_noted_and_the_others_stay(tmp_path):
    _, report, findings = recorded(
        tmp_path / "run", "all", lambda run: run.log_trajectories([ROLLOUTS[0], 7, ROLLOUTS[1]])
    )
    assert report["num_trajectories"] == 3
    assert [finding.kind for finding in findings] == ["unreadable_trajectory"]


@pytest.mark.parametrize("mode", ["redacted", "off"])
def test_a_fault_quotes_no_rollout_that_is_hidden(tmp_path, mode):
    def rollouts():
        yield {"response": "canary"}
        raise ValueError("canary")

    with provenir.track("run", output_dir=tmp_path / "run", trajectories=mode) as run:
        run.log_trajectories(rollouts())
    told = [one.detail for one in run.findings if one.kind == "recording_fault"]
    assert told == ["log_trajectories: ValueError"]
    written = [path.read_text() for path in (tmp_path / "run").rglob("*.json*")]
    assert written
    assert not any("canary" in text for text in written)


def test_no_sequence_is_a_fault_and_does_not_raise(tmp_path):
    _, report, findings = recorded(tmp_path / "run", "all", lambda run: run.log_trajectories(7))
    assert report["num_trajectories"] == 0
    assert {finding.kind for finding in findings} == {"recording_fault", "incomplete_record"}
