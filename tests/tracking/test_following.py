from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import provenir
from provenir.tracking.following import Follower, Standing

LOOP = """
import sys, time, provenir
run = provenir.track("loop", output_dir=sys.argv[1]).start()
for step in range(100_000):
    run.log_step({"step": step, "kl": 0.1})
    print(step, flush=True)
    time.sleep(0.002)
"""


def metrics(step: int) -> dict[str, float]:
    return {"step": step, "kl": 0.02, "grad_norm": 80.0 if step == 40 else 1.0 + step % 3 / 10}


def anomalies(follower: Follower) -> list[dict]:
    return [found.to_dict() for found in follower.evidence.recorder.anomalies]


def test_an_onlooker_says_what_the_run_itself_says(place: Path) -> None:
    folder = place / "run"
    follower = Follower(folder)
    assert not follower.look()
    assert follower.standing == Standing()
    seen = []
    with provenir.track("watched", output_dir=folder) as run:
        for step in range(60):
            run.log_step(metrics(step))
            run.log_trajectory({"reward": 1.0, "true_reward": float(step != 7)})
            if step % 7 == 0:
                assert follower.look()
                assert follower.evidence.recorder.num_steps == step + 1
                assert follower.standing.state == "running"
                assert follower.standing.pid == str(os.getpid())
                seen += follower.onsets
    assert follower.look()
    assert not follower.look()
    seen += follower.onsets
    assert follower.standing.state == "completed"
    told = json.loads((folder / "flight_recorder.json").read_text())
    assert anomalies(follower) == told["anomalies"]
    assert follower.evidence.recorder.summary() == told["summary"]
    assert [found.kind for found in seen] == [found["kind"] for found in told["anomalies"]]
    hacking = json.loads((folder / "hacking_report.json").read_text())
    assert follower.evidence.hacking.report().to_dict().items() <= hacking.items()


def test_a_killed_process_is_noticed_and_its_torn_line_awaited(place: Path) -> None:
    folder = place / "run"
    process = subprocess.Popen([sys.executable, "-c", LOOP, folder], stdout=subprocess.PIPE)
    assert process.stdout is not None
    follower = Follower(folder)
    for line in process.stdout:
        if int(line) == 30:
            follower.look()
            assert follower.standing.state == "running"
            process.kill()
            break
    process.stdout.close()
    process.wait(30)
    with (folder / "steps.jsonl").open("ab") as steps:
        steps.write(b'{"step": 31, "met')
    follower.look()
    assert follower.standing.state == "died"
    assert follower.standing.over
    assert follower.standing.pid == str(process.pid)
    assert follower.evidence.recorder.num_steps >= 31
    assert follower.torn_now
    before = follower.evidence.recorder.num_steps
    with provenir.track("loop", output_dir=folder, resume=True) as run:
        run.log_step({"kl": 0.1})
        follower.look()
        assert follower.standing.state == "running"
        assert follower.evidence.recorder.num_steps == before + 1
    follower.look()
    assert follower.torn == 1
    assert follower.begun_anew == 0


def test_another_run_in_the_same_folder_begins_anew(place: Path) -> None:
    folder = place / "run"
    follower = Follower(folder)
    for name, steps in (("first", 9), ("second", 4)):
        with provenir.track(name, output_dir=folder) as run:
            for step in range(steps):
                run.log_step(metrics(step))
        follower.look()
        assert follower.standing.name == name
        assert follower.evidence.recorder.num_steps == steps
    assert follower.begun_anew == 1


def test_other_ranks_are_followed_from_afar(place: Path) -> None:
    folder = place / "run"
    with provenir.track("ranks", output_dir=folder) as run:
        run.log_step({"step": 0})
        assert Follower(folder).reported_verdict is None
    rows = "".join(json.dumps({"step": step, "metrics": {"kl": 99}}) + "\n" for step in range(5))
    (folder / "steps.rank3.jsonl").write_text(rows)
    follower = Follower(folder)
    follower.look()
    assert follower.other_ranks == {3: 4}
    assert follower.reported_verdict == "UNKNOWN"
    assert follower.evidence.recorder.num_steps == 1


def test_the_pace_is_that_of_the_last_steps(place: Path) -> None:
    folder = place / "run"
    with provenir.track("pace", output_dir=folder):
        pass
    follower = Follower(folder)
    follower.look()
    assert (follower.pace, follower.last_at) == (None, None)
    with (folder / "steps.jsonl").open("a") as steps:
        for at in range(5):
            time_ = f"2026-01-02T03:04:{2 * at:02}.000Z"
            steps.write(json.dumps({"step": at, "time": time_, "metrics": {}}) + "\n")
        steps.write('{"step": 5, "time": "yesterday", "metrics": {}}\nnothing\n')
    follower.look()
    assert follower.pace == pytest.approx(0.5)
    assert follower.torn == 2


def test_what_was_on_disk_before_is_read_in_pieces(place: Path) -> None:
    folder = place / "run"
    with provenir.track("long", output_dir=folder) as run:
        for step in range(12_000):
            run.log_step({"step": step, "kl": 0.1, "a name that takes room on the disk": 1.0})
    follower = Follower(folder)
    follower.look()
    assert follower.behind
    started = time.monotonic()
    while follower.behind:
        follower.look()
        assert time.monotonic() - started < 60
    assert follower.evidence.recorder.num_steps == 12_000
