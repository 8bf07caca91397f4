"""A wrapper around a reward function: every completion it scores reaches the run.

TRL calls a reward function with `prompts`, `completions` and the dataset's columns, and expects one
float or None per completion. The wrapper is transparent: same arguments, same result, same name
(TRL names its metrics by it), async where the function is async.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from provenir.core.errors import UsageError
from provenir.observability.hacking.rollout import EVALUATION
from provenir.train.listening import Listener, Teller, check_listener

__all__ = ["group_starts", "normalised_advantages", "plain_text", "tracked_reward"]

STD_FLOOR: Final = 1e-4
"""Added to a group's standard deviation before dividing by it, as TRL's `GRPOTrainer` does."""


def tracked_reward(
    run: Listener,
    func: Callable[..., Any],
    name: str | None = None,
    *,
    num_generations: int | None = None,
) -> Callable[..., Any]:
    """Wrap a reward function so that the run sees every completion with its reward.

    Each completion becomes one `run.log_trajectory` with `prompt`, `response`, `reward`,
    `group_id`, `place` (its number within the group), `reward_function` and, where the trainer
    tells it, `step`. Where the trainer hands over `log_metric` (TRL does), the standard deviation
    of the group-normalised advantages is logged through it as `advantage_std`: TRL itself logs
    none. Without `log_metric` the groups still reach the hacking report. Wrap the reward that is
    trained on; of several wrapped functions each logs its own trajectories, and none of them an
    `advantage_std`, because the trainer takes advantages of their weighted sum.

    While the trainer evaluates, the trajectories carry the `phase` `eval` and the step after which
    it does. That is seen from the trainer whose method `log_metric` is; without it nobody can tell,
    and every completion counts as trained on.

    Args:
        run: An open `provenir.Run`, or anything with its `log_step` and `log_trajectory`.
        func: The reward function: sync or async, a function, a partial or a callable object.
        name: Its name in the trainer's metrics; by default the name it has.
        num_generations: Completions per group in training. By default, and in an evaluation, a
            group is a run of equal prompts, which joins two groups where the same prompt was drawn
            twice in a row.

    Raises:
        UsageError: `run` cannot record, or `func` cannot be called.
    """
    check_listener(run)
    if not callable(func):
        raise UsageError(
            f"a reward function is called, and {type(func).__name__} cannot be",
            mend="give a function f(prompts, completions, **columns) -> list of floats",
        )
    if num_generations is not None and num_generations < 1:
        raise UsageError(f"num_generations must be 1 or more, got {num_generations}")
    named = name or _name_of(func)
    recorder = _RewardRecorder(run, named, num_generations)
    if _is_async(func):

        async def scored_async(*args: Any, **kwargs: Any) -> Any:
            return recorder.record(args, kwargs, await func(*args, **kwargs))

        return _dressed(scored_async, func, named)

    def scored(*args: Any, **kwargs: Any) -> Any:
        return recorder.record(args, kwargs, func(*args, **kwargs))

    return _dressed(scored, func, named)


class _RewardRecorder:
    """Writes down what one reward function returned; the result itself goes through untouched."""

    def __init__(self, run: Listener, name: str, num_generations: int | None) -> None:
        self.run = run
        self.name = name
        self.num_generations = num_generations
        self.calls = 0
        self.teller = Teller()
        self._weights: Any = None
        self._weight = 1.0

    def record(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], rewards: Any) -> Any:
        """Record one call and return `rewards`; a one-shot iterator comes back as a list."""
        if isinstance(rewards, Iterator):
            rewards = list(rewards)
        self.calls += 1
        self.teller.tell(
            f"the record of reward {self.name}", lambda: self._write(args, kwargs, rewards)
        )
        return rewards

    def _write(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], rewards: Any) -> None:
        prompts = kwargs.get("prompts", args[0] if args else None)
        completions = kwargs.get("completions", args[1] if len(args) > 1 else None)
        if prompts is None or completions is None:
            raise UsageError("a reward function was called without prompts and completions")
        values = [None if r is None else float(r) for r in rewards]
        log_metric = kwargs.get("log_metric")
        trainer = getattr(log_metric, "__self__", None)
        evaluates = _evaluates(trainer)
        starts = group_starts(prompts, None if evaluates else self.num_generations)
        same: dict[str, Any] = {"reward_function": self.name}
        if evaluates:
            same["phase"] = EVALUATION
        step = _step_of(kwargs.get("trainer_state"), evaluates=evaluates)
        if step is not None:
            same["step"] = step
        self._trajectories(prompts, completions, values, starts, same)
        weight = None if evaluates else self._weight_of_only(trainer)
        if not callable(log_metric) or weight is None:
            return
        trained = [None if value is None else weight * value for value in values]
        spread = _spread(normalised_advantages(trained, starts))
        if spread is not None:
            log_metric("advantage_std", spread)

    def _weight_of_only(self, trainer: Any) -> float | None:
        """The weight of a trainer's only reward function; None where it has several.

        A trainer that does not say which functions it has is taken to have the one. Reading a
        tensor takes longer than all else that is asked here, so it is read once.
        """
        functions = getattr(trainer, "reward_funcs", None)
        if functions is not None and len(functions) != 1:
            return None
        weights = getattr(trainer, "reward_weights", None)
        if weights is not self._weights:
            self._weights, self._weight = weights, 1.0 if weights is None else float(weights[0])
        return self._weight

    def _trajectories(
        self,
        prompts: Sequence[Any],
        completions: Sequence[Any],
        rewards: Sequence[float | None],
        starts: Sequence[int],
        same: Mapping[str, Any],
    ) -> None:
        if not len(prompts) == len(completions) == len(rewards):
            raise UsageError(
                f"a reward function was called with {len(prompts)} prompts and {len(completions)}"
                f" completions and returned {len(rewards)} rewards"
            )
        rollouts: list[dict[str, Any]] = []
        for group, (first, end) in enumerate(pairwise([*starts, len(rewards)])):
            group_id = f"{self.name}/{self.calls}/{group}"
            rollouts += [
                {
                    "prompt": plain_text(prompts[i]),
                    "response": plain_text(completions[i]),
                    "reward": rewards[i],
                    "group_id": group_id,
                    "place": i - first,
                    **same,
                }
                for i in range(first, end)
            ]
        together = getattr(self.run, "log_trajectories", None)
        if callable(together):
            together(rollouts)
            return
        for told in rollouts:
            self.run.log_trajectory(told)


def group_starts(prompts: Sequence[Any], num_generations: int | None = None) -> list[int]:
    """Indices at which a group of completions begins.

    Args:
        prompts: One prompt per completion, the completions of a group next to each other.
        num_generations: Group size; None takes a run of equal prompts as a group.
    """
    if num_generations is not None:
        return list(range(0, len(prompts), num_generations))
    return [i for i, prompt in enumerate(prompts) if i == 0 or prompt != prompts[i - 1]]


def normalised_advantages(
    rewards: Sequence[float | None], starts: Sequence[int]
) -> list[float | None]:
    """Advantages as GRPO takes them: reward minus group mean, over group standard deviation.

    Shao et al., "DeepSeekMath" (arXiv:2402.03300), section 4.1.2, with the sample standard
    deviation and the floor of TRL. A completion without a reward has no advantage and takes no
    part in its group's statistics.

    Args:
        rewards: One per completion; None or NaN where it was not scored.
        starts: Where each group begins, ascending, the first at 0.
    """
    advantages: list[float | None] = []
    for start, end in pairwise([*starts, len(rewards)]):
        group = rewards[start:end]
        scored = [r for r in group if r is not None and math.isfinite(r)]
        mean = math.fsum(scored) / len(scored) if scored else 0.0
        around = math.fsum([(r - mean) ** 2 for r in scored])
        scale = math.sqrt(around / (len(scored) - 1)) + STD_FLOOR if len(scored) > 1 else 1.0
        if len(scored) == len(group):
            advantages += [(r - mean) / scale for r in scored]
            continue
        advantages += [
            (r - mean) / scale if r is not None and math.isfinite(r) else None for r in group
        ]
    return advantages


def plain_text(value: Any) -> str:
    """A prompt or completion as text: a conversation is its messages, one after another.

    Args:
        value: Text, or a list of messages (`role`, `content`); content may be a list of parts of
            which those with `text` count. One message alone is its content, without a role.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return _content(value.get("content"))
    if isinstance(value, Sequence):
        if len(value) == 1:
            return plain_text(value[0])
        return "\n".join(_line(part) for part in value)
    return str(value)


