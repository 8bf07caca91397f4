"""Twenty steps of TRL's GRPO with a verifier as the reward: what it is paid is what it was told."""

from __future__ import annotations

import pytest

pytest.importorskip("trl", reason="needs the extra train")

import provenir
from provenir.environments import CodeVerifier, RegexFormatVerifier, as_reward
from provenir.provenance.run_record import read_run
from provenir.train import TrackingCallback, tracked_reward

STEPS, GROUP, BATCH = 20, 4, 8
HEAD = "def f(x):\n    return "
REFERENCE = {"test_code": "assert type(f(1)) is int", "prompt": HEAD, "entry_point": "f"}
ROWS = [{"prompt": HEAD, "answer": str(a) * b} for a in range(10) for b in range(1, 5)]


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


def arguments(out):
    import trl

    return trl.GRPOConfig(
        output_dir=str(out), max_steps=STEPS, per_device_train_batch_size=BATCH,
        num_generations=GROUP, max_completion_length=4, beta=0.01, learning_rate=1e-3,
        logging_steps=1, save_strategy="no", report_to=[], use_cpu=True, bf16=False,
        gradient_checkpointing=False, disable_tqdm=True, seed=3,
    )  # fmt: skip


def trained(base, out, verifier, reward):
    """Twenty steps; the trainer's log of rewards, the recorded rollouts, and the run."""
    import torch
    import trl
    from datasets import Dataset

    from provenir.flows.quiet import quiet_libraries

    torch.set_num_threads(1)
    rows = [{"prompt": row["prompt"], "answer": REFERENCE} for row in ROWS]
    with quiet_libraries(), provenir.track("run", output_dir=out / "run") as run:
        trainer = trl.GRPOTrainer(
            model=base[1].load_from(base[0]).model,
            processing_class=base[1].tokenizer,
            args=arguments(out / "trl"),
            train_dataset=Dataset.from_list(rows),
            reward_funcs=[tracked_reward(run, reward, num_generations=GROUP)],
            callbacks=[TrackingCallback(run)],
        )
        trainer.train()
    name = f"rewards/{reward.__name__}/mean"
    logged = [entry for entry in trainer.state.log_history if name in entry]
    told = [row["trajectory"] for row in read_run(out / "run").trajectories()]
    return [(entry["step"], entry[name]) for entry in logged], told, run


def check(base, out, verifier, reference, **options):
    reward = as_reward(verifier, name="right", **options)
    logged, told, run = trained(base, out, verifier, reward)
    assert [step for step, _ in logged] == list(range(1, STEPS + 1))
    assert len(told) == STEPS * BATCH
    for rollout in told:
        assert rollout["reward_function"] == "right"
        assert rollout["reward"] == verifier.verify(rollout["response"], reference).reward
    assert {rollout["reward"] for rollout in told} == {0.0, 1.0}
    for step, mean in logged:
        paid = [rollout["reward"] for rollout in told if rollout["step"] == step]
        assert mean == pytest.approx(sum(paid) / BATCH)
    assert run.findings == []


def test_twenty_steps_on_programs_that_are_run(base, tmp_path):
    check(base, tmp_path, CodeVerifier(), REFERENCE)


def test_twenty_steps_on_a_format_asynchronously(base, tmp_path):
    check(base, tmp_path, RegexFormatVerifier(r"[^a-z]*[0-9][^a-z]*"), None, asynchronous=True)
