"""A plain torch loop under governance."""

from __future__ import annotations

import math

import pytest

import governed_runs as run
import provenir
from provenir.core.clock import FixedClock
from provenir.core.errors import UsageError
from provenir.provenance.artifact import identify_tensors

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from provenir.train.governed import GovernedLoop  # noqa: E402


def loop(folder, *, rows=None, model=None, optimizer=torch.optim.AdamW, resume=None, **changes):
    rows = run.corpus() if rows is None else rows
    model = run.model() if model is None else model
    made = optimizer([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    changes.setdefault("clock", FixedClock(run.START, step_s=0.001))
    return GovernedLoop(
        model,
        made,
        rows,
        run.governance(rows, folder, **changes),
        collate=run.batches,
        batch=4,
        micro=2,
        epochs=2,
        scheduler=torch.optim.lr_scheduler.LinearLR(made, total_iters=10),
        resume=resume,
    )


def test_all_steps_are_made_and_recorded(tmp_path):
    with loop(tmp_path) as governed:
        made = list(governed)
    assert [step.number for step in made] == list(range(1, governed.total_steps + 1))
    assert all(math.isfinite(step.loss) and step.gradient_norm > 0 for step in made)
    records = run.records(tmp_path)
    assert [one["kind"] for one in records] == ["header", *["step"] * 10, "close"]
    assert records[-1]["status"] == "completed"
    assert float(records[1]["lr"]) < float(records[10]["lr"])  # LinearLR warms up


def broken_off(tmp_path, optimizer):
    """Save after the fourth step, and fail after the seventh."""
    with loop(tmp_path / "b", optimizer=optimizer) as governed:
        for step in governed:
            if step.number == 4:
                governed.save(tmp_path / "snapshot")
            if step.number == 7:
                raise ZeroDivisionError


@pytest.mark.parametrize("optimizer", [torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD])
def test_one_that_goes_on_ends_as_one_that_was_not_stopped(tmp_path, optimizer):
    with loop(tmp_path / "a", optimizer=optimizer) as governed:
        assert governed.run() == 10
    with pytest.raises(ZeroDivisionError):
        broken_off(tmp_path, optimizer)
    assert run.records(tmp_path / "b")[-1]["status"] == "interrupted"
    torch.rand(5)  # the generators come back with the snapshot
    with loop(tmp_path / "b", optimizer=optimizer, resume=tmp_path / "snapshot") as governed:
        assert [step.number for step in governed] == [5, 6, 7, 8, 9, 10]
    whole, resumed = run.records(tmp_path / "a"), run.records(tmp_path / "b")
    assert whole[-1]["final"] == resumed[-1]["final"]
    assert resumed[-1]["status"] == "completed"


def test_a_loop_that_is_left_is_halted(tmp_path):
    with loop(tmp_path) as governed:
        for step in governed:
            if step.number == 3:
                break
    close = run.records(tmp_path)[-1]
    assert (close["status"], close["n_steps"]) == ("halted", 3)


def test_steps_are_made_inside_of_the_with_alone(tmp_path):
    governed = loop(tmp_path)
    with pytest.raises(UsageError, match="no governed training"):
        next(iter(governed))
    with pytest.raises(UsageError, match="no governed training"):
        governed.save(tmp_path / "snapshot")


def test_a_snapshot_inside_a_segment_is_refused(tmp_path):
    with loop(tmp_path, hash_every=2) as governed:
        next(iter(governed))
        with pytest.raises(UsageError, match=r"inside a segment.*multiple of hash_every=2"):
            governed.save(tmp_path / "snapshot")
        assert not (tmp_path / "snapshot").exists()
        governed.run()


def test_batches_without_labels_are_refused(tmp_path):
    rows = [{"input_ids": row["input_ids"]} for row in run.corpus()]
    with pytest.raises(UsageError, match="without labels"):
        loop(tmp_path, rows=rows)


def test_the_model_is_given_back_as_it_was(tmp_path):
    model = run.model()
    with loop(tmp_path, model=model) as governed:
        governed.run()
    tokens = torch.tensor([run.corpus()[0]["input_ids"]])
    model(input_ids=tokens, labels=tokens).loss.backward()  # unrouted again
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)


def test_a_tracked_loop_reaches_the_passport(tmp_path):
    rows = run.corpus()
    with (
        provenir.track(
            "loop",
            dataset=rows,
            output_dir=tmp_path / "run",
            workspace=tmp_path,
            sign_passport=True,
            signing_key=run.OPERATOR,
            clock=FixedClock("2026-03-01T21:00:00Z"),
        ) as tracked,
        loop(None, rows=rows) as governed,
    ):
        governed.run()
    assert tracked.passport.predicate.assurance == "L2"
    assert len((tmp_path / "run/steps.jsonl").read_text().splitlines()) == 10


def gpt2():
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    sizes = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32}
    return GPT2LMHeadModel(GPT2Config(vocab_size=run.VOCABULARY, **sizes))


def checkpointed():
    model = run.model(lora=False)
    model.gradient_checkpointing_enable()
    return model


def adapter_of_a_narrow_base():
    from peft import LoraConfig, get_peft_model

    base = run.model(lora=False).to(torch.bfloat16)
    return get_peft_model(base, LoraConfig(r=2, target_modules=["q_proj", "down_proj"]))


@pytest.mark.parametrize(
    "made",
    [gpt2, checkpointed, adapter_of_a_narrow_base],
    ids=lambda made: made.__name__,
)
def test_other_models_are_governed_too(tmp_path, made):
    model = made()
    tied = model.config.tie_word_embeddings
    blocks = run.BLOCKS[:-1] if tied else run.BLOCKS
    still = {**dict.fromkeys(blocks, 1000), "layer.0": 0}
    profiles = run.table(blocks=blocks, profiles=[{"id": "upper", "weights": still}])
    before = {name: value.clone() for name, value in model.named_parameters()}
    with loop(tmp_path / "run", model=model, table=profiles) as governed:
        governed.run()
    for name, value in model.named_parameters():
        stays = ".0." in name or not value.requires_grad
        assert torch.equal(value, before[name]) is stays, name
    model.save_pretrained(tmp_path / "model")
    released = identify_tensors(tmp_path / "model")
    assert run.records(tmp_path / "run")[-1]["released"]["root"] == released.tensor_root
