"""A resumed run does not say more than is true of all its parts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import provenir
from provenir.core.errors import UsageError

BEGAN = {
    "dataset": [{"a": 1}],
    "eval_dataset": [{"b": 1}],
    "base_model": "tiny",
    "config": {"lr": 1},
    "seed": 1,
    "output_dir": "out",
}


def failed_run():
    with pytest.raises(ZeroDivisionError), provenir.track("run", **BEGAN) as run:
        run.log_step({"kl": 1 / 0})
    return run


@pytest.mark.parametrize(
    "other", [{"dataset": [{"a": 2}]}, {"eval_dataset": [{"b": 2}]}, {"base_model": "large"}]
)
def test_other_data_or_another_base_model_are_refused(other):
    failed_run()
    before = Path("out/journal.jsonl").read_bytes()
    with pytest.raises(UsageError, match="began with another"):
        provenir.track("run", **{**BEGAN, **other}, resume=True).start()
    assert Path("out/journal.jsonl").read_bytes() == before
    with provenir.track("run", **BEGAN, resume=True) as run:
        run.log_step({"kl": 0.1})
    assert run.manifest.status == "completed"
    assert not run.findings


def test_another_configuration_or_seed_is_said():
    began = failed_run().manifest
    changed = {**BEGAN, "config": {"lr": 2}, "seed": 2}
    with provenir.track("run", **changed, resume=True) as run:
        run.log_step({"kl": 0.1})
    assert (run.manifest.seed, run.manifest.config_hash) == (1, began.config_hash)
    assert run.bom.run.findings == {"resumed_with_changes": 1}
    assert run.bom.hyperparameters == {"lr": 2}
    assert "configuration, seed" in run.findings[0].detail


def test_what_is_not_given_again_stays_as_it_was():
    failed_run()
    with provenir.track("run", output_dir="out", resume=True) as run:
        run.log_step({"kl": 0.1})
    assert not run.findings
    assert run.bom.base_model == "tiny"
    assert [part.role for part in run.bom.data] == ["train", "eval"]


def test_a_run_killed_before_its_first_record_gets_its_start_again():
    failed_run()
    Path("out/journal.jsonl").unlink()
    with provenir.track("run", **BEGAN, resume=True) as run:
        run.log_step({"kl": 0.1})
    assert [part.role for part in run.bom.data] == ["train", "eval"]
    assert run.bom.base_model == "tiny"


def git(*words):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *words], check=True)


@pytest.mark.parametrize(("edits", "told"), [((0, 1), 1), ((1, 0), 1), ((1, 2), 1), ((1, 1), 0)])
def test_code_that_was_edited_in_between_is_said(edits, told):
    git("init", "-q")
    Path("train.py").write_text("0")
    git("add", "train.py")
    git("commit", "-qm", "x")
    Path("train.py").write_text(str(edits[0]))
    with pytest.raises(ZeroDivisionError), provenir.track("run", output_dir="out") as run:
        run.log_step({"kl": 1 / 0})
    Path("train.py").write_text(str(edits[1]))
    key = {"sign_passport": True, "signing_key": b"k"}
    with provenir.track("run", output_dir="out", resume=True, **key) as run:
        run.log_step({"kl": 0.1})
    assert run.bom.code.dirty is True
    assert run.bom.code.diff_digest is not None
    assert "dirty_code" in run.bom.risk_flags()
    assert run.bom.run.findings == ({"resumed_with_changes": 1} if told else {})
    assert run.passport.verify(b"k", run_dir=run.output_dir)
