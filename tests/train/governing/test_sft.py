"""TRL's `SFTTrainer` under governance: its rows, its tokens, its losses."""

from __future__ import annotations

import json

import pytest

import governed_runs as run
from provenir.core.clock import FixedClock
from provenir.core.errors import UsageError

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from datasets import Dataset  # noqa: E402

ROWS = [
    {"prompt": f"{a} plus {b} is", "completion": f" {a + b}"} for a in range(4) for b in range(4)
]


@pytest.fixture(scope="module")
def tiny():
    from provenir.flows.demo_settings import DemoSettings
    from provenir.flows.quiet import stay_offline
    from provenir.flows.tiny_model import build

    stay_offline()
    problems = [{"prompt": row["prompt"], "answer": row["completion"]} for row in ROWS]
    return build(problems, DemoSettings(hidden_size=16, layers=2, vocabulary=60))


def trainer(tiny, folder, rows=ROWS, **changes):
    from peft import LoraConfig
    from trl import SFTConfig

    from provenir.train.governed import GovernedSFTTrainer

    blocks = ("embedding", "layer.0", "layer.1", "final_norm")  # the head is tied
    profiles = run.table(
        blocks=blocks, profiles=[{"id": "all", "weights": dict.fromkeys(blocks, 1000)}]
    )
    arguments = SFTConfig(
        output_dir=str(folder / "out"), per_device_train_batch_size=2, max_steps=3,
        gradient_accumulation_steps=2, save_strategy="no", report_to=[], use_cpu=True, bf16=False,
        disable_tqdm=True, logging_steps=1, **changes,
    )  # fmt: skip
    return GovernedSFTTrainer(
        model=tiny.load_from(folder / "base").model,
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        eval_dataset=Dataset.from_list(rows[:4]),
        processing_class=tiny.tokenizer,
        peft_config=LoraConfig(r=2, target_modules=["q_proj", "down_proj"]),
        governance=run.governance(
            rows, folder / "run", table=profiles, clock=FixedClock(run.START)
        ),
    )


def test_completions_are_trained_under_governance(tiny, tmp_path):
    tiny.save(tmp_path / "base")
    governed = trainer(tiny, tmp_path, eval_strategy="steps", eval_steps=2)
    governed.train()
    records = run.records(tmp_path / "run")
    assert [one["kind"] for one in records] == ["header", "step", "step", "step", "close"]
    assert records[-1]["status"] == "completed"
    assert any("eval_loss" in one for one in governed.state.log_history)
    # The first losses are those of the completions alone, by the model as it was.
    detail = json.loads((tmp_path / "run/governed/details.jsonl").read_text().splitlines()[0])
    facts = json.loads((tmp_path / "run/governed/private/facts.jsonl").read_text().splitlines()[0])
    base = tiny.load_from(tmp_path / "base").model.eval()
    for entry, told in zip(detail["batch"], facts["facts"], strict=True):
        row = ROWS[entry["row"]]
        prompt = tiny.tokenizer(row["prompt"])["input_ids"]
        whole = tiny.tokenizer(row["prompt"] + row["completion"] + tiny.tokenizer.eos_token)
        tokens = torch.tensor([whole["input_ids"]])
        labels = tokens.clone()
        labels[0, : len(prompt)] = -100
        with torch.no_grad():
            expected = base(input_ids=tokens, labels=labels).loss.item()
        assert float(told["loss"]) == pytest.approx(expected, rel=1e-5)


def test_rows_that_trl_would_drop_are_refused(tiny, tmp_path):
    tiny.save(tmp_path / "base")
    rows = [*ROWS, {"prompt": "0 plus " * 40, "completion": " 0"}]
    with pytest.raises(UsageError, match="left 16 of 17 rows"):
        trainer(tiny, tmp_path, rows, max_length=32)


def test_packing_is_refused(tiny, tmp_path):
    tiny.save(tmp_path / "base")
    with pytest.raises(UsageError, match="packing"):
        trainer(tiny, tmp_path, packing=True, max_length=64)


def test_an_argument_is_refused_before_the_trainer_stumbles_over_it(tiny, tmp_path):
    tiny.save(tmp_path / "base")
    with pytest.raises(UsageError, match="activation_offloading=True cannot be governed"):
        trainer(tiny, tmp_path, activation_offloading=True)
