"""The records of several real processes become those of one run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import provenir
from provenir.governance.run_check import verify_run
from provenir.provenance.run_record import read_run
from provenir.tracking import recover_run

RANK = """
import math, os, signal, sys, time
from pathlib import Path
import provenir

rank, steps, options = int(os.environ["RANK"]), int(sys.argv[1]), sys.argv[2:]
resume = True if "resume" in options else None
key = {"sign_passport": True, "signing_key": b"k"} if "sign" in options and rank == 0 else {}
run = provenir.track("run", output_dir="out", resume=resume, **key).start()
print("open", flush=True)
part = f"ready-{'-'.join(options)}"
Path(f"{part}-{rank}").touch()
while not all(Path(f"{part}-{n}").exists() for n in range(int(os.environ["WORLD_SIZE"]))):
    time.sleep(0.01)  # the barrier that processes have which train together
for step in range(steps):
    kl = 0.1 + 0.001 * (rank + step % 5)
    if "nan" in options and rank == 2 and step == 20:
        kl = math.nan
    if "apart" in options and rank == 1 and step >= 40:
        kl = 2.0
    run.log_step({"step": step, "kl": kl, "reward_mean": float(rank), "grad_norm": 1.5})
    run.log_trajectory(
        {"prediction": f"{rank}/{step}", "reward": float(rank % 2), "true_reward": float(rank % 2),
         "group_id": step // 2}
    )
    if "die" in options and rank == 2 and step == 30:
        os.kill(os.getpid(), signal.SIGKILL)
if "hang" in options and rank == 3:
    time.sleep(60)
if "die" in options and rank == 0:
    time.sleep(1)
run.finish()
"""


def start(size, steps, *options):
    """Start one process for each rank, all at the same time."""
    Path("rank.py").write_text(RANK)
    command = [sys.executable, "rank.py", str(steps), *options]
    started = []
    for rank in range(size):
        env = {**os.environ, "RANK": str(rank), "WORLD_SIZE": str(size)}
        started.append(subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True))
    return started


def train(size, steps, *options):
    started = start(size, steps, *options)
    return [process.wait(60) if process.communicate() else None for process in started]


def document(name):
    return json.loads((Path("out") / name).read_text())


def findings():
    rows = [row for row in read_run("out").journal() if row["type"] == "finding"]
    return {row["kind"]: row for row in rows}


def test_four_processes_are_one_run():
    assert train(4, 60, "sign") == [0, 0, 0, 0]
    flight, hacking = document("flight_recorder.json"), document("hacking_report.json")
    assert flight["summary"]["num_steps"] == 60
    assert flight["summary"]["verdict"] == "HEALTHY"
    assert flight["summary"]["final_metrics"]["reward_mean"] == 1.5
    assert "steps" not in flight["summary"]["not_examined"]
    assert hacking["num_trajectories"] == 240
    assert hacking["examined"] == {
        **dict.fromkeys(("trajectories", "texts", "both_rewards"), 240),
        "groups": 120,
    }
    assert hacking["is_clean"]
    assert {"ranks_merged"} == set(findings())
    assert findings()["ranks_merged"]["detail"] == "ranks 0-3: 60 steps; 240 rollouts"
    assert verify_run("out")
    passport = provenir.governance.passport.ModelPassport.from_json(
        Path("out/passport.json").read_text()
    )
    assert passport.verify(b"k", run_dir=Path("out"))


def test_what_a_rank_shows_alone_is_said_with_its_rank():
    assert train(3, 60, "nan", "apart") == [0, 0, 0]
    anomalies = document("flight_recorder.json")["anomalies"]
    (found,) = [anomaly for anomaly in anomalies if anomaly["kind"] == "nonfinite"]
    assert (found["step"], found["data"], found["value"]) == (20, {"rank": 2}, None)
    assert "kl is nan on rank 2" in found["detail"]
    assert findings()["rank_diverged"]["data"] == {"rank": 1, "channel": "kl", "step": 44}
    assert verify_run("out")


def test_a_rank_that_is_killed_ends_where_it_was():
    codes = train(4, 60, "die")
    assert codes == [0, 0, -signal.SIGKILL, 0]
    with Path("out/steps.rank2.jsonl").open("rb") as file:
        assert file.read().count(b"\n") == 31
    assert "rank 2 until step 30" in findings()["ranks_merged"]["detail"]
    assert findings()["rank_stopped"]["data"] == {"rank": 2, "step": 30, "others": 59}
    assert document("flight_recorder.json")["summary"]["num_steps"] == 60
    assert verify_run("out")


def test_a_rank_that_never_ends_is_left_out_and_said(monkeypatch):
    started = start(4, 20, "hang")
    assert [process.wait(60) for process in started[:3]] == [0, 0, 0]
    try:
        summary = document("flight_recorder.json")["summary"]
        assert "rank 3 " in summary["not_examined"]["steps"]
        assert findings()["ranks_merged"]["data"]["ranks"] == [0, 1, 2]
        assert "rank_still_writing" in findings()
        assert not document("hacking_report.json")["is_clean"]
        assert verify_run("out")
    finally:
        started[3].kill()
        started[3].wait()


def test_a_recovered_run_says_what_the_live_one_would_have_said():
    train(3, 50, "nan")
    live = {name: document(name) for name in ("flight_recorder.json", "hacking_report.json")}
    Path("out/manifests").rename("manifests")
    for path in Path("manifests").glob("*.json"):
        manifest = json.loads(path.read_text())
    lines = Path("out/journal.jsonl").read_text().splitlines(keepends=True)
    began = json.loads(lines[0])
    for name in ("flight_recorder.json", "hacking_report.json", "bom.json", "lineage.json"):
        Path("out", name).unlink()
    Path("out/journal.jsonl").write_text(lines[0])
    Path("out/manifests").mkdir()
    from provenir.core.manifest import RunManifest, RunManifestStore

    dead = RunManifest.model_validate(manifest).with_changes(
        status="running", ended_at=None, files={}
    )
    RunManifestStore("out/manifests").save(dead)
    assert recover_run("out").status == "interrupted"
    assert began["world_size"] == 3
    assert {name: document(name) for name in live} == live
    assert verify_run("out")


def test_ranks_are_resumed_together():
    started = start(3, 40, "hang-not")
    for process in started:
        assert process.stdout.readline() == "open\n"
    time.sleep(0.05)
    for process in started:
        process.kill()
        process.wait()
    before = sum(1 for _ in read_run("out").steps(1))
    assert train(3, 40, "resume") == [0, 0, 0]
    merged = findings()["ranks_merged"]["data"]
    longest = max(sum(1 for _ in read_run("out").steps(rank)) for rank in range(3))
    assert merged["ranks"] == [0, 1, 2]
    assert merged["steps"] == longest >= 40 + before
    numbers = [row["number"] for row in read_run("out").trajectories(1)]
    assert numbers == list(range(len(numbers)))
    assert document("hacking_report.json")["is_clean"]
    assert verify_run("out")


@pytest.mark.parametrize("mode", ["sampled", "off", "redacted"])
def test_what_rank_zero_saw_and_did_not_keep_is_not_forgotten(monkeypatch, mode):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    run = provenir.track("run", output_dir="out", trajectories=mode).start()
    monkeypatch.setenv("RANK", "1")
    other = provenir.track("run", output_dir="out", trajectories=mode).start()
    for one in (run, other):
        for _ in range(25):
            one.log_trajectory({"prediction": "x", "reward": 1.0, "true_reward": 1.0})
    other.finish()
    run.finish()
    kept = {"sampled": 3, "off": 0, "redacted": 25}[mode]
    assert run.hacking_report.num_trajectories == 25 + kept
    assert run.hacking_report.is_clean == (mode == "redacted")


@pytest.mark.parametrize("mode", ["all", "redacted"])
@pytest.mark.parametrize("killed", [False, True])
def test_a_signal_about_another_rank_names_it(monkeypatch, mode, killed):
    runs = {}
    for rank in (0, 1):
        monkeypatch.setenv("WORLD_SIZE", "2")
        monkeypatch.setenv("RANK", str(rank))
        runs[rank] = provenir.track("run", output_dir="out", trajectories=mode).start()
    hack = {"prediction": "import sys; sys.exit(0)", "reward": 1.0, "rank": 7}
    runs[0].log_trajectory(hack)
    runs[1].log_trajectory(hack)
    if killed:
        for run in runs.values():
            run._open.folder.close()  # what the end of the process does
            run._status = "interrupted"
        recover_run("out")
    else:
        runs[1].finish()
        runs[0].finish()
    signals = document("hacking_report.json")["signals"]
    seen = {(one["kind"], one["index"], one["data"].get("rank")) for one in signals}
    assert seen == {("test_tampering", 0, None), ("test_tampering", 0, 1)}
    if not killed:
        assert "rollout 0 of rank 1 (" in str(runs[0].hacking_report)


@pytest.mark.parametrize("spoilt", ["garbage", "link", "pipe", "folder"])
def test_records_of_a_rank_that_cannot_be_read_are_missed(monkeypatch, spoilt):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    Path("elsewhere").write_text("a secret\n")
    with provenir.track("run", output_dir="out") as run:
        run.log_step({"kl": 0.1})
        run.log_trajectory({"prediction": "x", "reward": 1.0, "true_reward": 1.0})
        for kind in ("steps", "trajectories"):
            file = Path(f"out/{kind}.rank1.jsonl")
            match spoilt:
                case "garbage":
                    file.write_bytes(b"\x00\xff[\n" * 9)
                case "link":
                    file.symlink_to(Path("elsewhere").absolute())
                case "pipe":
                    os.mkfifo(file)
                case "folder":
                    file.mkdir()
    assert not run.hacking_report.is_clean
    assert "of rank 1 no rollout could be read" in run.hacking_report.not_examined["rollouts"]
    assert "of rank 1 no step could be read" in str(run.flight_recorder.summary()["not_examined"])
    assert verify_run("out")


def test_groups_of_one_name_on_two_ranks_are_two(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    run = provenir.track("run", output_dir="out").start()
    monkeypatch.setenv("RANK", "1")
    other = provenir.track("run", output_dir="out").start()
    for one, reward in ((run, 0.0), (other, 0.5)):
        for _ in range(4):
            one.log_trajectory({"prediction": "x", "reward": reward, "group_id": "g"})
    other.finish()
    run.finish()
    named = {signal.group_id for signal in run.hacking_report.signals}
    assert named == {"g", "rank 1: g"}
