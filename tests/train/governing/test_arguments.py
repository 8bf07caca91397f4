"""Arguments that cannot be governed are refused by name, before anything is trained."""

from __future__ import annotations

import pytest

import governed_runs as run
from provenir.core.errors import UsageError
from provenir.governance.statements import PolicyStatement, sign_statement

pytest.importorskip("trl")

from provenir.train.governing.arguments import check_arguments

REFUSED = {
    "optim": "adafactor",
    "lr_scheduler_type": "reduce_lr_on_plateau",
    "max_grad_norm": 0.3,
    "train_sampling_strategy": "group_by_length",
    "dataloader_num_workers": 1,
    "auto_find_batch_size": True,
    "ignore_data_skip": True,
    "label_smoothing_factor": 0.1,
    "torch_empty_cache_steps": 4,
}


def test_the_usual_arguments_pass(tmp_path):
    check_arguments(run.arguments(tmp_path), clip=1.0)
    check_arguments(run.arguments(tmp_path, max_grad_norm=0.3), clip=0.3)
    check_arguments(run.arguments(tmp_path, max_grad_norm=0.0), clip=None)


@pytest.mark.parametrize("name", REFUSED)
def test_an_argument_is_refused_by_its_name(tmp_path, name):
    changes = {name: REFUSED[name]}
    if name == "lr_scheduler_type":  # the arguments themselves ask for an evaluation with it
        changes |= {"eval_strategy": "steps", "eval_steps": 1}
    given = run.arguments(tmp_path, **changes)
    with pytest.raises(UsageError, match=rf"{name}=.* cannot be governed"):
        check_arguments(given, clip=1.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("shuffle_dataset", True), ("loss_type", "dft"), ("activation_offloading", True)],
)
def test_an_argument_of_trl_is_refused_by_its_name(tmp_path, name, value):
    from trl import SFTConfig

    given = SFTConfig(output_dir=str(tmp_path), report_to=[], use_cpu=True, bf16=False)
    check_arguments(given, clip=1.0)
    setattr(given, name, value)
    with pytest.raises(UsageError, match=rf"{name}=.* cannot be governed"):
        check_arguments(given, clip=1.0)


def test_what_routing_does_not_work_with_is_refused_before_the_training(tmp_path):
    rows = run.corpus()
    with pytest.raises(UsageError, match="bf16"):
        run.trainer(rows, run.governance(rows, tmp_path), run.arguments(tmp_path, bf16=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"model_init": run.model, "model": None},
        {"compute_loss_func": lambda outputs, labels, num_items_in_batch=None: outputs.loss},
    ],
    ids=lambda changes: min(changes),
)
def test_a_model_or_loss_made_elsewhere_is_refused(tmp_path, changes):
    from provenir.train.governed import GovernedTrainer

    rows = run.corpus()
    given = {"model": run.model(), "data_collator": run.batches, **changes}
    with pytest.raises(UsageError, match="cannot be governed"):
        GovernedTrainer(
            args=run.arguments(tmp_path),
            train_dataset=rows,
            governance=run.governance(rows, tmp_path / "run"),
            **given,
        )


def test_nothing_to_train_on_is_refused(tmp_path):
    from provenir.train.governed import GovernedTrainer

    with pytest.raises(UsageError, match="nothing to train on"):
        GovernedTrainer(run.model(), run.arguments(tmp_path), governance=run.governance([]))


def test_a_search_over_hyperparameters_is_refused(tmp_path):
    rows = run.corpus()
    trainer = run.trainer(rows, run.governance(rows, tmp_path / "run"), run.arguments(tmp_path))
    with pytest.raises(UsageError, match="search"):
        trainer.train(trial={})
    with pytest.raises(UsageError, match="not drawn yet"):
        trainer.get_train_dataloader()


def test_an_optimizer_that_nobody_tested_is_refused(tmp_path):
    import torch

    rows, model = run.corpus(), run.model()
    optimizer = torch.optim.Rprop(p for p in model.parameters() if p.requires_grad)
    trainer = run.trainer(
        rows,
        run.governance(rows, tmp_path / "run"),
        run.arguments(tmp_path),
        model=model,
        optimizers=(optimizer, None),
    )
    with pytest.raises(UsageError, match="Rprop has not been tested"):
        trainer.train()
    assert not (tmp_path / "run/governed/ledger.jsonl").exists()


def test_a_table_for_another_model_is_refused(tmp_path):
    rows = run.corpus()
    trainer = run.trainer(
        rows,
        run.governance(rows, tmp_path / "run"),
        run.arguments(tmp_path),
        model=run.model(num_hidden_layers=3),
    )
    with pytest.raises(UsageError, match=r"the model has embedding, layer\.0, layer\.1, layer\.2"):
        trainer.train()


def test_no_place_for_the_ledger_is_refused(tmp_path):
    rows = run.corpus()
    trainer = run.trainer(rows, run.governance(rows), run.arguments(tmp_path))
    with pytest.raises(UsageError, match="needs a folder for its ledger"):
        trainer.train()


@pytest.mark.parametrize(
    "wrong",
    [
        {"signers": []},
        {"signers": 3},
        {"signers": ["no.pem"]},
        {"statements": ["grace.json"]},
        {"seed": b"short"},
        {"clip": 0.0},
        {"clip": float("nan")},
        {"hash_every": 0},
    ],
    ids=str,
)
def test_a_governance_out_of_range_is_refused(wrong):
    with pytest.raises(UsageError):
        run.governance([], **wrong)


def test_one_key_and_one_statement_may_stand_by_themselves():
    one = run.governance([], signers=run.OPERATOR)
    assert one.signers == (run.OPERATOR,)
    claim = PolicyStatement(
        name="test", policy=run.policy(run.table()).digest(), issued_at="2026-03-01T00:00:00.000Z"
    )
    signed = sign_statement(claim, [run.OPERATOR])
    assert run.governance([], statements=signed).statements == (signed,)
