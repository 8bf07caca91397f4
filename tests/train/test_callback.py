"""The trainer callback, by itself and inside a real GRPO run of a few steps."""

from __future__ import annotations

import dataclasses
import logging
from types import SimpleNamespace

import pytest

from provenir.core.errors import UsageError

pytest.importorskip("transformers", reason="needs the extra train")

from provenir.train import TrackingCallback, tracked_reward
from provenir.train.callback import framework_of, told_arguments


@dataclasses.dataclass
class Arguments:
    output_dir: str | None = None
    hub_token: str | None = None
    learning_rate: float = 1e-5
    max_steps: int = -1
    report_to: list = dataclasses.field(default_factory=list)
    tags: dict = dataclasses.field(default_factory=dict)
    optim: str = "adamw"


def state(step: int = 3, *, first: bool = True) -> SimpleNamespace:
    return SimpleNamespace(global_step=step, is_world_process_zero=first)


def test_a_log_entry_becomes_a_step_with_all_its_keys(memory_run):
    logs = {"reward": 0.5, "kl": None, "rewards/exact/mean": 0.5}
    TrackingCallback(memory_run).on_log(Arguments(), state(), None, logs=logs)
    assert memory_run.steps == [{**logs, "step": 3}]
    assert "step" not in logs


def test_other_processes_record_nothing(memory_run):
    callback = TrackingCallback(memory_run)
    callback.on_train_begin(Arguments(max_steps=7), state(first=False), None)
    callback.on_log(Arguments(), state(first=False), None, logs={"reward": 0.5})
    assert memory_run.steps == memory_run.configs == []


def test_the_summary_at_the_end_is_not_a_step(memory_run):
    summary = {"train_runtime": 3.0, "train_loss": 0.1}
    TrackingCallback(memory_run).on_log(Arguments(), state(), None, logs=summary)
    assert memory_run.steps == []
    assert memory_run.configs == [{"trainer_summary": summary}]


EVALUATED = {"eval_loss": 0.1, "eval_reward": 0.5, "eval_runtime": 2.0, "epoch": 1.0}


def told(callback, logs, step):
    callback.on_log(Arguments(), state(step), None, logs=logs)


def test_an_evaluation_is_not_a_step_and_only_the_last_is_a_score(memory_run):
    callback = TrackingCallback(memory_run)
    callback.on_train_begin(Arguments(), state(0), None)
    for step, reward in ((2, 0.5), (4, 0.7)):
        told(callback, {**EVALUATED, "eval_reward": reward}, step)
    assert memory_run.steps == memory_run.evals == []
    assert [c["trainer_eval"]["eval_reward"] for c in memory_run.configs[1:]] == [0.5, 0.7]
    callback.on_train_end(Arguments(), state(4), None)
    ((name, score, meta),) = memory_run.evals
    assert (name, score) == ("eval_reward", 0.7)
    assert meta == {"eval_loss": 0.1, "eval_runtime": 2.0, "epoch": 1.0, "step": 4}


def test_an_evaluation_outside_of_training_is_a_score_at_once(memory_run):
    callback = TrackingCallback(memory_run)
    told(callback, {"test_loss": 0.3, "test_runtime": 2.0}, 0)
    callback.on_train_begin(Arguments(), state(0), None)
    callback.on_train_end(Arguments(), state(4), None)
    told(callback, EVALUATED, 4)
    assert [(name, score) for name, score, _ in memory_run.evals] == [
        ("test_loss", 0.3),
        ("eval_reward", 0.5),
    ]


def test_sets_that_are_evaluated_side_by_side_are_kept_apart(memory_run):
    callback = TrackingCallback(memory_run)
    callback.on_train_begin(Arguments(), state(0), None)
    for name, reward in (("eval_math", 0.5), ("eval_code", 0.7)):
        told(callback, {f"{name}_loss": 0.1, f"{name}_runtime": 2.0, "eval_reward": reward}, 4)
    callback.on_train_end(Arguments(), state(4), None)
    assert [(name, score) for name, score, _ in memory_run.evals] == [
        ("eval_math_reward", 0.5),
        ("eval_code_reward", 0.7),
    ]
    assert {"trainer_eval_math", "trainer_eval_code"} < {k for c in memory_run.configs for k in c}


def test_an_evaluation_without_a_score_is_kept_as_it_is(memory_run):
    told(TrackingCallback(memory_run), {"eval_bleu": 0.3, "epoch": 1.0}, 4)
    assert memory_run.evals == memory_run.steps == []
    assert memory_run.configs == [{"trainer_eval": {"eval_bleu": 0.3, "epoch": 1.0, "step": 4}}]


@pytest.mark.parametrize("logs", [{"loss": 1.0, "eval_loss": 1.0}, {"epoch": 1.0}])
def test_what_is_not_only_an_evaluation_is_a_step(memory_run, logs):
    told(TrackingCallback(memory_run), logs, 3)
    assert memory_run.steps == [{**logs, "step": 3}]


def test_a_step_with_the_speed_so_far_is_a_step(memory_run):
    logs = {"loss": 1.0, "num_input_tokens_seen": 64, "train_runtime": 1.0}
    told(TrackingCallback(memory_run), logs, 3)
    assert memory_run.steps == [{**logs, "step": 3}]
    assert memory_run.configs == []


def test_arguments_that_differ_from_their_defaults_are_recorded(memory_run):
    args = Arguments(output_dir="/home/ada", hub_token="secret", learning_rate=0.1, tags={"a": 1})
    TrackingCallback(memory_run).on_train_begin(args, state(), None)
    told = memory_run.configs[0]
    assert told.pop("framework") == framework_of(args)
    assert told == {"learning_rate": 0.1, "tags": {"a": 1}}
    assert told_arguments(Arguments()) == {}


