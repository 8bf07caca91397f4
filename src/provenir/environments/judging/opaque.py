"""What the judge decides itself rather than take the word of a candidate's object for it.

An object of the candidate can say anything of itself: that it equals 42, that it is less than
every tolerance, that it holds whatever is looked for. These are the rules by which a test may
still use one.

1. An object and a plain value are never equal. A value of a class that derives from a plain type
   (a named tuple, a string enum) is compared as the plain value that it is.
2. Two objects are equal if their class says so and its word is worth something: it must call some
   other object unequal. See `EqualityControl`.
3. An object is ordered against another by its class, which must not order both ways; against a
   plain value only if the test made the object, and not against values far on either side alike.
4. Arithmetic with a plain value is asked of objects of classes that the test named. From one that
   was given, not made, it may yield an object, which then is no number: it has no magnitude, no
   rounding and no order. So `abs(result - 4.0) < 1e-6` says nothing on an object's word.

A test makes an object by calling a class that it calls as a class is called, with a capital. What a
function returns is given, and so it is where a class stands in the function's place.
5. An object that holds everything, holds nothing: what is looked for is asked several times, among
   other things.
6. A test that asks an answer whether it starts with a text, or is a subset of a set, wants a text
   or a set; an object of a class that the test does not name is neither, whatever its methods say.
7. A block that a candidate's object guards ends with it: a failed assertion goes through, and so
   does an error of the candidate's own with more of the block to come.

A breach ends the run: `RefusedError` is not an exception that a test catches.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.judging.controls import EqualityControl, OrderControl, other_values
from provenir.environments.judging.functions import coroutine
from provenir.environments.judging.heap import kind_of
from provenir.environments.judging.mirror import PREDICATES, Link, MirrorType, link_of
from provenir.environments.judging.peer import is_foreign
from provenir.environments.judging.rules import RefusedError
from provenir.environments.judging.special import ARITHMETIC, NUMBERS, ORDERINGS
from provenir.environments.judging.values import plain_base

if TYPE_CHECKING:
    from provenir.environments.judging.mirror import Asks

__all__ = ["Opaque", "is_opaque"]


_TIMES: Final = 4
_FAR: Final = 1e12
_OPPOSITES: Final = {"__lt__": "__gt__", "__gt__": "__lt__"}


def is_opaque(value: Any) -> bool:
    """Whether a value is an object of the candidate without a plain value underneath."""
    cls = type(value)
    return isinstance(cls, MirrorType) and plain_base(cls) is None and not _is_container(cls)


def _is_container(cls: type) -> bool:
    return kind_of(cls) is not None


def _is_named(cls: type) -> bool:
    """Whether the test named a class or one that it derives from."""
    links: list[Link | None] = [link_of(c) for c in cls.__mro__ if isinstance(c, MirrorType)]
    return any(link.origin == "made" for link in links if link)


class Opaque:
    """The rules, with what they noticed.

    Attributes:
        equality: What there is to check about equality when the tests have run.
        order: The same about order.
        compared_with_plain: Times an object was compared with a plain value.
        blocks: The test's ``with`` blocks; see `instrument.Source`.
    """

    def __init__(self) -> None:
        self.equality = EqualityControl()
        self.order = OrderControl()
        self.compared_with_plain = 0
        self.blocks: list[tuple[int, int, int]] = []
        # Its own, so that the test's numbers are what they are without it.
        self._chance = random.Random(random.getrandbits(64))  # noqa: S311

    def watches(self, target: Any, name: str) -> bool:
        """Whether a method of a candidate's object is one that a text or a set has."""
        return name in PREDICATES and is_opaque(target) and not _is_named(type(target))

    def look(self, target: Any, name: str, args: tuple[Any, ...]) -> None:
        """Let the test call a method of a candidate's object.

        Raises:
            RefusedError: Rule 6.
        """
        if self.watches(target, name) and not all(map(is_opaque, args or (None,))):
            raise _refused(f"the test asks an object of the candidate whether it {name}")

    def decide(self, peer: Asks, name: str, target: Any, args: tuple[Any, ...]) -> Any:
        """Perform a special method of a candidate's object.

        Raises:
            RefusedError: One of the rules is broken.
        """
        if name == "__eq__":
            return self._equal(peer, target, args[0])
        if name == "__ne__":
            equal = self._equal(peer, target, args[0])
            return equal if equal is NotImplemented else not equal
        if name in ORDERINGS:
            return self._ordered(peer, name, target, args[0])
        if name == "__contains__":
            return self._holds(peer, target, args[0])
        if name in ARITHMETIC and args:
            return self._combined(peer, name, target, args)
        if name == "__await__":
            return coroutine(lambda: peer.ask("await", target)).__await__()
        if name in NUMBERS and link_of(target).origin == "derived":
            raise _refused(f"{name} of an object that came of a plain value")
        if name in {"__exit__", "__aexit__"}:
            return self._left(peer, name, target, args)
        return peer.ask("op", target, name, *args)

    def _left(self, peer: Asks, name: str, target: Any, args: tuple[Any, ...]) -> Any:
        """Leave a block that a candidate's object guards."""
        kind, error, trace = args
        handled = peer.ask("op", target, name, kind, error, None)
        if handled is not True or error is None:
            return handled
        if isinstance(error, AssertionError) and not is_foreign(error):
            raise RefusedError("swallowed_assertion", "an object swallowed a failed assertion")
        if is_foreign(error) and self._breaks_off(trace):
            raise RefusedError("swallowed_error", "an object swallowed an error of the program")
        return handled

    def _breaks_off(self, trace: Any) -> bool:
        """Whether an error left more of the innermost block to come."""
        line = 0
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == "<test>":
                line = trace.tb_lineno
            trace = trace.tb_next
        around = [block for block in self.blocks if block[0] <= line <= block[2]]
        return bool(around) and line < max(around)[1]

    def _equal(self, peer: Asks, target: Any, other: Any) -> Any:
        if not is_opaque(other):
            if isinstance(type(other), MirrorType) or type(other).__module__ == "builtins":
                self.compared_with_plain += 1
                return False
            return NotImplemented
        equal = peer.ask("op", target, "__eq__", other) is True
        if equal:
            self.equality.note(target, other)
        return equal

    def _ordered(self, peer: Asks, name: str, target: Any, other: Any) -> Any:
        if is_opaque(other):
            answer = peer.ask("op", target, name, other)
            if answer is True and name in _OPPOSITES:
                opposite = _OPPOSITES[name]
                asked = [("op", other, name, target)]
                if opposite in vars(type(target)):
                    asked.append(("op", target, opposite, other))
                if any(peer.ask(*question) is True for question in asked):
                    raise RefusedError(
                        "contradictory_order", "an object is before and behind another"
                    )
            self.order.note(target, other, name, answer)
            return answer
        if link_of(target).origin != "made":
            raise _refused("an object of the candidate is ordered against a plain value")
        answer = peer.ask("op", target, name, other)
        if answer is True and type(other) in {int, float}:
            far = other - _FAR if name in {"__lt__", "__le__"} else other + _FAR
            if peer.ask("op", target, name, far) is True:
                raise RefusedError("contradictory_order", "an object is before whatever is asked")
        return answer

    def _holds(self, peer: Asks, target: Any, item: Any) -> bool:
        others = list(other_values(item))
        questions = [item] * _TIMES + others
        order = list(range(len(questions)))
        self._chance.shuffle(order)
        answers: dict[int, Any] = {}
        for place in order:
            try:
                answers[place] = peer.ask("op", target, "__contains__", questions[place])
            except Exception as error:  # noqa: BLE001
                answers[place] = error
        if isinstance(answers[0], Exception):
            raise answers[0]
        if not all(answers[place] is True for place in range(_TIMES)):
            return False
        everything = all(answers[place] is True for place in range(_TIMES, len(questions)))
        if everything and self._holds_nothing(peer, target):
            raise RefusedError("holds_everything", "an object says that it holds whatever is asked")
        return True

    @staticmethod
    def _holds_nothing(peer: Asks, target: Any) -> bool:
        try:
            return peer.ask("ask", None, "holds_nothing", target) is True
        except Exception:  # noqa: BLE001
            return False

    def _combined(self, peer: Asks, name: str, target: Any, args: tuple[Any, ...]) -> Any:
        other = args[0]
        cls = type(target)
        made = link_of(target).origin == "made"
        if isinstance(type(other), MirrorType):
            result = peer.ask("op", target, name, *args)
            if isinstance(type(result), MirrorType) and made and link_of(other).origin == "made":
                link_of(result).origin = "made"
            return result
        base = plain_base(cls)
        if base is not None and not made:
            return getattr(base, name, lambda *_: NotImplemented)(target, *args)
        if not made and not _is_named(cls):
            raise _refused("arithmetic of an object of the candidate with a plain value")
        result = peer.ask("op", target, name, *args)
        if isinstance(type(result), MirrorType):
            if result is not target:
                link_of(result).origin = "made" if made else "derived"
        elif not made and result is not NotImplemented:
            raise _refused("arithmetic of an object that was given came to a plain value")
        return result


def _refused(detail: str) -> RefusedError:
    return RefusedError("opaque_value", detail)
