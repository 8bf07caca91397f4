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
5. An object that holds everything, holds nothing.

A breach ends the run: `RefusedError` is not an exception that a test catches.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.environments.judging.controls import EqualityControl, other_values
from provenir.environments.judging.functions import coroutine
from provenir.environments.judging.heap import kind_of
from provenir.environments.judging.mirror import Link, MirrorType, link_of
from provenir.environments.judging.peer import RefusedError
from provenir.environments.judging.special import ARITHMETIC, NUMBERS, ORDERINGS
from provenir.environments.judging.values import plain_base

if TYPE_CHECKING:
    from provenir.environments.judging.peer import Peer

__all__ = ["Opaque", "is_opaque"]


_FAR: Final = 1e12


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
        compared_with_plain: Times an object was compared with a plain value.
    """

    def __init__(self) -> None:
        self.equality = EqualityControl()
        self.compared_with_plain = 0

    def decide(self, peer: Peer, name: str, target: Any, args: tuple[Any, ...]) -> Any:
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
        if name == "__exit__" or name == "__aexit__":
            args = (*args[:2], None)
        return peer.ask("op", target, name, *args)

    def _equal(self, peer: Peer, target: Any, other: Any) -> Any:
        if not is_opaque(other):
            if isinstance(type(other), MirrorType) or type(other).__module__ == "builtins":
                self.compared_with_plain += 1
                return False
            return NotImplemented
        equal = peer.ask("op", target, "__eq__", other) is True
        if equal:
            self.equality.note(target, other)
        return equal

    def _ordered(self, peer: Peer, name: str, target: Any, other: Any) -> Any:
        if is_opaque(other):
            answer = peer.ask("op", target, name, other)
            strict = name in {"__lt__", "__gt__"}
            if answer is True and strict and peer.ask("op", other, name, target) is True:
                raise RefusedError("contradictory_order", "two objects are each before the other")
            return answer
        if link_of(target).origin != "made":
            raise _refused("an object of the candidate is ordered against a plain value")
        answer = peer.ask("op", target, name, other)
        if answer is True and type(other) in {int, float}:
            far = other - _FAR if name in {"__lt__", "__le__"} else other + _FAR
            if peer.ask("op", target, name, far) is True:
                raise RefusedError("contradictory_order", "an object is before whatever is asked")
        return answer

    def _holds(self, peer: Peer, target: Any, item: Any) -> bool:
        if peer.ask("op", target, "__contains__", item) is not True:
            return False
        for other in other_values(item):
            try:
                if peer.ask("op", target, "__contains__", other) is not True:
                    return True
            except Exception:  # noqa: BLE001
                return True
        try:
            everything = peer.ask("ask", None, "holds_nothing", target) is True
        except Exception:  # noqa: BLE001
            everything = False
        if everything:
            raise RefusedError("holds_everything", "an object says that it holds whatever is asked")
        return True

    def _combined(self, peer: Peer, name: str, target: Any, args: tuple[Any, ...]) -> Any:
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
