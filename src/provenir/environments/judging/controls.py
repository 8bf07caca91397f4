"""Controls: comparisons whose answer is known, put among those that are asked.

A class that calls everything equal passes every test that compares its objects. So after the tests
each pair that was called equal is compared again beside an object of the same class made with other
arguments, in random order. A class whose word is worth something calls at least one of them
unequal. Nothing tells the candidate which comparison is the control.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.judging.mirror import MirrorType, link_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.environments.judging.mirror import Asks

__all__ = ["EqualityControl", "OrderControl", "other_values", "perturbed"]

_MAX_CLASSES: Final = 8
_MAX_PAIRS: Final = 8
_STEPS: Final = (1, 7, 30, 1_000_003)
_TRIES: Final = (1, 7, -3)


def other_values(value: Any) -> Iterator[Any]:
    """Values like one but different from it; none for what has no others."""
    for step in _STEPS:
        other = perturbed(value, step)
        if other is not None:
            yield other


def perturbed(value: Any, step: int) -> Any:
    """A value of the same type that differs, or None where there is none."""
    cls = type(value)
    if cls is int or cls is float:
        return value + step
    if cls is str:
        return _other_text(value, step)
    if cls is bytes:
        return value + bytes([step % 256])
    if cls in (list, tuple):
        others = [perturbed(item, step) for item in value]
        if not value or None in others:
            return None
        return cls(others)
    if cls is dict and value:
        others = [perturbed(item, step) for item in value.values()]
        return None if None in others else dict(zip(value, others, strict=True))
    return None


def _other_text(value: str, step: int) -> str:
    """A text with another end and of another length, or, of digits, with another digit."""
    if not value:
        return "a" * (step % 100)
    if value[-1].isdecimal() and value[-1].isascii():
        return value[:-1] + str((int(value[-1]) + 1 + step % 9) % 10)
    return value[:-1] + chr((ord(value[-1]) + step % 20) % 0xD000) + "a"


class EqualityControl:
    """Pairs of objects that were called equal."""

    def __init__(self) -> None:
        self._pairs: dict[type, list[tuple[Any, Any]]] = {}

    @property
    def used(self) -> bool:
        """Whether any test rested on the equality of two objects."""
        return bool(self._pairs)

    def note(self, left: Any, right: Any) -> None:
        """Remember a pair."""
        cls = type(left)
        if cls in self._pairs or len(self._pairs) < _MAX_CLASSES:
            pairs = self._pairs.setdefault(cls, [])
            if len(pairs) < _MAX_PAIRS and left is not right:
                pairs.append((left, right))

    def worthless(self, peer: Asks, seed: str) -> str:
        """The name of a class that calls everything equal; empty if there is none."""
        order = random.Random(seed)  # noqa: S311 - which of two questions comes first
        for cls, pairs in self._pairs.items():
            if any(self._equal_to_all(peer, pair, order) for pair in pairs):
                return cls.__name__
        return ""

    def _equal_to_all(self, peer: Asks, pair: tuple[Any, Any], order: random.Random) -> bool:
        """Whether the left of a pair is equal to every control too; True needs one at least."""
        left, right = pair
        if self._says(peer, "equals_nothing", left):
            return True
        asked = 0
        for step in _TRIES:
            control = _other(right, step) or _other(left, step)
            if control is None:
                continue
            questions = [right, control]
            order.shuffle(questions)
            answers = {id(q): self._equal(peer, left, q) for q in questions}
            if not answers[id(control)]:
                return False
            asked += 1
        return asked > 0

    @staticmethod
    def _says(peer: Asks, question: str, target: Any) -> bool:
        try:
            return peer.ask("ask", None, question, target) is True
        except Exception:  # noqa: BLE001
            return False

    @staticmethod
    def _equal(peer: Asks, left: Any, right: Any) -> bool:
        try:
            return peer.ask("op", left, "__eq__", right) is True
        except Exception:  # noqa: BLE001
            return False


class OrderControl:
    """Pairs of objects that were ordered: by what they are, not by when they were made."""

    def __init__(self) -> None:
        self._pairs: dict[type, list[tuple[Any, Any, str, Any]]] = {}

    def note(self, left: Any, right: Any, name: str, answer: Any) -> None:
        """Remember a pair with the answer."""
        pairs = self._pairs.setdefault(type(left), [])
        if len(pairs) < _MAX_PAIRS and type(left) is type(right):
            pairs.append((left, right, name, answer))

    def worthless(self, peer: Asks) -> str:
        """The name of a class whose order goes by when objects were made; else empty."""
        for cls, pairs in self._pairs.items():
            changed = [self._changes(peer, *pair) for pair in pairs]
            if changed and all(changed):
                return cls.__name__
        return ""

    @staticmethod
    def _changes(peer: Asks, left: Any, right: Any, name: str, answer: Any) -> bool:
        """Whether the answer changes when the two are made anew, the right one first."""
        ours, theirs = link_of(left).arguments, link_of(right).arguments
        if not ours or not theirs:
            return False
        try:
            second = type(right)(*theirs)
            first = type(left)(*ours)
            return peer.ask("op", first, name, second) is not answer
        except Exception:  # noqa: BLE001
            return False


def _other(value: Any, step: int) -> Any:
    """An object of the same class, made with other arguments; None where that cannot be."""
    link = link_of(value)
    if not link.arguments or any(map(_unlike_data, link.arguments)):
        return None
    others = [perturbed(value, step + place) for place, value in enumerate(link.arguments)]
    if all(other is None for other in others):
        return None
    arguments = [a if o is None else o for a, o in zip(link.arguments, others, strict=True)]
    try:
        made = type(value)(*arguments)
    except Exception:  # noqa: BLE001
        return None
    return made if isinstance(type(made), MirrorType) else None


def _unlike_data(value: Any) -> bool:
    return callable(value)
