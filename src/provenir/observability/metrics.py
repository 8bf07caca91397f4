"""One training step's health signals: `RLStepMetrics`, and how to get there from any dict.

Missing is None and never 0: a framework that does not log a quantity must not look as if it had
measured zero. A value that is not finite stands in `nonfinite` under its channel, one that is no
number in `unreadable`; the channel itself is then None. Nothing in this module raises on what a
training loop hands over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, NamedTuple

from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.core.plain import scalar
from provenir.observability.metric_names import SEEN, STEP, lookup

_MAX_NAME: Final = 256
_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class RLStepMetrics:
    """The signals of one step; every channel is a finite float or None when it was not measured.

    Values may be given as Python, NumPy or torch scalars. Units: KL and entropy in nats per token
    (as far as the framework averages that way), lengths in tokens, fractions from 0 to 1.

    Attributes:
        step: The trainer's step number, None to let the recorder count.
        kl: KL against the reference model; `kl_ref` is the same.
        kl_old: KL against the actor that made the rollouts.
        kl_mismatch: KL of the trainer against the inference engine.
        advantage_std: Spread of the advantages over the whole batch.
        zero_advantage_fraction: Share of groups whose rewards are all equal.
        nan_count: How many values the trainer itself found not to be finite.
        extra: Names without a channel, as they came.
        nonfinite: Channel → ``nan``, ``inf`` or ``-inf``.
        unreadable: Channel → the type of a value that is no number.
    """

    step: int | None = None
    kl: float | None = None
    kl_old: float | None = None
    kl_mismatch: float | None = None
    logprob_mismatch: float | None = None
    entropy: float | None = None
    reward_mean: float | None = None
    reward_std: float | None = None
    reward_min: float | None = None
    reward_max: float | None = None
    true_reward_mean: float | None = None
    advantage_mean: float | None = None
    advantage_std: float | None = None
    advantage_min: float | None = None
    advantage_max: float | None = None
    advantage_abs_mean: float | None = None
    zero_advantage_fraction: float | None = None
    solved_fraction: float | None = None
    unsolved_fraction: float | None = None
    response_length_mean: float | None = None
    response_length_min: float | None = None
    response_length_max: float | None = None
    truncated_fraction: float | None = None
    clip_fraction: float | None = None
    importance_ratio_mean: float | None = None
    importance_ratio_min: float | None = None
    importance_ratio_max: float | None = None
    grad_norm: float | None = None
    learning_rate: float | None = None
    loss: float | None = None
    policy_loss: float | None = None
    value_loss: float | None = None
    nan_count: float | None = None
    chosen_reward: float | None = None
    rejected_reward: float | None = None
    reward_margin: float | None = None
    preference_accuracy: float | None = None
    chosen_logp: float | None = None
    rejected_logp: float | None = None
    token_accuracy: float | None = None
    epoch: float | None = None
    num_tokens: float | None = None
    step_time: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    nonfinite: Mapping[str, str] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Bring every channel to a finite float or None and note what could not be."""
        given = {name: value for name in CHANNELS if (value := getattr(self, name)) is not None}
        reading = read_channels(given)
        for name in given:
            object.__setattr__(self, name, reading.values.get(name))
        object.__setattr__(self, "step", step_number(self.step))
        object.__setattr__(self, "extra", _mapping(self.extra))
        nonfinite = {**_mapping(self.nonfinite), **reading.nonfinite}
        object.__setattr__(self, "nonfinite", nonfinite)
        unreadable = {**_mapping(self.unreadable), **reading.unreadable}
        object.__setattr__(self, "unreadable", unreadable)

    @property
    def kl_ref(self) -> float | None:
        """KL against the reference model, by the name that sets it apart from the other two."""
        return self.kl

    def channels(self) -> dict[str, float]:
        """Return the channels that were measured, in the order of the class."""
        return {name: value for name in CHANNELS if (value := getattr(self, name)) is not None}

    def to_dict(self) -> dict[str, Any]:
        """Return one flat mapping: step, channels, extra; non-finite values as floats again."""
        flat: dict[str, Any] = {} if self.step is None else {STEP: self.step}
        flat.update(self.channels())
        flat.update((name, _SPELLED.get(text, math.nan)) for name, text in self.nonfinite.items())
        return {**self.extra, **flat}


CHANNELS: Final[tuple[str, ...]] = tuple(
    f.name
    for f in fields(RLStepMetrics)
    if f.name not in (STEP, "extra", "nonfinite", "unreadable")
)
"""Every channel that a step can carry."""

