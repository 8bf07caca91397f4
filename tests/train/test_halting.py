"""A real trainer is stopped before its next update, with a snapshot, on every process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("transformers", reason="needs the extra train")

import torch
import transformers

import provenir
from provenir.core.errors import UsageError
from provenir.provenance.run_record import read_run
from provenir.train import TrackingCallback
from provenir.train.halting import is_step_log, save_hindrance


class Line(torch.nn.Module):
    """Fits a number; from `breaks_at` on its gradient is a thousand times as large."""

    def __init__(self, breaks_at):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([2.0]))
        self.breaks_at, self.calls = breaks_at, 0

    def forward(self, x, labels=None, **_):
        self.calls += 1
        scale = 1000.0 if self.calls > self.breaks_at else 1.0
        return {"loss": scale * ((x * self.weight - labels) ** 2).mean()}


class Updates(transformers.TrainerCallback):
    """Counts updates and keeps the parameters after the last one."""

    def __init__(self):
        self.count, self.weight = 0, None

    def on_optimizer_step(self, args, state, control, model=None, **_):
        self.count += 1
        self.weight = model.weight.detach().clone()


def train(run, folder, *, halt_on=None, breaks_at=30, **settings):
    arguments = transformers.TrainingArguments(
        **{
            "output_dir": str(folder),
            "max_steps": 60,
            "per_device_train_batch_size": 1,
            "logging_steps": 1,
            "learning_rate": 1e-4,
            "report_to": [],
            "save_strategy": "no",
            "use_cpu": True,
            "disable_tqdm": True,
            **settings,
        }
    )
    rows = [{"x": torch.tensor([1.0]), "labels": torch.tensor([3.0])} for _ in range(600)]
    updates = Updates()
    trainer = transformers.Trainer(
        model=Line(breaks_at),
        args=arguments,
        train_dataset=rows,
        callbacks=[TrackingCallback(run, halt_on=halt_on), updates],
    )
    trainer.train()
    return trainer, updates


def findings(folder):
    rows = [row for row in read_run(folder).journal() if row["type"] == "finding"]
    return {row["kind"]: row for row in rows}


def test_a_trainer_is_not_stopped_unless_it_was_told_to(tmp_path):
    with provenir.track("run", output_dir=tmp_path / "run") as run:
        trainer, _ = train(run, tmp_path / "out")
    assert trainer.state.global_step == 60
    assert {anomaly.kind for anomaly in run.anomalies} == {"grad_explosion"}
    assert {anomaly.channel for anomaly in run.anomalies} == {"grad_norm", "loss"}
    assert run.status == "completed"
    assert not list((tmp_path / "out").glob("checkpoint-*"))


@pytest.mark.parametrize("told", ["callback", "run"])
def test_it_is_stopped_before_the_next_update_with_a_snapshot(tmp_path, told):
    here = {"callback": {"halt_on": "grad_explosion"}, "run": {}}[told]
    there = {"callback": {}, "run": {"halt_on": "grad_explosion"}}[told]
    with provenir.track("run", output_dir=tmp_path / "run", **there) as run:
        trainer, updates = train(run, tmp_path / "out", **here)
    assert trainer.state.global_step == updates.count == 31
    assert torch.equal(trainer.model.weight, updates.weight)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["checkpoint-31"]
    assert run.status == run.manifest.status == "interrupted"
    assert findings(tmp_path / "run")["halted"]["data"]["step"] == 31


def test_what_is_accumulated_and_logged_seldom_is_stopped_at_the_log(tmp_path):
    with provenir.track("run", output_dir=tmp_path / "run") as run:
        trainer, updates = train(
            run,
            tmp_path / "out",
            halt_on="grad_explosion",
            breaks_at=4 * 61,
            max_steps=100,
            gradient_accumulation_steps=4,
            logging_steps=5,
        )
    assert trainer.state.global_step == updates.count == 65
    assert trainer.model.calls == 4 * 65
    assert (tmp_path / "out" / "checkpoint-65").is_dir()


def test_a_snapshot_that_cannot_be_kept_does_not_stop_the_stopping(tmp_path, monkeypatch):
    usage = SimpleNamespace(total=10, used=10, free=0)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with provenir.track("run", output_dir=tmp_path / "run") as run:
        trainer, updates = train(run, tmp_path / "out", halt_on="grad_explosion")
    assert trainer.state.global_step == updates.count == 31
    assert not list((tmp_path / "out").glob("checkpoint-*"))
    assert "0 are free" in findings(tmp_path / "run")["snapshot_not_saved"]["detail"]
    assert run.status == "interrupted"


def test_what_cannot_be_told_of_a_snapshot_does_not_stop_the_stopping(tmp_path, monkeypatch):
    def fail(_):
        raise TypeError("no such file system")

    monkeypatch.setattr("shutil.disk_usage", fail)
    with provenir.track("run", output_dir=tmp_path / "run") as run:
        trainer, _ = train(run, tmp_path / "out", halt_on="grad_explosion")
    assert trainer.state.global_step == 31
    assert "(TypeError)" in findings(tmp_path / "run")["snapshot_not_saved"]["detail"]


def test_a_folder_that_is_none_hinders_a_snapshot(tmp_path):
    (tmp_path / "file").touch()
    args = SimpleNamespace(output_dir=str(tmp_path / "file" / "out"), save_only_model=False)
    assert "cannot be written" in save_hindrance(args, None)
    args.output_dir = str(tmp_path / "out")
    assert save_hindrance(args, torch.nn.Linear(2, 2)) is None


def test_flagged_rollouts_stop_at_the_end_of_their_step(tmp_path):
    class Hack(transformers.TrainerCallback):
        def on_step_begin(self, args, state, control, **_):
            if state.global_step == 6:
                run.log_trajectory({"response": "x", "reward": 1.0, "true_reward": 0.0})

    with provenir.track("run", output_dir=tmp_path / "run", halt_on="proxy_divergence") as run:
        arguments = transformers.TrainingArguments(
            output_dir=str(tmp_path / "out"), max_steps=20, logging_steps=1, report_to=[],
            save_strategy="no", use_cpu=True, disable_tqdm=True, per_device_train_batch_size=1,
        )  # fmt: skip
        rows = [{"x": torch.tensor([1.0]), "labels": torch.tensor([3.0])} for _ in range(30)]
        trainer = transformers.Trainer(
            model=Line(99), args=arguments, train_dataset=rows,
            callbacks=[TrackingCallback(run), Hack()],
        )  # fmt: skip
        trainer.train()
    assert trainer.state.global_step == 7
    assert run.status == "interrupted"


def test_a_run_that_cannot_say_when_is_refused(memory_run, tmp_path):
    with pytest.raises(UsageError, match="does not say when to stop"):
        TrackingCallback(memory_run, halt_on="critical")
    with (
        provenir.track("run", output_dir=tmp_path / "run") as run,
        pytest.raises(UsageError, match="is no kind"),
    ):
        TrackingCallback(run, halt_on="everything")


def test_only_what_a_trainer_logs_of_a_step_is_a_meeting_point():
    assert is_step_log({"loss": 1.0, "learning_rate": 0.1, "reward": 1.0})
    assert not is_step_log({"eval_loss": 1.0})
    assert not is_step_log({"mine": 1.0})


TWO = """
import json, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import provenir
from test_halting import train

rank = os.environ["RANK"]
with provenir.track("run", output_dir="run") as run:
    trainer, updates = train(run, Path("out"), halt_on="grad_explosion", ddp_backend="gloo")
Path(f"{rank}.json").write_text(json.dumps(
    {"steps": trainer.state.global_step, "updates": updates.count, "status": run.status,
     "weight": trainer.model.weight.item()}
))
"""


def test_two_processes_stop_at_the_same_step(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
    place = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    command = [sys.executable, "-c", TWO, str(Path(__file__).parent)]
    processes = [
        subprocess.Popen(
            command, cwd=tmp_path, env={**os.environ, **place, "RANK": rank, "LOCAL_RANK": rank}
        )
        for rank in ("0", "1")
    ]
    try:
        assert [process.wait(120) for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    assert first["steps"] == second["steps"] == first["updates"] == second["updates"] == 31
    assert first["weight"] == second["weight"]
    assert first["status"] == "interrupted"
    assert (tmp_path / "out" / "checkpoint-31").is_dir()
