"""A governed training of a small model, from the first line of its ledger to the last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import governed_runs as run
from provenir.core.errors import UsageError
from provenir.governance.statements import LedgerCloseStatement, RoleStatement
from provenir.provenance.artifact import identify_tensors

pytest.importorskip("trl")

from transformers import TrainerCallback


class EndsAnEpoch(TrainerCallback):  # type: ignore[misc]
    """Asks for the next epoch after step 2 of 5."""

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        control.should_epoch_stop = state.global_step == 2


def test_a_training_leaves_a_complete_ledger(tmp_path: Path) -> None:
    rows = run.corpus()
    trainer = run.trainer(
        rows, run.governance(rows, tmp_path / "run"), run.arguments(tmp_path / "out")
    )
    trainer.train()
    found = run.records(tmp_path / "run")
    assert [record["kind"] for record in found] == ["header", *["step"] * 10, "close"]
    header, steps, close = found[0], found[1:-1], found[-1]
    assert close["status"] == "completed"
    assert header["frozen"] == close["frozen_after"]
    assert steps[0]["param_pre"] == header["initial"]["root"]
    assert steps[-1]["param_post"] == close["final"]["root"] == close["released"]["root"]
    trainer.save_model(str(tmp_path / "adapter"))
    released = identify_tensors(tmp_path / "adapter")
    assert (released.tensor_root, released.n_tensors) == tuple(
        close["released"][key] for key in ("root", "n")
    )
    governed = tmp_path / "run/governed"
    statement = RoleStatement.read(governed / "close.json")
    assert isinstance(statement.claim, LedgerCloseStatement)
    assert statement.claim.n == len(found)
    public = {path.name for path in governed.iterdir()}
    assert public == {
        *("policy.json", "profiles.json", "routes.json", "blocks.json", "intent.json"),
        *("admission.jsonl", "ledger.jsonl", "details.jsonl", "final.json", "close.json"),
        "private",
    }


def test_an_epoch_that_a_callback_ends_is_refused_by_name(tmp_path: Path) -> None:
    rows = run.corpus()
    governed = run.governance(rows, tmp_path / "run")
    arguments = run.arguments(tmp_path / "out")
    trainer = run.trainer(rows, governed, arguments, callbacks=[EndsAnEpoch()])
    with pytest.raises(UsageError, match=r"ended after step 2, .*should_epoch_stop"):
        trainer.train()
    assert run.records(tmp_path / "run")[-1]["status"] == "interrupted"