_SPELLED: Final = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class Reading(NamedTuple):
    """What was read from one step: values by channel, and what could not be read as a number."""

    step: int | None
    values: dict[str, float]
    nonfinite: Mapping[str, str]
    unreadable: Mapping[str, str]


def read_step(source: object, extra: dict[str, Any] | None = None) -> Reading:
    """Read the channels out of an `RLStepMetrics` or a framework's dict; never raises.

    Args:
        source: The metrics; anything else than these two reads as an empty step.
        extra: Receives the entries of a dict that lead to no channel, where given.
    """
    try:
        if isinstance(source, RLStepMetrics):
            return Reading(source.step, source.channels(), source.nonfinite, source.unreadable)
        if extra is None and type(source) is dict and (quick := _read_plain(source)):
            return quick
        items = source.items()  # type: ignore[attr-defined]
        named, step = _by_channel(items, extra)
    except Exception as fault:  # noqa: BLE001 - a user's mapping may fail in any way
        return Reading(None, {}, _NOTHING, {"step": f"unreadable ({_type_name(fault)})"})
    return read_channels(named)._replace(step=step_number(step))


def read_channels(named: Mapping[str, Any]) -> Reading:
    """Sort values by channel into finite, not finite and unreadable; None is left out."""
    values: dict[str, float] = {}
    nonfinite: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    for channel, value in named.items():
        number = value if type(value) is float else scalar(value)
        if number is None:
            unreadable[channel] = _type_name(value)
        elif number - number == 0.0:
            values[channel] = number
        else:
            nonfinite[channel] = spelled(number)
    return Reading(None, values, nonfinite, unreadable)


def map_metrics(raw: Mapping[str, Any]) -> RLStepMetrics:
    """Map a framework's dict of metrics to channels.

    Names are looked up in `provenir.observability.metric_names`; names without a channel are kept
    in `extra`. Never raises: what cannot be read is named in `unreadable`.
    """
    extra: dict[str, Any] = {}
    reading = read_step(raw, extra)
    return RLStepMetrics(
        step=reading.step,
        extra=extra,
        nonfinite=reading.nonfinite,
        unreadable=reading.unreadable,
        **reading.values,
    )


def step_number(value: object) -> int | None:
    """Return a step number that JSON can carry exactly, or None for anything else."""
    if type(value) is not int:
        if value is None or type(value) is bool:
            return None
        number = scalar(value)
        if number is None or not number.is_integer() or abs(number) > MAX_SAFE_INTEGER:
            return None
        return int(number)
    return value if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER else None


def spelled(number: float) -> str:
    """Spell a float that is not finite."""
    return "nan" if number != number else ("inf" if number > 0 else "-inf")


def _read_plain(source: dict[Any, Any]) -> Reading | None:
    """Read the usual step, finite floats under distinct known names; None for any other."""
    values: dict[str, float] = {}
    step: int | None = None
    for key, value in source.items():
        target = SEEN.get(key) if type(key) is str else None
        if target is None or (channel := target[0]) is None or channel in values:
            return None
        if type(value) is float and value - value == 0.0 and channel != STEP:
            values[channel] = value
        elif type(value) is int and channel == STEP and step is None:
            step = step_number(value)
        else:
            return None
    return Reading(step, values, _NOTHING, _NOTHING)


def _by_channel(items: Any, extra: dict[str, Any] | None) -> tuple[dict[str, Any], object]:
    picked: dict[str, Any] = {}
    ranks: dict[str, tuple[int, str]] = {}
    for key, value in items:
        name = key if type(key) is str else _name(key)
        target = lookup(name)
        channel = None if target is None else target.channel
        if target is None or channel is None:
            if extra is not None:
                extra[name] = value
        elif value is not None:
            rank = (target.rank, name)
            if channel not in ranks or rank <= ranks[channel]:
                ranks[channel] = rank
                picked[channel] = value
    return picked, picked.pop(STEP, None)


def _name(key: object) -> str:
    try:
        return str(key)[:_MAX_NAME]
    except Exception:  # noqa: BLE001 - a key's own __str__ may fail
        return f"<{_type_name(key)}>"


def _type_name(value: object) -> str:
    try:
        return str(type(value).__name__)[:_MAX_NAME]
    except Exception:  # noqa: BLE001 - a metaclass may refuse even that
        return "?"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else _NOTHING
