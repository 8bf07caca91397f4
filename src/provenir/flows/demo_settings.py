"""What the demo trains and for how long."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from provenir.core.errors import UsageError

__all__ = ["DemoSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSettings:
    """Every number of the demo; the defaults are the ones whose results the guide publishes.

    Attributes:
        seed: of the model's first weights, the order of the data and the sampling.
        steps: GRPO steps.
        learning_rate: of GRPO, constant; 0 is the control that must not learn.
        prompts_per_step: problems in one step.
        group_size: completions sampled for each problem.
        max_completion_tokens: a completion is cut there.
        beta: weight of the KL term against the warmed-up model.
        hidden_size: width of the model; a multiple of 8.
        layers: its depth.
        vocabulary: entries of the tokenizer that is made on the spot.
        initial_spread: standard deviation of the first weights. Wider than usual, for a model
            this narrow learns slowly from 0.02.
        warm_up_until: share of the answers of the last ten batches that the warm-up must get
            right (greedily, on the batch about to be learnt) before it stops.
        warm_up_batches: it stops there in any case.
        warm_up_batch_size: problems in one batch of the warm-up.
        warm_up_learning_rate: of its AdamW.
    """

    seed: int = 0
    steps: int = 120
    learning_rate: float = 1e-3
    prompts_per_step: int = 12
    group_size: int = 8
    max_completion_tokens: int = 4
    beta: float = 0.005
    hidden_size: int = 64
    layers: int = 2
    vocabulary: int = 280
    initial_spread: float = 0.035
    warm_up_until: float = 0.6
    warm_up_batches: int = 600
    warm_up_batch_size: int = 32
    warm_up_learning_rate: float = 3e-3

    def __post_init__(self) -> None:
        """Check the ranges that a wrong value would turn into a confusing fault later.

        Raises:
            UsageError: a value is out of its range.
        """
        for name in ("steps", "prompts_per_step", "layers", "warm_up_batches"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}", mend="give 1 or more")
        if self.group_size < 2:
            raise UsageError(
                f"group_size is {self.group_size}",
                mend="give 2 or more: completions of one problem are compared with each other",
            )
        if self.hidden_size % 8:
            raise UsageError(f"hidden_size is {self.hidden_size}", mend="give a multiple of 8")
        if self.learning_rate < 0:
            raise UsageError(f"learning_rate is {self.learning_rate}", mend="give 0 or more")
        if not 0 <= self.seed < 2**32:
            raise UsageError(f"seed is {self.seed}", mend="give a whole number from 0 to 2**32 - 1")

    @property
    def completions_per_step(self) -> int:
        """Completions sampled and scored in one step."""
        return self.prompts_per_step * self.group_size

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the run's configuration."""
        return asdict(self)
