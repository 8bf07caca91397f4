"""Twenty steps of TRL's GRPO with a verifier as the reward: what it is paid is what it was told."""

from __future__ import annotations

import pytest

pytest.importorskip("trl", reason="needs the extra train")

import provenir
from provenir.environments import RegexFormatVerifier, as_reward
from provenir.provenance.run_record import read_run
from provenir.train import TrackingCallback, tracked_reward

STEPS, GROUP, BATCH = 20, 4, 8
ROWS = [{"prompt": f"{a} plus {b} is", "answer": str(a + b)} for a in range(4) for b in range(4)]


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


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_twenty_steps_on_a_verifiers_reward(base, tmp_path, asynchronous):
    import torch
    import trl
    from datasets import Dataset

    from provenir.flows.quiet import quiet_libraries

    torch.set_num_threads(1)
    verifier = RegexFormatVerifier(r"[^a-z]*[0-9][^a-z]*")
    reward = as_reward(verifier, name="has_a_number", asynchronous=asynchronous)
    with quiet_libraries(), provenir.track("run", output_dir=tmp_path / "run") as run:
        trainer = trl.GRPOTrainer(
            model=base[1].load_from(base[0]).model,
            processing_class=base[1].tokenizer,
            args=arguments(tmp_path / "trl"),
            train_dataset=Dataset.from_list(ROWS),
            reward_funcs=[tracked_reward(run, reward, num_generations=GROUP)],
            callbacks=[TrackingCallback(run)],
        )
        trainer.train()

    logged = [e for e in trainer.state.log_history if "rewards/has_a_number/mean" in e]
    assert [entry["step"] for entry in logged] == list(range(1, STEPS + 1))
    told = [row["trajectory"] for row in read_run(tmp_path / "run").trajectories()]
    assert len(told) == STEPS * BATCH
    for rollout in told:
        assert rollout["reward_function"] == "has_a_number"
        assert rollout["reward"] == verifier.verify(rollout["response"], None).reward
    assert {rollout["reward"] for rollout in told} == {0.0, 1.0}
    for entry in logged:
        mean = entry["rewards/has_a_number/mean"]
        paid = [r["reward"] for r in told if r["step"] == entry["step"]]
        assert mean == pytest.approx(sum(paid) / BATCH)
    assert run.findings == []