def _line(message: Any) -> str:
    role = message.get("role") if isinstance(message, Mapping) else None
    return f"{role}: {plain_text(message)}" if role else plain_text(message)


def _content(content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, Sequence) and not isinstance(content, str):
        texts = (p.get("text") if isinstance(p, Mapping) else p for p in content)
        return "".join(text for text in texts if isinstance(text, str))
    return str(content)


def _spread(advantages: Sequence[float | None]) -> float | None:
    """Population standard deviation of the advantages there are; None if there is none."""
    known = [a for a in advantages if a is not None]
    if not known:
        return None
    mean = math.fsum(known) / len(known)
    return math.sqrt(math.fsum([(a - mean) ** 2 for a in known]) / len(known))


def _step_of(trainer_state: Any, *, evaluates: bool) -> int | None:
    """The step that these completions are for: the trainer counts finished ones.

    An evaluation is of the model as the last finished step left it.
    """
    done = getattr(trainer_state, "global_step", None)
    return done + (not evaluates) if isinstance(done, int) else None


def _evaluates(trainer: Any) -> bool:
    """Whether a trainer evaluates now, by TRL's own test (`GRPOTrainer.log`, 1.16)."""
    return getattr(getattr(trainer, "model", None), "training", None) is False


def _innermost(func: Any) -> Any:
    while isinstance(func, functools.partial):
        func = func.func
    return func


def _name_of(func: Any) -> str:
    inner = _innermost(func)
    return str(getattr(inner, "__name__", type(inner).__name__))


def _is_async(func: Any) -> bool:
    """Whether a call gives a coroutine; an object carries the `async` on its `__call__`."""
    inner = _innermost(func)
    return inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(
        getattr(inner, "__call__", None)  # noqa: B004 - the method itself is looked at
    )


def _dressed(
    wrapper: Callable[..., Any], func: Callable[..., Any], name: str
) -> Callable[..., Any]:
    dressed = functools.wraps(func, updated=())(wrapper)
    dressed.__name__ = name
    return dressed
