"""A governed training inside a tracked run: manifest, passport, statements, log, lineage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import governed_runs as run
import provenir
from provenir.attest.keys import Ed25519Signer
from provenir.attest.log import EventLog, log_folder
from provenir.core.clock import FixedClock
from provenir.core.digest import digest_bytes
from provenir.core.errors import UsageError
from provenir.data import Dataset
from provenir.governance.statements import PolicyStatement, RoleStatement, sign_statement
from provenir.tracking.governed import log_intent

pytest.importorskip("trl")

CLOCK = FixedClock("2026-03-01T21:00:00Z", step_s=1.0)


def trained(
    folder: Path,
    rows: list[dict[str, Any]],
    *,
    resume: bool = False,
    callbacks: Any = (),
    **changes: Any,
) -> Any:
    """A tracked run with a governed training in it."""
    signed = sign_statement(
        PolicyStatement(
            name="test",
            policy=run.policy(run.table()).digest(),
            issued_at="2026-03-01T00:00:00.000Z",
        ),
        [Ed25519Signer.generate()],
    )
    with provenir.track(
        "governed",
        dataset=rows,
        output_dir=folder / "run",
        workspace=folder,
        sign_passport=True,
        signing_key=run.OPERATOR,
        clock=CLOCK,
        resume=resume,
    ) as tracked:
        governed = run.governance(rows, statements=[signed], **changes)
        saving = run.arguments(folder / "out", save_strategy="steps", save_steps=4)
        trainer = run.trainer(rows, governed, saving, callbacks=list(callbacks))
        trainer.train(resume_from_checkpoint=resume)
        trainer.save_model(str(folder / "run/adapter"))
        tracked.log_artifact(folder / "run/adapter", kind="adapter")
    return tracked


def test_the_passport_binds_the_ledger(tmp_path: Path) -> None:
    tracked = trained(tmp_path, run.corpus())
    governed = tmp_path / "run/governed"
    close = RoleStatement.read(governed / "close.json")
    predicate = tracked.passport.predicate
    assert predicate.ledger_root == close.claim.root
    assert predicate.assurance == "L2"
    assert close.digest in predicate.statements
    statements = [RoleStatement.read(p) for p in (tmp_path / "run/statements").glob("*.json")]
    assert sorted(one.digest for one in statements) == sorted(predicate.statements)
    assert {type(one.claim).__name__ for one in statements} == {
        *("LedgerCloseStatement", "PolicyStatement", "RunStatement")
    }
    files = set(tracked.manifest.files)
    assert {f"governed/{path.name}" for path in governed.iterdir() if path.is_file()} <= files
    assert not any("private" in name for name in files)
    node = tracked.lineage.node(f"run:{tracked.run_id}")
    assert node.attributes["ledger_root"] == close.claim.root
    adapter = predicate.bom.artifacts[0]
    assert adapter.tensor_root == run.records(tmp_path / "run")[-1]["released"]["root"]
    assert not [one for one in tracked.findings if one.severity != "info"]


def test_the_steps_are_metrics_of_the_run(tmp_path: Path) -> None:
    trained(tmp_path, run.corpus())
    lines = (tmp_path / "run/steps.jsonl").read_text().splitlines()
    assert len(lines) == 10


def test_the_log_has_the_intent_before_the_steps_and_the_close_after(tmp_path: Path) -> None:
    tracked = trained(tmp_path, run.corpus())
    entries = [(one.type, one.name) for one in tracked.workspace_log.entries()]
    assert entries[:4] == [
        ("training_run", "start"),
        ("admission", "training-intent"),
        ("admission", "ledger-close"),
        ("training_run", "end"),
    ]


def test_an_earlier_training_that_never_closed_is_named(tmp_path: Path) -> None:
    rows = run.corpus()
    intent = digest_bytes(b"an intent")
    root = Dataset(rows).identity().records_root
    assert root is not None
    log_intent(EventLog(log_folder(tmp_path)), "earlier", intent, root, CLOCK)
    trained(tmp_path, rows)
    assert run.records(tmp_path / "run")[-1]["aborted"] == [intent]


def test_a_resumed_training_has_one_ledger_in_its_last_passport(tmp_path: Path) -> None:
    from transformers import TrainerCallback

    class Fails(TrainerCallback):  # type: ignore[misc]
        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == 6:
                raise ZeroDivisionError

    rows = run.corpus()
    with pytest.raises(ZeroDivisionError):
        trained(tmp_path, rows, callbacks=[Fails()], clock=FixedClock(run.START))
    former = RoleStatement.read(tmp_path / "run/governed/close.json")
    assert run.records(tmp_path / "run")[-1]["status"] == "interrupted"
    tracked = trained(tmp_path, rows, resume=True, clock=FixedClock(run.START))
    close = RoleStatement.read(tmp_path / "run/governed/close.json")
    predicate = tracked.passport.predicate
    assert predicate.ledger_root == close.claim.root != former.claim.root
    assert close.digest in predicate.statements
    assert former.digest not in predicate.statements
    assert run.records(tmp_path / "run")[-1]["aborted"] == []
    assert "governed/ledger.discarded-0.jsonl" in tracked.manifest.files


def test_other_rows_than_the_runs_are_refused(tmp_path: Path) -> None:
    rows = run.corpus()
    with (
        provenir.track("governed", dataset=rows[:-1], output_dir=tmp_path / "run"),
        pytest.raises(UsageError, match="not the dataset of the run"),
    ):
        run.trainer(rows, run.governance(rows), run.arguments(tmp_path / "out")).train()


def test_a_run_without_metrics_says_why_it_claims_little(tmp_path: Path) -> None:
    from provenir.train import TrackingCallback

    rows = run.corpus()
    with provenir.track(
        "quiet",
        dataset=rows,
        output_dir=tmp_path / "run",
        workspace=tmp_path,
        sign_passport=True,
        signing_key=run.OPERATOR,
    ) as tracked:
        run.trainer(
            rows,
            run.governance(rows),
            run.arguments(tmp_path / "out", logging_strategy="no"),
            callbacks=[TrackingCallback(tracked)],  # which hears of no step
        ).train()
    assert tracked.passport.predicate.assurance == "declared"
    assert "ledger_without_metrics" in {one.kind for one in tracked.findings}


def test_a_run_that_is_begun_again_does_not_train_again_in_silence(tmp_path: Path) -> None:
    rows = run.corpus()
    trained(tmp_path, rows)  # leaves snapshots
    with provenir.track("governed", dataset=rows, output_dir=tmp_path / "run") as tracked:
        saving = run.arguments(tmp_path / "out", save_strategy="steps", save_steps=4)
        again = run.trainer(rows, run.governance(rows), saving)
        for asked in (True, tmp_path / "out/checkpoint-4"):
            with pytest.raises(UsageError, match="snapshot") as refused:
                again.train(resume_from_checkpoint=asked)
            assert "resume=True" in str(refused.value)
            assert not (tracked.output_dir / "governed/ledger.jsonl").exists()


def test_a_run_without_a_dataset_is_refused_before_it_is_trained(tmp_path: Path) -> None:
    rows = run.corpus()
    with provenir.track("governed", output_dir=tmp_path / "run"):
        trainer = run.trainer(rows, run.governance(rows), run.arguments(tmp_path / "out"))
        with pytest.raises(UsageError, match="no dataset") as refused:
            trainer.train()
    assert "track(dataset=" in str(refused.value)
