"""What one folder says of several processes."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

import provenir
from provenir.governance.run_check import verify_run
from provenir.tracking import ranks
from provenir.tracking.ranks import process_place


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({}, (0, 1)),
        ({"RANK": "1"}, (1, None)),
        ({"RANK": "3", "WORLD_SIZE": "8"}, (3, 8)),
        ({"RANK": "0", "WORLD_SIZE": "8"}, (0, 8)),
        ({"RANK": "0", "WORLD_SIZE": "1", "SLURM_PROCID": "3", "MASTER_ADDR": "a"}, (0, 1)),
        ({"SLURM_PROCID": "3", "SLURM_NTASKS": "4"}, (0, 1)),
        ({"SLURM_PROCID": "3", "SLURM_NTASKS": "4", "MASTER_ADDR": "a"}, (3, 4)),
        ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "1", "MASTER_ADDR": "a"}, (0, 1)),
        ({"RANK": "one", "WORLD_SIZE": "2"}, (0, 1)),
        ({"RANK": "-1"}, (0, 1)),
    ],
)
def test_the_place_of_a_process(monkeypatch, variables, place):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert process_place() == place


@pytest.fixture
def as_rank(monkeypatch):
    def become(rank, size=2):
        monkeypatch.setenv("RANK", str(rank))
        monkeypatch.setenv("WORLD_SIZE", str(size))

    return become


def clean(run):
    for place in range(20):
        run.log_step({"kl": 0.1})
        run.log_trajectory({"prediction": str(place), "reward": 1.0, "true_reward": 1.0})


def other(as_rank, rank=1, **settings):
    as_rank(rank)
    run = provenir.track("run", output_dir="out", **settings).start()
    run.log_step({"kl": 1e9})
    run.log_trajectory({"prediction": "x", "reward": 1.0, "true_reward": 0.0})
    return run


def test_what_another_rank_recorded_is_judged(as_rank):
    as_rank(0)
    with provenir.track("run", output_dir="out") as run:
        clean(run)
        other(as_rank).finish()
    report = run.hacking_report
    assert report.num_trajectories == report.examined["trajectories"] == 21
    assert report.by_kind() == {"proxy_divergence": 1}
    assert [anomaly.kind for anomaly in run.anomalies] == ["kl_blowup"]
    assert {"ranks_merged", "rank_stopped"} == {finding.kind for finding in run.findings}
    assert verify_run(Path("out"))


def test_a_rank_that_logged_nothing_here_is_missed(as_rank):
    as_rank(0, size=4)
    with provenir.track("run", output_dir="out") as run:
        clean(run)
    assert not run.hacking_report.is_clean
    assert "ranks 1-3 of 4" in str(run.hacking_report.not_examined)


def test_one_process_is_judged_as_before(as_rank):
    as_rank(0, size=1)
    with provenir.track("run", output_dir="out") as run:
        clean(run)
    assert run.hacking_report.is_clean
    assert not run.findings


def test_rank_zero_waits_a_while_for_the_others(as_rank):
    as_rank(0)
    with provenir.track("run", output_dir="out") as run:
        clean(run)
        late = other(as_rank)

        def end():
            time.sleep(0.2)
            late.log_step({"kl": 0.1})
            late.finish()

        ending = threading.Thread(target=end)
        ending.start()
    ending.join()
    assert "steps.rank1.jsonl" in run.manifest.files
    assert verify_run(Path("out"))


def test_a_rank_that_goes_on_makes_no_honest_run_fail(as_rank, monkeypatch):
    monkeypatch.setattr("provenir.tracking.closing.PATIENCE_S", 0.0)
    as_rank(0)
    key = {"sign_passport": True, "signing_key": b"k"}
    with provenir.track("run", output_dir="out", **key) as run:
        clean(run)
        late = other(as_rank)
    late.log_step({"kl": 0.1})
    assert verify_run(Path("out"))
    assert "rank_still_writing" in {finding.kind for finding in run.findings}
    assert "rank 1" in run.flight_recorder.summary()["not_examined"]["steps"]
    assert not run.hacking_report.is_clean
    late.log_step({"kl": 0.1})
    late.finish()
    assert verify_run(Path("out"))
    assert run.passport.verify(b"k", run_dir=run.output_dir)


def test_a_rank_without_a_shared_folder_says_where_it_writes(as_rank, caplog):
    as_rank(1)
    with provenir.track("run", sign_passport=True, signing_key=b"k") as run:
        run.log_step({"kl": 0.1})
    assert run.passport is None
    assert "give output_dir=" in caplog.text
    assert ranks.PATIENCE_S > 0
