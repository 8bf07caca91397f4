"""The callback that lets a `transformers` trainer, and so TRL, feed a tracked run by itself."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from typing import TYPE_CHECKING, Any, Final

from provenir.core.extras import require
from provenir.observability.evaluations import (
    SUMMARY_MARK,
    evaluated_set,
    is_evaluation,
    score_of,
)
from provenir.train.halting import TrainerHalt, is_step_log
from provenir.train.listening import Listener, Teller, check_listener, halt_when
from provenir.train.reward import tracked_reward

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TrackingCallback", "tracked_reward"]

_TrainerCallback: Any = require("train", "transformers").TrainerCallback

UNTOLD_ARGUMENTS: Final = frozenset(
    {"output_dir", "logging_dir", "run_name", "hub_token", "push_to_hub_token", "hub_model_id"}
)
"""Arguments that say where a person works or are secret, not how the model was trained."""


class TrackingCallback(_TrainerCallback):  # type: ignore[misc]
    """Forwards what a trainer logs to a run.

    On the world's first process, every `on_log` becomes `run.log_step` with the trainer's global
    step; `on_train_begin` records the arguments that differ from their defaults, where the run has
    `log_config`. It changes nothing in the trainer, and no fault of the run reaches it.

    An evaluation is no step. All that is logged of it goes to `log_config` as it happens, one entry
    for each evaluated set, the newest in place of the one before. The last of a training, and each
    that is made outside of one, becomes one `record_eval` a set, where the run has that.

        with provenir.track("my-run", dataset=rows) as run:
            GRPOTrainer(…, callbacks=[TrackingCallback(run)],
                        reward_funcs=[tracked_reward(run, my_reward)]).train()

    Where the run was told when to halt, here or by `track(halt_on=…)`, the trainer is stopped
    before its next update once `run.should_stop` is true, and saves a snapshot first. Else it never
    is. The first process decides for all; each of them has to be given the same `halt_on`.

    Args:
        run: An open `provenir.Run`, or anything with its `log_step` and `log_trajectory`.
        halt_on: What to halt for, as in `track`; added to what the run halts for already.

    Raises:
        UsageError: `run` cannot record, or cannot halt for `halt_on`.
        MissingExtraError: at import, when transformers is not installed.
    """

    def __init__(self, run: Listener, halt_on: Any = None) -> None:
        check_listener(run)
        if halt_on is not None:
            halt_when(run, halt_on)
        self._run = run
        self._halt = TrainerHalt(run)
        self._teller = Teller()
        self._trains = False
        self._evaluated: dict[str, dict[str, Any]] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Record the trainer's arguments that differ from their defaults."""
        del control, kwargs
        self._trains = True
        if _is_first(state):
            self._teller.tell(
                "on_train_begin",
                lambda: self._log_config({**told_arguments(args), "framework": framework_of(args)}),
            )

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Record the scores of the last evaluation."""
        del args, state, control, kwargs
        self._trains = False
        self._teller.tell("on_train_end", self._record_scores)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Forward one log entry, all keys, with the step that the trainer counts."""
        is_first = _is_first(state)
        if is_first and logs:
            self._teller.tell("on_log", lambda: self._forward(logs, state))
        if logs and is_step_log(logs):
            self._consult(args, control, kwargs.get("model"), is_first=is_first)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Stop for what was seen of the rollouts of this step."""
        self._consult(args, control, kwargs.get("model"), is_first=_is_first(state))

    def _consult(self, args: Any, control: Any, model: Any, *, is_first: bool) -> None:
        self._teller.tell(
            "halting", lambda: self._halt.consult(args, control, model, is_first=is_first)
        )

    def _forward(self, logs: Mapping[str, Any], state: Any) -> None:
        if SUMMARY_MARK in logs and "loss" not in logs:
            self._log_config({"trainer_summary": dict(logs)})
        elif is_evaluation(logs):
            told = {**logs, "step": state.global_step}
            evaluated = evaluated_set(logs)
            self._evaluated[evaluated] = told
            self._log_config({f"trainer_{evaluated}": told})
            if not self._trains:
                self._record_scores()
        else:
            self._run.log_step({**logs, "step": state.global_step})

    def _log_config(self, values: dict[str, Any]) -> None:
        log_config = getattr(self._run, "log_config", None)
        if callable(log_config):
            log_config(values)

    def _record_scores(self) -> None:
        """Hand on what was evaluated since the last time; recording each would flood the BOM."""
        evaluated, self._evaluated = self._evaluated, {}
        record_eval = getattr(self._run, "record_eval", None)
        if not callable(record_eval):
            return
        for name, told in evaluated.items():
            found = score_of(name, told)
            if found is not None:
                benchmark, score, others = found
                record_eval(benchmark, score, **others)


def told_arguments(args: Any) -> dict[str, Any]:
    """The trainer's arguments that differ from their defaults, without paths and secrets.

    Args:
        args: A `TrainingArguments` dataclass.

    Returns:
        Name to value, sorted by name; the values are as the trainer holds them.
    """
    told: dict[str, Any] = {}
    for field in sorted(dataclasses.fields(args), key=lambda field: field.name):
        value = getattr(args, field.name, None)
        if field.name in UNTOLD_ARGUMENTS or value is None or _is_default(field, value):
            continue
        told[field.name] = value
    return told


def framework_of(args: object) -> str:
    """The package that a trainer's arguments come from, with its version: `trl 1.16.0`."""
    package = type(args).__module__.partition(".")[0]
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return package


def _is_default(field: dataclasses.Field[Any], value: object) -> bool:
    if field.default is not dataclasses.MISSING:
        return bool(value == field.default)
    if field.default_factory is not dataclasses.MISSING:
        return bool(value == field.default_factory())
    return False


def _is_first(state: Any) -> bool:
    return bool(getattr(state, "is_world_process_zero", True))
