"""The main job, with few steps, end to end."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys

import pytest
from rich.console import Console

import provenir
from provenir.core.errors import LockedError, UsageError
from provenir.flows.checkout import shipped
from provenir.flows.demo_lite import SMALL_RUN
from provenir.flows.demo_phases import set_aside
from provenir.flows.demo_settings import DemoSettings
from provenir.flows.grpo import exact_answer

SHORT = DemoSettings(
    seed=1,
    steps=6,
    prompts_per_step=3,
    group_size=4,
    hidden_size=32,
    layers=1,
    warm_up_until=0.2,
    warm_up_batches=60,
)


def demo(out, **options):
    pytest.importorskip("trl", reason="needs the extra train")
    from provenir.flows.demo import run_demo

    console = Console(file=io.StringIO(), width=400, force_terminal=False)
    result = run_demo(out, settings=SHORT, console=console, **options)
    return result, console.file.getvalue()


def verifies(folder) -> bool:
    """Whether a run's passport holds with the key and the model that lie beside it."""
    words = ["passport", "verify", "passport.json", "--public-key", "key.pub.pem"]
    command = [sys.executable, "-m", "provenir", *words, "--artifact", "model", "--run", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode == 0


@pytest.mark.slow
def test_the_whole_job(tmp_path):
    def render(run_dir):
        (run_dir / "report.html").write_text("<p>page</p>")
        return run_dir / "report.html"

    out = tmp_path / "artifacts" / "demo"
    result, text = demo(out, render=render)
    assert result.exit_code == 0
    assert result.verified.saw == ("key.pub.pem", "model", "passport.json")
    assert result.refused.reasons == ("artifact-mismatch",)
    assert len(result.evidence.outcome.rewards) == SHORT.steps
    assert result.evidence.parameters_before != result.evidence.parameters_after
    assert text.rstrip().splitlines()[-1] == f"Page {out / 'report.html'}"
    for digest in (result.evidence.parameters_before, result.evidence.parameters_after):
        assert digest in text
    bom = json.loads((out / "bom.json").read_text())
    reports = [part["contamination_report"] for part in bom["data"]]
    assert all(part["contamination_checked"] for part in bom["data"])
    assert [part["contaminated"] for part in bom["evals"]] == [False, False]
    assert {part["report"] for part in bom["evals"]} == set(reports) != {None}
    steps = (out / "steps.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in steps] == list(range(1, SHORT.steps + 1))
    assert all("kl" in json.loads(line)["metrics"] for line in steps)
    rollouts = (out / "trajectories.jsonl").read_text().splitlines()
    assert len(rollouts) == SHORT.steps * SHORT.completions_per_step
    bom = json.loads((out / "bom.json").read_text())
    assert bom["run"]["status"] == "completed"
    assert bom["evals"][0]["score"] == result.evidence.outcome.eval_after
    assert bom["hyperparameters"]["group_size"] == SHORT.group_size
    assert not any("PRIVATE" in path.read_text() for path in out.glob("*.pem"))


@pytest.mark.slow
def test_without_updates_the_parameters_stay(tmp_path):
    result, text = demo(tmp_path / "demo", learning_rate=0.0)
    assert result.evidence.parameters_before == result.evidence.parameters_after
    assert "(the same)" in text
    assert result.evidence.outcome.eval_before == result.evidence.outcome.eval_after
    assert result.page is None


@pytest.mark.slow
def test_the_same_seed_gives_the_same_parameters(tmp_path):
    first, _ = demo(tmp_path / "demo")
    again, _ = demo(tmp_path / "demo")
    assert first.evidence.parameters_after == again.evidence.parameters_after
    assert first.evidence.outcome == again.evidence.outcome
    assert first.evidence.run_id != again.evidence.run_id
    assert verifies(tmp_path / "demo" / "runs" / first.evidence.run_id)
    other, _ = demo(tmp_path / "demo", seed=2)
    assert other.evidence.parameters_after != first.evidence.parameters_after


def test_the_evidence_of_an_earlier_demo_stays_whole(tmp_path):
    out = tmp_path / "demo"
    shutil.copytree(shipped(SMALL_RUN, holds="passport.json"), out)
    (earlier,) = (path.stem for path in (out / "manifests").iterdir())
    set_aside(out)
    with provenir.track("demo-grpo", output_dir=out) as run:
        run.log_step({"reward": 1.0})
    assert not (out / "model").exists()
    assert not (out / "key.pub.pem").exists()
    assert verifies(out / "runs" / earlier)
    set_aside(out)  # of a run without either there is nothing to move
    set_aside(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    set_aside(tmp_path / "empty")


def test_a_demo_that_was_killed_keeps_its_model(tmp_path):
    out = tmp_path / "demo"
    code = (
        "import os, provenir; run = provenir.track('demo-grpo', output_dir='demo').start(); "
        "os.mkdir('demo/model'); open('demo/model/config.json', 'w').close(); "
        "run.log_artifact('demo/model'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    (killed,) = (path.stem for path in (out / "manifests").iterdir())
    set_aside(out)
    with provenir.track("demo-grpo", output_dir=out):
        pass
    assert (out / "runs" / killed / "model" / "config.json").is_file()
    bom = json.loads((out / "runs" / killed / "bom.json").read_text())
    assert [artifact["name"] for artifact in bom["artifacts"]] == ["model"]
    assert bom["run"]["status"] == "interrupted"


def test_a_folder_with_somebody_elses_model_is_left_alone(tmp_path):
    from provenir.flows.demo import run_demo

    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("mine")
    with pytest.raises(UsageError, match="no demo wrote"):
        run_demo(tmp_path, settings=SHORT)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("below", ["", "deep/er"])
def test_a_file_in_the_place_of_the_folder_is_refused_before_any_work(tmp_path, below):
    from provenir.flows.demo import run_demo

    (tmp_path / "note.txt").write_text("mine")
    console = Console(file=io.StringIO())
    with pytest.raises(UsageError, match=r"note\.txt: give another folder with --out"):
        run_demo(tmp_path / "note.txt" / below, settings=SHORT, console=console)
    assert console.file.getvalue() == ""


def test_a_folder_with_a_live_run_is_refused_before_any_work(tmp_path):
    from provenir.flows.demo import run_demo

    console = Console(file=io.StringIO())
    with provenir.track("mine", output_dir=tmp_path), pytest.raises(LockedError, match="--out"):
        run_demo(tmp_path, settings=SHORT, console=console)
    assert console.file.getvalue() == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"group_size": 1},
        {"hidden_size": 60},
        {"learning_rate": -1.0},
        {"seed": -1},
        {"seed": 2**32},
    ],
)
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError):
        DemoSettings(**wrong)


def test_the_reward_is_the_answer_and_nothing_else():
    prompts = ["?"] * 5
    written = [" 7", "7", " 7 7", "", " 17"]
    assert exact_answer(prompts, written, ["7"] * 5) == [1.0, 1.0, 0.0, 0.0, 0.0]
