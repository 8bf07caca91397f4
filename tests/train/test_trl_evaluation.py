"""TRL's own evaluations, in real runs of a few steps: they are recorded, and are not training."""

from __future__ import annotations

import pytest

pytest.importorskip("trl", reason="needs the extra train")

import provenir
from provenir.train import TrackingCallback, tracked_reward

ROWS = [{"prompt": f"{a} plus {b} is", "answer": str(a + b)} for a in range(3) for b in range(3)]


def length(prompts, completions, **columns):
    return [float(len(completion)) for completion in completions]


def shortness(prompts, completions, **columns):
    return [-float(len(completion)) for completion in completions]


@pytest.fixture(scope="module")
def grpo(tmp_path_factory):
    """Train a very small model with GRPO and return the trainer, as a function of the rewards."""
    import trl
    from datasets import Dataset

    from provenir.flows.demo_settings import DemoSettings
    from provenir.flows.quiet import quiet_libraries, stay_offline
    from provenir.flows.tiny_model import build

    stay_offline()
    base = tmp_path_factory.mktemp("base")
    tiny = build(ROWS, DemoSettings(hidden_size=16, layers=1, vocabulary=60))
    tiny.save(base)

    def train(rewards, callbacks=(), **settings):
        arguments = trl.GRPOConfig(
            output_dir=str(base / "trl"), max_steps=2, per_device_train_batch_size=4,
            per_device_eval_batch_size=4, num_generations=2, max_completion_length=4,
            logging_steps=1, save_strategy="no", report_to=[], use_cpu=True, bf16=False,
            disable_tqdm=True, **settings,
        )  # fmt: skip
        with quiet_libraries():
            loaded = tiny.load_from(base)
            trainer = trl.GRPOTrainer(
                model=loaded.model, processing_class=loaded.tokenizer, args=arguments,
                train_dataset=Dataset.from_list(ROWS), eval_dataset=Dataset.from_list(ROWS[:2]),
                reward_funcs=rewards, callbacks=list(callbacks),
            )  # fmt: skip
            trainer.train()
        return trainer

    return train


def test_rewards_that_cancel_out_have_no_spread_of_their_own(grpo, memory_run):
    rewards = [tracked_reward(memory_run, one) for one in (length, shortness)]
    grpo(rewards, [TrackingCallback(memory_run)])
    assert len(memory_run.steps) == 2
    for step in memory_run.steps:
        assert "advantage_std" not in step
        assert step["frac_reward_zero_std"] == 1.0


def test_rollouts_of_an_evaluation_are_not_training(grpo, tmp_path):
    with provenir.track("run", output_dir=tmp_path / "run") as run:
        trainer = grpo(
            [tracked_reward(run, length, num_generations=2)], [TrackingCallback(run)],
            eval_strategy="steps", eval_steps=1,
        )  # fmt: skip
    report = run.hacking_report
    assert report.num_trajectories == 2 * 4 + 2 * 4
    assert report.num_evaluation == 2 * 4
    assert report.examined["groups"] == 2 * 2
    assert report.examined["texts"] == 2 * 4
    assert report.is_clean  # in its texts: whether the reward was meant, nobody measured
    assert report.not_examined["proxy_divergence"].startswith("no rollout carried both")
    assert run.flight_recorder.num_steps == 2
    (score,) = run.bom.evals
    last = [entry for entry in trainer.state.log_history if "eval_reward" in entry][-1]
    assert (score.benchmark, score.score) == ("eval_reward", last["eval_reward"])
    assert score.meta["step"] == 2
    assert run.bom.hyperparameters["trainer_eval"]["eval_entropy"]
    journal = (tmp_path / "run" / "journal.jsonl").read_text()
    assert journal.count('"trainer_eval"') == 2
