"""Reading a rollout's rewards out of whatever dict a training loop hands over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from provenir.core.coercion import well_formed
from provenir.core.digest import digest_bytes
from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.core.plain import json_line, scalar, to_plain

PROXY_KEYS: Final = ("proxy_reward", "reward")
TRUE_KEYS: Final = ("true_reward", "held_out_reward")
EVALUATION: Final = "eval"
"""The ``phase`` of a rollout that was made in an evaluation: nothing was trained on it."""

_MAX_ID: Final = 128
_DIGEST_CHARS: Final = 32
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """The numbers of one rollout.

    Attributes:
        index: Its place in the batch or run, or in what its process logged of it.
        group_id: Which rollouts share its prompt, None when it was not said.
        step: The training step it belongs to, None when it was not said.
        proxy: The reward that trained, None when missing or not finite.
        true: The reward that was meant, None when missing or not finite.
        unreadable: How many of its rewards were given and are no finite numbers.
        evaluation: Whether it was made in an evaluation.
        rank: The process that logged it; two processes may count alike.
    """

    index: int
    group_id: str | int | None = None
    step: int | None = None
    proxy: float | None = None
    true: float | None = None
    unreadable: int = 0
    evaluation: bool = False
    rank: int = 0

    @property
    def has_both(self) -> bool:
        """Whether the reward that trained and the one that was meant are both there."""
        return self.proxy is not None and self.true is not None


def read_rollout(trajectory: object, *, index: int, rank: int = 0) -> Rollout:
    """Read a rollout; never raises.

    Args:
        trajectory: A mapping with ``reward|proxy_reward``, ``true_reward|held_out_reward``,
            ``group_id``, ``index``, ``phase``; anything else reads as a rollout without numbers.
        index: Its place when it does not say.
        rank: The process that logged it.
    """
    try:
        get = _nothing if not isinstance(trajectory, Mapping) else trajectory.get
        proxy, faulty = _reward(get, PROXY_KEYS)
        true, faulty_too = _reward(get, TRUE_KEYS)
        return Rollout(
            index=_index(get("index"), index),
            group_id=plain_id(get("group_id")),
            step=_index(get("step"), None),
            proxy=proxy,
            true=true,
            unreadable=faulty + faulty_too,
            evaluation=_is(get("phase"), EVALUATION),
            rank=rank,
        )
    except Exception:  # noqa: BLE001 - a user's mapping may fail in any way
        return Rollout(index=index, unreadable=1, rank=rank)


def finite(value: object) -> float | None:
    """Return a reward as a finite float, None for anything else; text is never a reward."""
    if issubclass(type(value), str | bytes):
        return None
    number = scalar(value)
    return number if number is not None and number - number == 0.0 else None


def plain_id(value: object) -> str | int | None:
    """Return an identifier as a bounded string or an integer that JSON can carry.

    Of a long one, such as the prompt itself, its beginning and a digest of all of it.
    """
    if value is None or (type(value) is int and abs(value) <= MAX_SAFE_INTEGER):
        return value
    if type(value) is str and len(value) <= _MAX_ID and value.isascii():
        return value
    plain, _ = to_plain(value, max_depth=4, max_nodes=64)
    text = plain if isinstance(plain, str) else json_line(plain).decode().strip()
    if len(text) <= _MAX_ID:
        return text
    digest = digest_bytes(well_formed(text).encode()).rpartition(":")[2][:_DIGEST_CHARS]
    return f"{text[: _MAX_ID - len(digest) - 1]}…{digest}"


def _nothing(_: str) -> None:
    return None


def _reward(get: Callable[[str], Any], keys: tuple[str, ...]) -> tuple[float | None, int]:
    for key in keys:
        value = get(key)
        if value is not None:
            number = finite(value)
            return number, int(number is None)
    return None, 0


def _is(value: object, text: str) -> bool:
    return type(value) is str and value == text


def _index(value: object, fallback: _T) -> int | _T:
    return value if type(value) is int and abs(value) <= MAX_SAFE_INTEGER else fallback
