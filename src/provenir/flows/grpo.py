"""The training half of the demo: warm-up, then TRL's `GRPOTrainer` over the word problems.

The loop is TRL's; what is ours is the reward (the answer, exactly) and the numbers it is run with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from provenir.core.extras import require
from provenir.flows.tiny_model import Problem, TinyModel, answer_probability, greedy_accuracy

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.flows.demo_settings import DemoSettings

__all__ = ["GrpoOutcome", "exact_answer", "train_grpo"]

Reward = Callable[..., Any]
Tick = Callable[[int, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpoOutcome:
    """What the GRPO steps did.

    Attributes:
        rewards: mean reward of each step's completions, in order.
        eval_before: greedy accuracy on the evaluation problems before the first step.
        eval_after: the same after the last one.
        probability_before: mean probability of the answer on them before the first step.
        probability_after: the same after the last one.
        eval_n: how many evaluation problems there are.
    """

    rewards: tuple[float, ...]
    eval_before: float
    eval_after: float
    probability_before: float
    probability_after: float
    eval_n: int


def exact_answer(
    prompts: Sequence[str], completions: Sequence[str], answer: Sequence[str], **columns: Any
) -> list[float]:
    """One where a completion is the answer and nothing else, zero where it is not."""
    del prompts, columns
    return [
        float(written.strip() == wanted)
        for written, wanted in zip(completions, answer, strict=True)
    ]


def train_grpo(
    base: Path,
    tiny: TinyModel,
    problems: Sequence[Problem],
    evaluation: Sequence[Problem],
    settings: DemoSettings,
    *,
    reward: Reward = exact_answer,
    callbacks: Sequence[Any] = (),
    tick: Tick | None = None,
) -> tuple[TinyModel, GrpoOutcome]:
    """Run GRPO from the model saved in `base`; it is loaded from there, and so is the reference.

    Args:
        base: the warmed-up model's folder; TRL's own output goes into its subfolder `trl`.
        tiny: the model that was saved there, for its kind and its tokenizer.
        problems: training problems, with `prompt` and `answer`.
        evaluation: problems to be scored before and after.
        settings: the numbers.
        reward: what TRL calls with prompts, completions and the column `answer`.
        callbacks: trainer callbacks.
        tick: called after each step with its number and its mean reward.

    Returns:
        The trained model, and what happened.

    Raises:
        MissingExtraError: TRL is not installed.
    """
    trl: Any = require("train", "trl")
    datasets: Any = require("train", "datasets")
    trained = tiny.load_from(base)
    listener = _RewardListener(tick)
    before = _score(trained, evaluation, settings)
    trainer = trl.GRPOTrainer(
        model=trained.model,
        args=_arguments(trl, base / "trl", settings),
        reward_funcs=[reward],
        train_dataset=datasets.Dataset.from_list([dict(p) for p in problems]),
        processing_class=trained.tokenizer,
        callbacks=[*callbacks, listener.callback()],
    )
    trainer.remove_callback(require("train", "transformers").PrinterCallback)
    trainer.train()
    after = _score(trained, evaluation, settings)
    outcome = GrpoOutcome(
        rewards=tuple(listener.rewards),
        eval_before=before[0],
        eval_after=after[0],
        probability_before=before[1],
        probability_after=after[1],
        eval_n=len(evaluation),
    )
    return trained, outcome


def _score(
    tiny: TinyModel, problems: Sequence[Problem], settings: DemoSettings
) -> tuple[float, float]:
    """Greedy accuracy and mean probability of the answer."""
    accuracy = greedy_accuracy(tiny, problems, settings.max_completion_tokens)
    return accuracy, answer_probability(tiny, problems)


def _arguments(trl: Any, folder: Path, settings: DemoSettings) -> Any:
    return trl.GRPOConfig(
        output_dir=str(folder),
        seed=settings.seed,
        max_steps=settings.steps,
        per_device_train_batch_size=settings.completions_per_step,
        num_generations=settings.group_size,
        max_completion_length=settings.max_completion_tokens,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="constant",
        beta=settings.beta,
        temperature=1.0,
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        disable_tqdm=True,
        log_completions=False,
    )


class _RewardListener:
    """Keeps each step's mean reward and passes it on."""

    def __init__(self, tick: Tick | None) -> None:
        self.rewards: list[float] = []
        self._tick = tick

    def heard(self, logs: dict[str, Any], step: int) -> None:
        if (reward := logs.get("reward")) is not None:
            self.rewards.append(float(reward))
            if self._tick is not None:
                self._tick(step, self.rewards[-1])

    def callback(self) -> Any:
        base: Any = require("train", "transformers").TrainerCallback
        heard = self.heard

        class Listening(base):  # type: ignore[misc]
            def on_log(
                self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any
            ) -> None:
                del args, control, kwargs
                heard(logs or {}, state.global_step)

        return Listening()
