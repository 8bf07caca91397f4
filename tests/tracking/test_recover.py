"""A run that is killed loses nothing that it had acknowledged, and nothing gets signed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import provenir
from provenir.attest.log import EventLog
from provenir.core.errors import InputError, LockedError, UsageError
from provenir.core.manifest import RunManifestStore
from provenir.governance.run_check import verify_run
from provenir.tracking import recover_run

SIGNED = {"sign_passport": True, "signing_key": b"k", "output_dir": "out"}
LOOP = """
import sys, provenir
run = provenir.track("killed", dataset=[{"a": 1}], output_dir="out", config={"lr": 0.1},
                     sign_passport=True, signing_key=b"k").start()
run.record_eval("before", 0.25)
for step in range(100_000):
    run.log_step({"kl": 0.1, "reward_mean": float("nan") if step == 3 else 0.5})
    run.log_trajectory({"prediction": "x" * 200, "reward": 1.0, "true_reward": 0.0})
    sys.stdout.write(f"{step}\\n")
    sys.stdout.flush()
"""


def kill_in_the_middle(at_step: int) -> int:
    """Start the loop, kill it at about that step, return the last step it had acknowledged."""
    process = subprocess.Popen([sys.executable, "-c", LOOP], stdout=subprocess.PIPE, text=True)
    acknowledged = -1
    for line in process.stdout:
        acknowledged = int(line)
        if acknowledged == at_step:
            process.send_signal(signal.SIGKILL)
    process.wait()
    return acknowledged


@pytest.mark.parametrize("at_step", random.Random(5).sample(range(4, 400), 3))
def test_every_acknowledged_step_survives_kill_9(at_step):
    acknowledged = kill_in_the_middle(at_step)
    manifest = recover_run("out")
    steps = [json.loads(line) for line in Path("out/steps.jsonl").read_bytes().splitlines()]
    assert [record["step"] for record in steps[: acknowledged + 1]] == list(range(acknowledged + 1))
    assert manifest.status == "interrupted"
    assert not Path("out/passport.json").exists()
    recorder = json.loads(Path("out/flight_recorder.json").read_text())
    assert recorder["summary"]["num_steps"] >= acknowledged + 1
    assert "nonfinite" in recorder["summary"]["by_kind"]
    bom = json.loads(Path("out/bom.json").read_text())
    assert bom["evals"][0]["benchmark"] == "before"
    assert bom["hyperparameters"] == {"lr": 0.1}
    assert bom["data"][0]["content_hash"].startswith("sha256:")
    hacking = json.loads(Path("out/hacking_report.json").read_text())
    assert hacking["by_kind"]["proxy_divergence"] >= acknowledged
    assert verify_run("out")


def test_a_recovered_run_says_what_the_live_one_says():
    """The same records, once finished and once torn off, give the same reports."""

    def log(run):
        for step in range(60):
            run.log_step({"kl": 50.0 if step == 40 else 0.1, "grad_norm": 1.0})
            run.log_trajectory({"prediction": "y", "reward": 1.0, "true_reward": 0.0})

    with provenir.track("live", output_dir="live") as run:
        log(run)
    pid = os.fork()
    if pid == 0:
        log(provenir.track("live", output_dir="dead").start())
        os._exit(9)
    os.waitpid(pid, 0)
    recover_run("dead")
    for name in ("flight_recorder.json", "hacking_report.json"):
        live = json.loads(Path("live", name).read_text())
        assert json.loads(Path("dead", name).read_text()) == live


def test_a_live_run_cannot_be_recovered():
    with provenir.track("alive", output_dir="out"), pytest.raises(LockedError):
        recover_run("out")


def test_a_dead_run_is_recovered_when_the_next_one_takes_its_folder():
    kill_in_the_middle(5)
    with provenir.track("next", output_dir="out"):
        pass
    (old,) = Path("out/runs").iterdir()
    (manifest,) = (old / "manifests").iterdir()
    assert json.loads(manifest.read_text())["status"] == "interrupted"
    assert (old / "bom.json").is_file()


def test_a_torn_last_line_is_left_out_and_said():
    kill_in_the_middle(5)
    with Path("out/steps.jsonl").open("ab") as file:
        file.write(b'{"step": 10000, "metr')
    recover_run("out")
    findings = json.loads(Path("out/bom.json").read_text())["run"]["findings"]
    assert findings["torn_line"] == 1


def test_a_killed_run_can_be_resumed():
    acknowledged = kill_in_the_middle(20)
    with provenir.track("killed", output_dir="out", resume=True) as run:
        first = run.flight_recorder.summary()["num_steps"]
        assert first >= acknowledged + 1
        run.log_step({"kl": 0.1})
    lines = Path("out/steps.jsonl").read_bytes().splitlines()
    assert json.loads(lines[-1])["step"] == first
    assert run.manifest.status == "completed"
    assert run.bom.evals[0].benchmark == "before"
    assert len(list(Path("out/manifests").iterdir())) == 1


def test_a_resumed_run_keeps_its_old_passport_aside_and_bound():
    with pytest.raises(KeyboardInterrupt), provenir.track("two parts", **SIGNED) as run:
        raise KeyboardInterrupt
    assert run.passport.bom.run.status == "interrupted"
    with provenir.track("two parts", output_dir="out", resume=True) as run:
        run.log_step({"kl": 0.1})
    assert not Path("out/passport.json").exists()
    assert [name for name in run.manifest.files if "superseded-passport" in name]
    assert verify_run("out")


def test_a_run_that_has_ended_is_left_as_it_is():
    with provenir.track("done", output_dir="out", sign_passport=True, signing_key=b"k") as run:
        run.log_step({"kl": 0.1})
    assert recover_run("out") == run.manifest
    assert verify_run("out")


def test_a_move_aside_that_was_cut_short_is_undone():
    with provenir.track("done", output_dir="out") as run:
        run.log_step({"kl": 0.1})
    aside = Path("out/runs", run.run_id)
    aside.mkdir(parents=True)
    Path("out/bom.json").rename(aside / "bom.json")
    assert not verify_run("out")
    assert recover_run("out") == run.manifest
    assert verify_run("out")
    assert not aside.exists()


def test_the_passport_of_an_earlier_part_is_not_that_of_a_recovered_run():
    with pytest.raises(KeyboardInterrupt), provenir.track("two parts", **SIGNED) as run:
        raise KeyboardInterrupt
    # As a kill leaves it between the manifest and the passport of the part that was resumed.
    RunManifestStore("out/manifests").save(
        run.manifest.with_changes(status="running", ended_at=None, files={})
    )
    assert [name for name in recover_run("out").files if "superseded-passport" in name]
    assert not Path("out/passport.json").exists()
    assert verify_run("out")


@pytest.mark.parametrize(
    "record",
    [
        {"type": "start", "dataset": 5, "base_model": []},
        {"type": "start", "dataset": {"name": None, "n": "x"}},
        {"type": "config", "values": [1]},
        {"type": "eval", "benchmark": 5, "score": "x", "meta": [1]},
        {"type": "artifact", "path": 5},
        {"type": "finding", "kind": 5, "severity": []},
        {"type": ["a list"]},
    ],
    ids=str,
)
def test_a_journal_that_somebody_changed_is_recovered_as_far_as_it_goes(record):
    kill_in_the_middle(5)
    with Path("out/journal.jsonl").open("a") as file:
        file.write(json.dumps(record) + "\n")
    assert recover_run("out").status == "interrupted"
    assert Path("out/bom.json").is_file()
    assert verify_run("out")


def test_a_recovery_that_cannot_write_says_so():
    kill_in_the_middle(5)
    Path("out/bom.json").mkdir()
    with pytest.raises(InputError, match=r"not complete: bom\.json"):
        recover_run("out")
    Path("out/bom.json").rmdir()
    assert recover_run("out").status == "interrupted"


def test_a_completed_run_is_not_resumed():
    with provenir.track("done", output_dir="out"):
        pass
    with pytest.raises(UsageError, match="has ended"):
        provenir.track("done", output_dir="out", resume=True).start()


def test_the_run_is_seen_as_alive_while_it_is(place):
    from provenir.provenance.run_record import read_run

    process = subprocess.Popen([sys.executable, "-c", LOOP], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    try:
        assert read_run("out").alive
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
    time.sleep(0.05)
    assert not read_run("out").alive


def die(**settings):
    """A run that logs a step and is killed."""
    if (child := os.fork()) == 0:
        provenir.track("run", output_dir="out", **settings).start().log_step({"kl": 0.1})
        os._exit(9)
    os.waitpid(child, 0)


def test_a_recovery_writes_to_the_log_that_the_run_began_in():
    die(workspace="elsewhere/ws")
    recover_run("out")
    assert [entry.name for entry in EventLog("elsewhere/ws/log").entries()] == [
        "start",
        "interrupted",
    ]
    assert not Path("log").exists()


@pytest.mark.parametrize("told", ["../theirs", "../nowhere", "\0", 7])
def test_a_recovery_follows_no_journal_into_another_log(told):
    with provenir.track("theirs", output_dir="theirs/run"):
        pass
    before = Path("theirs/log/events-000000.jsonl").read_bytes()
    die()
    journal = Path("out/journal.jsonl")
    first, *rest = journal.read_bytes().splitlines(keepends=True)
    changed = json.dumps({**json.loads(first), "workspace": told}).encode() + b"\n"
    journal.write_bytes(b"".join([changed, *rest]))
    recover_run("out")
    assert Path("theirs/log/events-000000.jsonl").read_bytes() == before
    assert not Path("nowhere").exists()
    assert [entry.name for entry in EventLog("log").entries()] == ["start", "interrupted"]


def test_a_recovered_run_is_judged_with_the_settings_that_it_began_with():
    loop = LOOP.replace('"killed", ', '"killed", recorder="ppo", ').replace(
        '"kl": 0.1', '"kl": 50.0'
    )
    process = subprocess.Popen([sys.executable, "-c", loop], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if int(line) == 10:
            process.send_signal(signal.SIGKILL)
    process.wait()
    recover_run("out")
    recorder = json.loads(Path("out/flight_recorder.json").read_text())
    assert recorder["config"]["kl_max"] == 200.0
    assert "kl_blowup" not in recorder["summary"]["by_kind"]