def test_the_framework_is_the_package_of_the_arguments():
    import transformers

    class Mine(transformers.TrainingArguments):
        pass

    expected = f"transformers {transformers.__version__}"
    assert framework_of(transformers.TrainingArguments(output_dir="out")) == expected
    assert framework_of(Mine(output_dir="out")) == Mine.__module__.partition(".")[0]


def test_a_run_without_config_is_enough():
    class Small:
        steps: list = []  # noqa: RUF012

        def log_step(self, metrics):
            self.steps.append(metrics)

        def log_trajectory(self, trajectory):
            raise AssertionError("not called")

    callback = TrackingCallback(Small())
    callback.on_train_begin(Arguments(max_steps=7), state(), None)
    callback.on_log(Arguments(), state(), None, logs={"train_runtime": 1.0})
    callback.on_log(Arguments(), state(), None, logs=EVALUATED)
    callback.on_log(Arguments(), state(), None, logs={"loss": 1.0})
    assert Small.steps == [{"loss": 1.0, "step": 3}]


def test_faults_of_the_run_do_not_reach_the_trainer(failing_run, caplog):
    callback = TrackingCallback(failing_run)
    with caplog.at_level(logging.WARNING, logger="provenir"):
        callback.on_train_begin(Arguments(max_steps=7), state(), None)
        for step in range(3):
            callback.on_log(Arguments(), state(step), None, logs={"reward": 1.0})
        callback.on_train_end(Arguments(), state(3), None)
    assert failing_run.calls == 4
    assert len(caplog.records) == 2


def test_empty_logs_are_no_step(memory_run):
    callback = TrackingCallback(memory_run)
    callback.on_log(Arguments(), state(), None, logs=None)
    callback.on_log(Arguments(), state(), None, logs={})
    assert memory_run.steps == []


def test_what_is_not_a_run_is_refused():
    with pytest.raises(UsageError, match="is not a run"):
        TrackingCallback({"log_step": print})


@pytest.fixture(scope="module")
def grpo(tmp_path_factory):
    """Train a very small model for three steps with TRL; return it as a function of a run."""
    pytest.importorskip("trl", reason="needs the extra train")
    from provenir.flows.demo_settings import DemoSettings
    from provenir.flows.grpo import train_grpo
    from provenir.flows.quiet import quiet_libraries, stay_offline
    from provenir.flows.tiny_model import build

    stay_offline()
    problems = [{"prompt": f"{a} plus {b} is", "answer": str(a + b)} for a in "123" for b in "456"]
    problems = [{**p, "answer": p["answer"][0]} for p in problems]
    settings = DemoSettings(
        steps=3, prompts_per_step=2, group_size=4, hidden_size=16, layers=1, vocabulary=60
    )
    base = tmp_path_factory.mktemp("base")

    def train(*, reward, callbacks):
        with quiet_libraries():
            tiny = build(problems, settings)
            tiny.save(base)
            return train_grpo(
                base, tiny, problems, problems[:2], settings, reward=reward, callbacks=callbacks
            )

    return train


def half(prompts, completions, answer, **columns):
    return [float(len(c) > len(a)) for c, a in zip(completions, answer, strict=True)]


def test_trl_feeds_steps_and_trajectories(grpo, memory_run):
    _, outcome = grpo(
        reward=tracked_reward(memory_run, half, num_generations=4),
        callbacks=[TrackingCallback(memory_run)],
    )
    assert [step["step"] for step in memory_run.steps] == [1, 2, 3]
    assert [step["reward"] for step in memory_run.steps] == list(outcome.rewards)
    for step in memory_run.steps:
        assert {"kl", "entropy", "grad_norm", "advantage_std", "rewards/half/mean"} <= step.keys()
    assert len(memory_run.trajectories) == 3 * 8
    assert {t["step"] for t in memory_run.trajectories} == {1, 2, 3}
    by_step = {
        s: [t["reward"] for t in memory_run.trajectories if t["step"] == s] for s in (1, 2, 3)
    }
    means = [sum(rewards) / len(rewards) for rewards in by_step.values()]
    assert means == pytest.approx(list(outcome.rewards))
    config = {name: value for told in memory_run.configs for name, value in told.items()}
    assert config["max_steps"] == 3
    assert "output_dir" not in config
    assert "train_runtime" in config["trainer_summary"]


def test_trl_awaits_a_tracked_async_reward_and_survives_a_failing_run(grpo, failing_run):
    async def judged(prompts, completions, **columns):
        return [None if not c else 0.5 for c in completions]

    _, outcome = grpo(
        reward=tracked_reward(failing_run, judged), callbacks=[TrackingCallback(failing_run)]
    )
    assert outcome.rewards == pytest.approx([0.5] * 3)
    assert failing_run.calls > 3


def test_a_real_grpo_run_is_halted_with_a_snapshot(grpo, tmp_path):
    import provenir

    def broken(prompts, completions, trainer_state, log_metric, **columns):
        log_metric("kl_mismatch", 1e6 if trainer_state.global_step == 1 else 0.01)
        return [float(len(c)) for c in completions]

    with provenir.track("run", output_dir=tmp_path / "run") as run:
        _, outcome = grpo(reward=broken, callbacks=[TrackingCallback(run, halt_on="kl_mismatch")])
    assert len(outcome.rewards) == run.flight_recorder.num_steps == 2
    assert run.status == "interrupted"
    assert "kl_mismatch" in run.stop_reason
