"""Evaluations in what a trainer logs: which entries are one, of which set, with which score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.observability.framework_names import EVALUATION, STEP
from provenir.observability.metric_names import channel_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BESIDE", "SUMMARY_MARK", "evaluated_set", "is_beside", "is_evaluation", "score_of"]

SUMMARY_MARK: Final = "train_runtime"
"""A key of the summary at the end of `Trainer.train`, which is no step.

A step has it too where the trainer counts tokens (`include_num_input_tokens_seen`), beside a loss
that the summary has not.
"""

SCORES: Final = ("reward", "accuracy", "loss")
"""What stands for an evaluation as its score: the first of these that it has."""

BESIDE: Final = frozenset(
    {
        *("epoch", "step", "global_step", "num_input_tokens_seen", "num_tokens"),
        *("_runtime", "_timestamp", "timestamp"),
    }
)
"""Keys that say when something was logged; they make no step of an evaluation."""

_WHEN: Final = frozenset({STEP, "epoch"})
_MARKS: Final = ("_runtime", "/runtime")


def is_evaluation(logs: Mapping[str, Any]) -> bool:
    """Whether a log entry holds nothing but an evaluation, and when it was."""
    names = [name for name, value in logs.items() if value is not None and not is_beside(name)]
    return bool(names) and all(EVALUATION.fullmatch(name) for name in names)


def is_beside(name: str) -> bool:
    """Whether a name says only when something was logged."""
    return name in BESIDE or channel_of(name) in _WHEN


def evaluated_set(logs: Mapping[str, Any]) -> str:
    """The prefix under which a trainer names the metrics of one evaluated set: `eval_math`.

    `Trainer.evaluate` adds the time that it took under that prefix.
    """
    marked = (name.removesuffix("runtime") for name in logs if name.endswith(_MARKS))
    return next((name[:-1] for name in marked if name[:-1]), "eval")


def score_of(evaluated: str, told: Mapping[str, Any]) -> tuple[str, Any, dict[str, Any]] | None:
    """What stands for an evaluation: its name, its score, and all else that was told of it.

    TRL's own metrics are named `eval_…`, whatever the evaluated set is called.

    Args:
        evaluated: The prefix of the set, as `evaluated_set` gives it.
        told: What was logged.
    """
    for score in SCORES:
        name = f"{evaluated}_{score}"
        names = (name, f"{evaluated}/{score}", f"eval_{score}")
        key = next((key for key in names if key in told), None)
        if key is not None:
            others = {other: value for other, value in told.items() if other != key}
            return name, told[key], others
    return None
