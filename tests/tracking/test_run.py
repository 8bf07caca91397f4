"""The life of a run, and that nothing in it reaches the loop."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import json
import logging
import math
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import provenir
from provenir.attest.log import EventLog
from provenir.core.clock import SystemClock
from provenir.core.errors import LockedError, UsageError
from provenir.core.findings import Finding, Report
from provenir.provenance.run_record import read_run
from provenir.tracking import current_run, recover_run

ROWS = [{"prompt": "1+1", "answer": "2"}]


def steps_of(run):
    return [json.loads(line) for line in (run.output_dir / "steps.jsonl").read_bytes().splitlines()]


def model_folder(path: Path) -> Path:
    path.mkdir()
    (path / "config.json").write_text("{}")
    (path / "weights.bin").write_bytes(b"\x00" * 64)
    return path


def test_a_run_leaves_every_document():
    with provenir.track("run", dataset=ROWS, output_dir="artifacts/a") as run:
        assert run.status == "running"
        assert current_run() is run
        run.log_step({"kl": 0.1})
        run.log_trajectory({"prediction": "2", "reward": 1.0, "true_reward": 1.0})
        run.record_eval("gsm8k", 0.5, n=10)
    assert current_run() is None
    assert run.status == "completed"
    names = {path.name for path in Path("artifacts/a").iterdir()}
    assert names >= {
        "manifests",
        "steps.jsonl",
        "trajectories.jsonl",
        "journal.jsonl",
        "flight_recorder.json",
        "hacking_report.json",
        "lineage.json",
        "bom.json",
    }
    assert "passport.json" not in names
    assert "report.html" not in names
    assert run.manifest.dataset_hash.startswith("sha256:")
    assert set(run.manifest.files) >= {"steps.jsonl", "bom.json", "flight_recorder.json"}


def test_the_log_holds_start_end_and_passport():
    with provenir.track("run", output_dir="artifacts/a", sign_passport=True, signing_key=b"k"):
        pass
    entries = [(entry.type, entry.name) for entry in EventLog("artifacts/log").entries()]
    assert entries == [
        ("training_run", "start"),
        ("training_run", "end"),
        ("passport_issued", "passport"),
    ]


def test_an_exception_of_the_loop_passes_and_the_run_is_failed():
    run = provenir.track("run", output_dir="out")
    with pytest.raises(ZeroDivisionError), run:
        run.log_step({"kl": 1 / 0})
    assert run.status == "failed"
    assert run.manifest.status == "failed"
    assert "incomplete_run" in run.bom.risk_flags()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (asyncio.CancelledError(), "interrupted"),
        (SystemExit(0), "completed"),
        (SystemExit(2), "failed"),
    ],
)
def test_the_status_tells_how_the_loop_ended(error, status):
    with pytest.raises(type(error)), provenir.track("run", output_dir="out") as run:
        raise error
    assert run.manifest.status == status


def test_a_notebook_starts_and_finishes_by_hand():
    run = provenir.track("run", output_dir="out").start()
    run.log_step({"kl": 0.1})
    run.finish()
    run.finish()
    assert run.manifest.status == "completed"


@pytest.mark.parametrize("status", ["done", None, 1, [], "running"])
def test_an_unknown_status_ends_the_run_as_interrupted(status):
    run = provenir.track("run", output_dir="out").start()
    run.log_step({"kl": 0.1})
    run.finish(status)
    assert run.status == run.manifest.status == read_run("out").status == "interrupted"
    assert "recording_fault" in {finding.kind for finding in run.findings}


def test_runs_may_end_in_another_order_than_they_began():
    outer = provenir.track("outer", output_dir="outer").start()
    inner = provenir.track("inner", output_dir="inner").start()
    outer.finish()
    assert current_run() is inner
    inner.finish()
    assert current_run() is None


def test_ctrl_c_while_a_run_ends_leaves_it_to_be_recovered():
    class Impatient(SystemClock):
        def now(self):
            if ending:
                raise KeyboardInterrupt
            return super().now()

    ending = []
    run = provenir.track("run", output_dir="out", clock=Impatient()).start()
    run.log_step({"kl": 0.1})
    ending.append(True)
    with pytest.raises(KeyboardInterrupt):
        run.finish()
    assert run.status == "interrupted"
    assert read_run("out").status == "running"
    assert recover_run("out").status == "interrupted"


def test_a_run_is_used_once():
    run = provenir.track("run", output_dir="out")
    with run:
        pass
    with pytest.raises(UsageError, match="used once"):
        run.start()


def test_logging_before_the_start_raises_with_the_mend():
    with pytest.raises(UsageError, match=r"run\.start\(\)"):
        provenir.track("run").log_step({"kl": 0.1})


def test_logging_after_the_end_is_a_warning(caplog):
    with provenir.track("run", output_dir="out") as run:
        pass
    with caplog.at_level(logging.WARNING, logger="provenir"):
        run.log_step({"kl": 0.1})
        run.log_step({"kl": 0.1})
    assert len([record for record in caplog.records if "after the run" in record.message]) == 1


def test_a_decorated_function_gets_a_run_for_each_call():
    ids = []

    @provenir.track("decorated")
    def train(steps, run):
        for _ in range(steps):
            run.log_step({"kl": 0.1})
        ids.append(run.run_id)
        return steps

    assert train(3) == 3
    assert train(2) == 2
    assert len(set(ids)) == 2
    assert [json.loads(p.read_text())["status"] for p in Path().rglob("manifests/*.json")] == [
        "completed"
    ] * 2


def test_a_decorated_function_keeps_its_other_arguments():
    class Trainer:
        @provenir.track("method")
        def method(self, run, epochs=1, *, lr):
            return run.status, epochs, lr

    @provenir.track("function")
    def function(run, /, epochs):
        return run.status, epochs

    assert Trainer().method(3, lr=0.1) == ("running", 3, 0.1)
    assert Trainer().method(epochs=3, lr=0.1) == ("running", 3, 0.1)
    assert function(3) == function(epochs=3) == ("running", 3)


def test_an_async_function_can_be_decorated():
    @provenir.track("decorated", output_dir="out")
    async def train(run):
        await asyncio.sleep(0)
        run.log_step({"kl": 0.1})
        return run.status

    assert asyncio.run(train()) == "running"
    assert Path("out/bom.json").is_file()


def test_a_generator_cannot_be_decorated():
    with pytest.raises(UsageError, match="its body runs later"):

        @provenir.track("decorated")
        def train():
            yield 1


def test_steps_count_by_themselves_and_go_on_after_a_given_one():
    with provenir.track("run", output_dir="out") as run:
        run.log_step({"kl": 0.1})
        run.log_step({"kl": 0.1, "step": 10})
        run.log_step({"kl": 0.1})
    assert [record["step"] for record in steps_of(run)] == [0, 10, 11]


def test_unknown_keys_are_kept_and_nonfinite_ones_are_named():
    with provenir.track("run", output_dir="out") as run:
        onsets = run.log_step({"kl": math.nan, "mine/own": 3, "reward_mean": -math.inf})
    record = steps_of(run)[0]
    assert record["metrics"] == {"kl": None, "mine/own": 3, "reward_mean": None}
    assert record["nonfinite"] == {"kl": "nan", "reward_mean": "-inf"}
    assert "nonfinite" in {anomaly.kind for anomaly in onsets}


class Hostile:
    def __getattr__(self, name):
        raise RuntimeError("no")

    def __repr__(self):
        raise RuntimeError("no")

    def __float__(self):
        raise RuntimeError("no")

    def __iter__(self):
        raise RuntimeError("no")


def hostile_steps():
    loop: dict = {}
    loop["self"] = loop
    return [
        None,
        3,
        "text",
        [1, 2],
        Hostile(),
        {},
        {None: None},
        {"step": math.nan},
        {"step": "seven"},
        {"step": 10**400},
        {"kl": "0.5"},
        {"kl": "\ud800"},
        {"\ud800": 1.0},
        {"kl": Hostile()},
        {"kl": [1, math.nan, [2]]},
        {"kl": 10**400},
        {"kl": True},
        {("a", 1): 2},
        {"a\nb": 1, "../x": 2, "🙂": 3},
        loop,
    ]


def test_log_step_never_raises():
    values = hostile_steps()
    with provenir.track("run", output_dir="out") as run:
        for value in values:
            assert isinstance(run.log_step(value), list)
    assert len(steps_of(run)) == len(values)
    assert run.manifest.status == "completed"


def test_log_step_takes_numpy_scalars():
    numpy = pytest.importorskip("numpy")
    with provenir.track("run", output_dir="out") as run:
        run.log_step({"kl": numpy.float32(0.5), "entropy": numpy.array(2.0)})
        run.log_step({"kl": numpy.float64("nan"), "step": numpy.int64(4)})
    first, second = steps_of(run)
    assert first["metrics"] == {"kl": 0.5, "entropy": 2.0}
    assert second["step"] == 4
    assert second["nonfinite"] == {"kl": "nan"}


def test_log_step_takes_torch_scalars():
    torch = pytest.importorskip("torch")
    with provenir.track("run", output_dir="out") as run:
        run.log_step({"kl": torch.tensor(0.5, requires_grad=True), "entropy": torch.tensor([2.0])})
        run.log_step({"kl": torch.tensor(float("inf"))})
    first, second = steps_of(run)
    assert first["metrics"]["kl"] == 0.5
    assert second["nonfinite"] == {"kl": "inf"}


@pytest.mark.parametrize(
    "trajectory",
    [
        None,
        [],
        "text",
        Hostile(),
        {"prediction": "x" * 1_000_000, "reward": 1.0},
        {"prediction": "\ud800", "reward": math.nan, "true_reward": "a"},
        {"prediction": b"\xff", "reward": 10**400, "group_id": []},
        {"prompt": {"nested": [{"role": "user"}]}, "reward": Hostile(), "index": -1},
    ],
    ids=range(8),
)
def test_log_trajectory_never_raises(trajectory):
    with provenir.track("run", output_dir="out") as run:
        run.log_trajectory(trajectory)
    lines = (run.output_dir / "trajectories.jsonl").read_bytes().splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["trajectory"]


@pytest.mark.parametrize(
    "score", [math.nan, math.inf, None, "high", [1, 2], Hostile(), 10**400], ids=range(7)
)
def test_a_score_that_is_no_number_is_null_with_a_finding(score):
    with provenir.track("run", output_dir="out") as run:
        run.record_eval("e", score, note="\ud800")
    assert run.bom.evals[0].score is None
    assert "unreadable_score" in {finding.kind for finding in run.findings}


@pytest.mark.parametrize(
    "name", ["a/b", "../../etc", "two\nlines", "🙂", "x" * 5_000, "\ud800", "-rf", "..", " a "]
)
def test_any_name_is_a_run(name):
    with provenir.track(name, sign_passport=True, signing_key=b"k") as run:
        run.log_step({"kl": 0.1})
    assert run.passport.verify(b"k")
    assert run.output_dir.parent == Path("artifacts/runs").absolute()


def test_calls_with_wrong_arguments_do_not_reach_the_loop():
    with provenir.track("run", output_dir="out") as run:
        run.log_step()
        run.log_trajectory()
        run.record_eval()
        run.attach(object())
        run.log_config(3)
        run.log_artifact("missing")
    kinds = [finding.subject for finding in run.findings]
    assert set(kinds) >= {"log_step", "log_trajectory", "record_eval", "attach", "log_artifact"}
    assert run.manifest.status == "completed"


def test_a_folder_that_vanishes_does_not_reach_the_loop(place):
    with provenir.track("run", output_dir="out") as run:
        run.log_step({"kl": 0.1})
        shutil.rmtree("out")
        Path("out").write_text("a file in its place")
        run.log_step({"kl": 0.2})
        run.record_eval("e", 0.5)
    assert "closing_fault" in {finding.kind for finding in run.findings}
    assert run.flight_recorder.summary()["num_steps"] == 2


@pytest.mark.parametrize("output_dir", ["out", None])
def test_a_loop_may_change_the_working_directory(place, output_dir):
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    with provenir.track("run", output_dir=output_dir, workspace="logs") as run:
        os.chdir(elsewhere)
        run.log_step({"kl": 0.1})
        run.record_eval("e", 0.5)
    assert run.output_dir.is_relative_to(place)
    assert len(steps_of(run)) == 1
    assert run.manifest.status == read_run(run.output_dir).status == "completed"
    assert len(list(EventLog(place / "logs" / "log").entries())) == 2
    assert list(elsewhere.iterdir()) == []


def test_a_working_directory_may_be_gone(place):
    gone = place / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    with provenir.track("run", output_dir=place / "out") as run:
        run.log_step({"kl": 0.1})
    assert run.manifest.status == "completed"
    assert len(steps_of(run)) == 1


def test_a_disk_that_refuses_lines_does_not_reach_the_loop():
    """A limit on the file's size stands for the full disk: lines are cut, then refused."""
    code = (
        "import json, resource, signal, provenir\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "with provenir.track('run', output_dir='out') as run:\n"
        "    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))\n"
        "    for _ in range(100): run.log_step({'kl': 0.1})\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
        "lost = [f for f in run.findings if f.kind == 'incomplete_record']\n"
        "print(json.dumps([run.flight_recorder.summary()['num_steps'], lost[0].data['count']]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seen, lost = json.loads(done.stdout)
    kept = [line for line in Path("out/steps.jsonl").read_bytes().splitlines() if line[-1:] == b"}"]
    assert seen == 100
    assert len(kept) == 100 - lost
    assert 0 < lost < 100


def test_threads_lose_nothing():
    with provenir.track("run", output_dir="out") as run:

        def work():
            for _ in range(100):
                run.log_step({"kl": 0.1})

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(record["step"] for record in steps_of(run)) == list(range(400))


def test_a_forked_child_does_not_end_its_parents_run():
    with provenir.track("run", output_dir="out") as run:
        run.log_step({"kl": 0.1})
        child = os.fork()
        if child == 0:
            run.log_step({"kl": 0.2})
            run.finish()
            os._exit(0)
        os.waitpid(child, 0)
        run.log_step({"kl": 0.3})
    assert [record["metrics"]["kl"] for record in steps_of(run)] == [0.1, 0.3]
    assert run.manifest.status == "completed"


def test_a_child_forked_while_a_thread_logs_does_not_wait_for_it():
    reached, go = threading.Event(), threading.Event()

    class Slow:
        def __repr__(self):
            reached.set()
            go.wait()
            return "slow"

    with provenir.track("run", output_dir="out") as run:
        thread = threading.Thread(target=run.log_step, args=({"slow": Slow()},))
        thread.start()
        reached.wait()
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            run.finish()
            os._exit(0)
        ended = os.waitpid(child, 0)[1]
        go.set()
        thread.join()
    assert ended == 0


def test_a_live_run_is_not_overwritten():
    with (
        provenir.track("one", output_dir="out"),
        pytest.raises(LockedError),
        provenir.track("two", output_dir="out"),
    ):
        pass


def test_a_finished_run_moves_aside():
    ids = []
    for _ in range(3):
        with provenir.track("run", output_dir="out", dataset=ROWS) as run:
            run.log_step({"kl": 0.1})
        ids.append(run.run_id)
    assert {path.name for path in Path("out/runs").iterdir()} == set(ids[:2])
    assert Path(f"out/runs/{ids[0]}/steps.jsonl").is_file()


def test_an_artifact_gives_the_passport_its_subjects(place):
    model = model_folder(place / "model")
    with provenir.track("run", output_dir="out", sign_passport=True, signing_key=b"k") as run:
        run.log_artifact(model)
    assert run.passport.verify(b"k", artifacts=[model])
    (model / "config.json").write_text("{ }")
    assert not run.passport.verify(b"k", artifacts=[model])


def test_the_hashing_of_an_artifact_tells_how_far_it_is(place):
    model = model_folder(place / "model")
    told = []
    with provenir.track("run", output_dir="out") as run:
        run.log_artifact(model, progress=told.append)
        run.log_artifact(model, progress=lambda _: 1 / 0)
    assert sum(told) == sum(path.stat().st_size for path in model.rglob("*") if path.is_file())
    assert "recording_fault" in {finding.kind for finding in run.findings}


def test_the_run_folder_does_not_tell_where_it_lay(place):
    model = model_folder(place / "model")
    with provenir.track("run", output_dir="out", dataset=ROWS) as run:
        run.log_artifact(model.resolve())
    files = [path for path in Path("out").rglob("*") if path.is_file()]
    assert [path.name for path in files if str(place).encode() in path.read_bytes()] == []


def test_an_artifact_that_changes_before_the_end_is_found(place):
    model = model_folder(place / "model")
    with provenir.track("run", output_dir="out") as run:
        run.log_artifact(model)
        (model / "weights.bin").write_bytes(b"\x01" * 64)
    assert "artifact_changed" in {finding.kind for finding in run.findings}


def test_attached_reports_are_bound():
    report = Report(
        name="pii",
        findings=(Finding(kind="email", severity="info", detail="one address"),),
        examined={"rows": 3},
    )
    with provenir.track("run", output_dir="out", sign_passport=True, signing_key=b"k") as run:
        run.attach(report)
    (file,) = [name for name in run.manifest.files if name.startswith("reports/")]
    assert json.loads(Path("out", file).read_text())["name"] == "pii"
    assert run.passport.verify(b"k", run_dir="out")
    Path("out", file).write_text("{}")
    assert not run.passport.verify(b"k", run_dir="out")


@pytest.mark.parametrize(
    ("mode", "lines"), [("all", 30), ("sampled", 3), ("redacted", 30), ("off", None)]
)
def test_trajectory_modes(mode, lines):
    with provenir.track("run", output_dir="out", trajectories=mode) as run:
        for _ in range(30):
            run.log_trajectory({"prediction": "secret text", "reward": 1.0})
    path = Path("out/trajectories.jsonl")
    assert (len(path.read_bytes().splitlines()) if path.exists() else None) == lines
    assert run.hacking_report.num_trajectories == 30
    assert (mode == "all" or mode == "sampled") == (
        path.exists() and "secret text" in path.read_text()
    )


def test_ranks_above_zero_write_steps_alone(monkeypatch):
    with provenir.track("run", output_dir="out") as first:
        first.log_step({"kl": 0.1})
        monkeypatch.setenv("RANK", "1")
        with provenir.track("run", output_dir="out", sign_passport=True, signing_key=b"k") as run:
            run.log_step({"kl": 0.2})
        assert run.passport is None
    assert Path("out/steps.rank1.jsonl").is_file()
    assert not Path("out/passport.json").exists()
    assert "steps.rank1.jsonl" in first.manifest.files


def test_an_interpreter_that_ends_leaves_an_interrupted_run():
    code = (
        "import provenir\n"
        "run = provenir.track('run', output_dir='out', sign_passport=True, signing_key=b'k')\n"
        "run.start()\n"
        "run.log_step({'kl': 0.1})\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    (manifest,) = Path("out/manifests").glob("*.json")
    assert json.loads(manifest.read_text())["status"] == "interrupted"
    assert not Path("out/passport.json").exists()


def test_a_log_that_cannot_be_written_stops_nothing_and_is_said(place):
    Path("artifacts").mkdir()
    Path("artifacts/log").write_text("a file where the log should be")
    with provenir.track(
        "run", output_dir="artifacts/a", sign_passport=True, signing_key=b"k"
    ) as run:
        run.log_step({"kl": 0.1})
    assert run.passport.verify(b"k", run_dir="artifacts/a")
    assert {"log_fault", "closing_fault"} <= {finding.kind for finding in run.findings}


def test_a_copied_configuration_leaves_the_run_alone():
    @dataclasses.dataclass
    class Config:
        lr: float
        run: object

    with provenir.track("run", output_dir="out") as run:
        assert dataclasses.asdict(Config(1.0, run))["run"] is run
        assert copy.copy(run) is copy.deepcopy([run])[0] is run
        with pytest.raises(UsageError, match="pickled"):
            pickle.dumps(run)
        with pytest.raises(LockedError):
            provenir.track("intruder", output_dir="out").start()
        run.log_step({"kl": 0.1})
    assert not run.findings


class NoTruth:
    def __eq__(self, other):
        raise ValueError("ambiguous")

    __hash__ = None


def test_an_exit_with_an_odd_code_comes_through():
    code = NoTruth()
    with pytest.raises(SystemExit) as left, provenir.track("run", output_dir="out") as run:
        sys.exit(code)
    assert left.value.code is code
    assert run.status == "failed"


def test_names_of_our_own_in_the_user_s_words_cost_nothing():
    with provenir.track("run", output_dir="out") as run:
        run.record_eval("m", 0.5, self=1, name_=2)
    (found,) = run.bom.evals
    assert found.score == 0.5
