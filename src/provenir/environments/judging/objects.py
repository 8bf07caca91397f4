"""The objects of both sides: ours under their numbers, theirs as mirrors.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import types
import weakref
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.judging import functions
from provenir.environments.judging.heap import Heap, kind_of
from provenir.environments.judging.known import (
    known_class,
    known_name,
    stdlib_callable_name,
)
from provenir.environments.judging.mirror import (
    Asks,
    Link,
    MirrorType,
    is_method_name,
    link_of,
    make_class,
    make_object,
    method_names,
)
from provenir.environments.judging.not_a_number import NotANumber
from provenir.environments.judging.special import forwardable, special_names
from provenir.environments.judging.values import plain_base

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from provenir.environments.judging.rules import Rules

__all__ = ["ObjectTable"]

_WRAPPED: Final[dict[type, str]] = {
    types.GeneratorType: "generator",
    types.CoroutineType: "coroutine",
    types.AsyncGeneratorType: "async_generator",
}


class ObjectTable:
    """What a codec (`values.Objects`) looks objects and classes up in.

    Args:
        asks: The peer that mirrors ask.
        rules: What this side allows.
        heap: The containers that both sides hold.
    """

    def __init__(self, asks: Asks, rules: Rules, heap: Heap) -> None:
        self.heap = heap
        self._asks = asks
        self._rules = rules
        self._objects: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self._classes: dict[int, type] = {}
        self._class_numbers: dict[type, int] = {}
        self._new_classes: list[list[Any]] = []
        self._mirrors: dict[int, Any] = {}
        self._mirror_classes: dict[int, type] = {}
        self._stand_ins: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._told: dict[int, Mapping[str, Any] | None] = {}

    def is_own(self, value: Any) -> bool:
        """Whether an object is one that this side exported."""
        return id(value) in self._numbers

    def new_classes(self) -> list[list[Any]]:
        """Descriptions of classes that were referred to since the last time."""
        found, self._new_classes = self._new_classes, []
        return found

    def learn(self, number: int, told: dict[str, Any]) -> None:
        """Take in what the other side says of a class of its own.

        Raises:
            ValueError: It says nothing that makes sense; so do KeyError and TypeError.
        """
        bases: list[type] = []
        for expr in told["b"]:
            tag, which = expr
            if tag == "c":
                bases.append(self._mirror_classes[which])
            elif tag == "w":
                bases.append(self._classes[which])
            else:
                found = known_class(which)
                bases.append(object if found is None else found)
        if not all(isinstance(told[key], str) for key in ("n", "q", "m")):
            raise ValueError("a class without a name")
        base, container = _plain_type(bases)
        told["d"] = forwardable(told["d"], base, container=container)
        told["f"] = [name for name in told["f"] if is_method_name(name)]
        self._told[number] = told
        self._mirror_classes[number] = make_class(Link(self._asks, number), told, bases)

    def export(self, value: Any) -> Any:
        """The expression of an object that is no plain value."""
        if isinstance(type(value), MirrorType):
            return ["o", link_of(value).number]
        stand_in = self._stand_in(value)
        if stand_in is not None:
            return ["o", stand_in]
        name = stdlib_callable_name(value) if self._rules.by_name and callable(value) else None
        if name is not None:
            return ["f", name]
        number = self._numbers.get(id(value))
        if number is None:
            self._rules.export(value)
            number = len(self._objects) + 1
            self._objects[number] = value
            self._numbers[id(value)] = number
            return ["h", number, self._class_number(type(value)), functions.about(value)]
        return ["h", number, self._class_number(type(value)), None]

    def _stand_in(self, value: Any) -> int | None:
        # Nothing else is asked for its hash, which a mock would note down.
        return self._stand_ins.get(value) if type(value) in _STAND_INS else None

    def class_expr(self, cls: type) -> Any:
        """The expression of a class."""
        if isinstance(cls, MirrorType):
            return ["w", link_of(cls).number]
        name = known_name(cls)
        return ["C", name] if name is not None else ["c", self._class_number(cls)]

    def _class_number(self, cls: type) -> int:
        number = self._class_numbers.get(cls)
        if number is None:
            bases = [self.class_expr(base) for base in cls.__bases__]
            kind = kind_of(cls)
            base = plain_base(cls) if kind is None else kind.type
            if base is None and issubclass(cls, BaseException):
                base = next(c for c in cls.__mro__ if c.__module__ == "builtins")
            number = len(self._class_numbers) + 1
            self._class_numbers[cls] = number
            self._classes[number] = cls
            doc = cls.__doc__
            description = {
                "n": cls.__name__,
                "q": cls.__qualname__,
                "m": str(cls.__module__),
                "b": bases,
                "d": special_names(cls, base),
                "f": method_names(cls),
                "doc": doc if isinstance(doc, str) else None,
                "wrap": _WRAPPED.get(cls, "function" if cls in _FUNCTIONS else None),
            }
            self._new_classes.append([number, description])
        return number

    def own(self, number: int) -> Any:
        """The object that this side exported under a number."""
        return self._objects[number]

    def own_class(self, number: int) -> type:
        """The class that this side described under a number."""
        return self._classes[number]

    def mirror_class(self, number: int) -> type:
        """The stand-in for a class of the other side."""
        return self._mirror_classes[number]

    def mirror(self, number: int, class_number: int, plain: Any = None, about: Any = None) -> Any:
        """The stand-in for an object of the other side, always the same one."""
        found = self._mirrors.get(number)
        if found is None:
            found = self._make_mirror(number, class_number, plain, about)
            self._mirrors[number] = found
        return found

    def _make_mirror(self, number: int, class_number: int, plain: Any, about: Any) -> Any:
        told = self._told[class_number]
        wrap = told and told.get("wrap")
        mirror = make_object(Link(self._asks, number), self._mirror_classes[class_number], plain)
        if wrap == "generator":
            made: Any = functions.generator(
                lambda name, *a: self._asks.ask("method", mirror, name, *a)
            )
        elif wrap == "async_generator":
            made = functions.async_generator(
                lambda name: _later(self._asks.ask("method", mirror, name))
            )
        elif wrap == "coroutine":
            made = functions.coroutine(lambda: self._asks.ask("await", mirror))
        elif wrap == "function" and self._rules.real_functions:
            call: Callable[..., Any] = lambda *a, **k: self._asks.ask("call", mirror, "", *a, **k)  # noqa: E731
            made = functions.function(about, call)
        else:
            if wrap == "function" and about:
                _describe(mirror, about)
            return mirror
        self._stand_ins[made] = number
        return made

    def no_number(self) -> float:
        """What NaN of the other side is here: nothing that the judge would order."""
        return NotANumber() if self._rules.by_name else float("nan")

    def function(self, name: str) -> Any:
        """A function of the standard library, where this side takes the other's word for it."""
        return self._rules.library(name)


_STAND_INS: Final = frozenset({types.FunctionType, *_WRAPPED})
_FUNCTIONS: Final = frozenset(
    {
        types.FunctionType,
        types.BuiltinFunctionType,
        types.MethodType,
        types.MethodDescriptorType,
        types.WrapperDescriptorType,
        types.MethodWrapperType,
    }
)


def _plain_type(bases: list[type]) -> tuple[type | None, bool]:
    """The plain type among the bases of a mirror, and whether it is a mutable container."""
    for base in bases:
        kind = kind_of(base)
        if kind is not None:
            return kind.type, True
        plain = plain_base(base)
        if plain is not None or issubclass(base, BaseException):
            return plain or BaseException, False
    return None, False


async def _later(value: Any) -> Any:
    return await value


def _describe(mirror: Any, about: Mapping[str, Any]) -> None:
    """Give an object that stands for a function the names of the function."""
    for attribute, key in (("__name__", "n"), ("__qualname__", "q"), ("__doc__", "doc")):
        if isinstance(about.get(key), str):
            object.__setattr__(mirror, attribute, about[key])
