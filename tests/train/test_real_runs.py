"""Twenty steps of TRL's trainers on a CPU: what they log is what the run and its recorder hold."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("trl", reason="needs the extra train")

import provenir
from provenir.observability.metric_names import EVALUATION, channel_of, lookup
from provenir.observability.metrics import map_metrics
from provenir.provenance.run_record import read_run
from provenir.train import TrackingCallback, tracked_reward

STEPS = 20
ROWS = [{"prompt": f"{a} plus {b} is", "answer": str(a + b)} for a in range(4) for b in range(4)]
COMMON = {"loss", "grad_norm", "learning_rate", "entropy", "num_tokens", "epoch"}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A very small model and its tokenizer in a folder, made on the spot."""
    from provenir.flows.demo_settings import DemoSettings
    from provenir.flows.quiet import stay_offline
    from provenir.flows.tiny_model import build

    stay_offline()
    folder = tmp_path_factory.mktemp("base")
    tiny = build(ROWS, DemoSettings(hidden_size=16, layers=1, vocabulary=60))
    tiny.save(folder)
    return folder, tiny


def grpo(base, run, out):
    import trl
    from datasets import Dataset

    def length(prompts, completions, **columns):
        return [float(len(completion)) for completion in completions]

    return trl.GRPOTrainer(
        model=base[1].load_from(base[0]).model,
        processing_class=base[1].tokenizer,
        args=trl.GRPOConfig(
            **common(out), per_device_train_batch_size=8, num_generations=4,
            max_completion_length=4, beta=0.01,
        ),
        train_dataset=Dataset.from_list(ROWS),
        reward_funcs=[tracked_reward(run, length, num_generations=4)],
        callbacks=[TrackingCallback(run)],
    )  # fmt: skip


def dpo(base, run, out):
    import trl
    from datasets import Dataset

    pairs = [
        {"prompt": row["prompt"], "chosen": f" {row['answer']}", "rejected": " 0 plus"}
        for row in ROWS
    ]
    return trl.DPOTrainer(
        model=base[1].load_from(base[0]).model,
        ref_model=base[1].load_from(base[0]).model,
        processing_class=base[1].tokenizer,
        args=trl.DPOConfig(
            **common(out), per_device_train_batch_size=4, eval_strategy="steps", eval_steps=10
        ),
        train_dataset=Dataset.from_list(pairs),
        eval_dataset=Dataset.from_list(pairs[:4]),
        callbacks=[TrackingCallback(run)],
    )  # fmt: skip


def sft(base, run, out):
    import trl
    from datasets import Dataset

    texts = [{"text": f"{row['prompt']} {row['answer']}"} for row in ROWS]
    return trl.SFTTrainer(
        model=base[1].load_from(base[0]).model,
        processing_class=base[1].tokenizer,
        args=trl.SFTConfig(**common(out), per_device_train_batch_size=4),
        train_dataset=Dataset.from_list(texts),
        callbacks=[TrackingCallback(run)],
    )


def common(out):
    return {
        "output_dir": str(out), "max_steps": STEPS, "learning_rate": 1e-3, "logging_steps": 1,
        "save_strategy": "no", "report_to": [], "use_cpu": True, "bf16": False,
        "gradient_checkpointing": False, "disable_tqdm": True,
    }  # fmt: skip


EXPECTED = {
    grpo: COMMON
    | {
        "kl", "reward_mean", "reward_std", "zero_advantage_fraction", "response_length_mean",
        "response_length_min", "response_length_max", "truncated_fraction", "clip_fraction",
        "step_time", "advantage_std",
    },
    dpo: COMMON
    | {
        "chosen_reward", "rejected_reward", "preference_accuracy", "reward_margin", "chosen_logp",
        "rejected_logp", "token_accuracy",
    },
    sft: COMMON | {"token_accuracy"},
}  # fmt: skip


def trained_entries(history):
    """Of what a trainer remembers, the entries that are steps of the training."""
    return [
        entry
        for entry in history
        if "train_runtime" not in entry and not any(EVALUATION.fullmatch(name) for name in entry)
    ]


@pytest.mark.parametrize("trainer_of", EXPECTED, ids=lambda make: make.__name__)
def test_nothing_that_a_trainer_logs_is_lost_on_the_way(base, trainer_of, tmp_path):
    from provenir.flows.quiet import quiet_libraries

    with quiet_libraries(), provenir.track("run", output_dir=tmp_path / "run") as run:
        trainer = trainer_of(base, run, tmp_path / "trl")
        trainer.train()
    logged = trained_entries(trainer.state.log_history)
    stored = list(read_run(tmp_path / "run").steps())
    assert [entry["step"] for entry in logged] == list(range(1, STEPS + 1))
    assert [step["step"] for step in stored] == list(range(1, STEPS + 1))

    for entry, step in zip(logged, stored, strict=True):
        told = {name: value for name, value in entry.items() if name != "step"}
        assert {name: step["metrics"][name] for name in told} == told
        assert set(step["metrics"]) - set(told) <= {"advantage_std"}
        assert all(lookup(name) is not None for name in told)

    series = run.flight_recorder.series
    assert set(series) == EXPECTED[trainer_of]
    for channel, buckets in series.items():
        assert [bucket[0] for bucket in buckets] == list(range(1, STEPS + 1))
        values = [getattr(map_metrics(step["metrics"]), channel) for step in stored]
        assert [bucket[4] for bucket in buckets] == values
    names = {name for entry in logged for name in entry if channel_of(name) not in (None, "step")}
    assert {channel_of(name) for name in names} <= set(series)
    summary = run.flight_recorder.summary()
    assert (summary["num_steps"], summary["unreadable_values"]) == (STEPS, {})
    assert summary["final_metrics"] == {channel: b[-1][4] for channel, b in series.items()}
    assert all(math.isfinite(value) for value in summary["final_metrics"].values())
    assert run.findings == []


def test_evaluations_beside_the_steps_are_scores(base, tmp_path):
    from provenir.flows.quiet import quiet_libraries

    with quiet_libraries(), provenir.track("run", output_dir=tmp_path / "run") as run:
        trainer = dpo(base, run, tmp_path / "trl")
        trainer.train()
    last = [entry for entry in trainer.state.log_history if "eval_loss" in entry][-1]
    (score,) = run.bom.evals
    assert (score.benchmark, score.score, score.meta["step"]) == (
        "eval_loss",
        last["eval_loss"],
        20,
    )
