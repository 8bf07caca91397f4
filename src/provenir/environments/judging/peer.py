"""One side of a channel: it asks the other side, and answers what the other side asks.

The two sides are alike but for their `Rules`: the candidate lets everything be done to its objects,
the judge almost nothing (`exports`), and only the judge decides what it does itself rather than
take an object's word for (`opaque`).

Requests nest: while one side waits for an answer it serves what the other asks meanwhile. One
thread at a time uses the channel.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import contextlib
import threading
import types
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from provenir.environments.judging import functions
from provenir.environments.judging.awaiting import run_to_end
from provenir.environments.judging.folder import Folder
from provenir.environments.judging.heap import Heap, kind_of
from provenir.environments.judging.known import (
    known_class,
    known_name,
    stdlib_callable_name,
)
from provenir.environments.judging.mirror import (
    Link,
    MirrorType,
    is_method_name,
    link_of,
    make_class,
    make_object,
    method_names,
)
from provenir.environments.judging.special import OPERATIONS, forwardable, special_names
from provenir.environments.judging.values import Packer, Unpacker, plain_base
from provenir.environments.judging.wire import ChannelClosedError, ProtocolFaultError, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Message = dict[str, Any]

__all__ = ["ORIGIN", "Peer", "RefusedError", "Rules"]

ORIGIN: Final = "_provenir_at"
"""Attribute of an exception that came from the other side: the line of the program, if known."""

_CALLS: Final = frozenset({"call", "get"})
_WRAPPED: Final[dict[type, str]] = {
    types.GeneratorType: "generator",
    types.CoroutineType: "coroutine",
    types.AsyncGeneratorType: "async_generator",
}


class RefusedError(BaseException):
    """A rule of this side forbids what was asked. No ``except Exception`` of a test catches it.

    Attributes:
        reason: One word for programs.
        all: Every one that was made in this process, should a test catch it all the same.
    """

    all: ClassVar[list[RefusedError]] = []

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.all.append(self)


class Rules(Protocol):
    """What a side allows and does itself."""

    real_functions: bool
    """Whether functions of the other side become functions here, or objects to ask."""
    by_name: bool
    """Whether functions of the standard library are sent by name."""

    def export(self, value: Any) -> None:
        """Raise `RefusedError` where an object must not cross."""

    def serve(self, op: str, target: Any, name: str) -> None:
        """Raise where the other side may not do this to an object of this side."""

    def watches(self, target: Any, name: str) -> bool:
        """Whether calls of a method of an object of the other side are looked at first."""

    def look(self, target: Any, name: str, args: tuple[Any, ...]) -> None:
        """Raise where a method of an object of the other side must not be called."""

    def decide(self, peer: Peer, name: str, target: Any, args: tuple[Any, ...]) -> Any:
        """Perform a special method of an object of the other side."""

    def question(self, name: str, args: tuple[Any, ...]) -> Any:
        """Answer a question of the other side that is about no object."""

    def library(self, name: str) -> Any:
        """The function of the standard library with a name, if that is allowed."""

    def outgoing(self) -> tuple[str, str]:
        """Text that was written to the standard streams since the last message."""

    def incoming(self, out: str, err: str) -> None:
        """Text that the other side's program wrote."""


class Peer:
    """One side.

    Args:
        wire: The channel.
        rules: What this side allows.
        first: 1 or 2, another on each side.
        prunes: Whether this side says which containers are not needed any more.
        follows: Whether this side shares its working folder once the other side does.

    Attributes:
        folder: The working folder, where files cross too.
        asked: Requests that this side made.
        lets_stop: Whether a call may raise StopIteration here, which ends the loop it is made in.
        broken: Why the channel cannot be used any more, whoever caught the error.
    """

    def __init__(
        self, wire: Wire, rules: Rules, *, first: int, prunes: bool = False, follows: bool = False
    ) -> None:
        self.asked = 0
        self.lets_stop = True
        self.broken: BaseException | None = None
        self.folder: Folder | None = None
        self._follows = follows
        self.heap = Heap(first=first, prunes=prunes)
        self._wire = wire
        self._rules = rules
        self._channel = threading.RLock()
        self._objects: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self._classes: dict[int, type] = {}
        self._class_numbers: dict[type, int] = {}
        self._new_classes: list[list[Any]] = []
        self._mirrors: dict[int, Any] = {}
        self._mirror_classes: dict[int, type] = {}
        self._stand_ins: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._told: dict[int, Mapping[str, Any] | None] = {}

    # What this side asks.

    def ask(self, op: str, target: Any, name: str = "", *args: Any, **kwargs: Any) -> Any:
        """Have the other side do something, and return what came back.

        Raises:
            BaseException: What it raised there.
            ProtocolFaultError: The other side does not keep to the protocol.
            ChannelClosedError: It is gone.
        """
        try:
            return self._ask(op, target, name, args, kwargs)
        except (ChannelClosedError, ProtocolFaultError) as error:
            self.broken = error
            raise

    def _ask(self, op: str, target: Any, name: str, args: Any, kwargs: Any) -> Any:
        with self._channel:
            self.asked += 1
            self._send({"k": "q", "p": op, "n": name}, t=target, a=args, w=kwargs)
            while True:
                message = self._wire.receive()
                if message.get("k") == "q":
                    self._answer(message)
                    continue
                unpacker = self._open(message)
                value = unpacker.value(message.get("v"))
                if message.get("k") == "r":
                    return value
                if not isinstance(value, BaseException):
                    raise ProtocolFaultError("an exception that is none")
                calls = op in _CALLS or (op == "op" and name == "__call__")
                if (
                    calls
                    and not self.lets_stop
                    and isinstance(value, StopIteration | StopAsyncIteration)
                ):
                    # Else a call would end the loop that it is made in (PEP 479).
                    value = RuntimeError(f"the program raised {type(value).__name__}")
                if id(value) not in self._numbers:
                    # Past a mirror's own `__setattr__`, which would ask the other side.
                    object.__setattr__(value, ORIGIN, str(message.get("at"))[:200])
                raise value

    def operate(self, name: str, target: Any, *args: Any, **kwargs: Any) -> Any:
        """Perform a special method of the other side's object, as the rules of this side say."""
        if kwargs:
            return self.ask("op", target, name, *args, **kwargs)
        return self._rules.decide(self, name, target, args)

    def method(self, target: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of an object of the other side; rules of this side come first."""
        self._rules.look(target, name, args)
        return self.ask("method", target, name, *args, **kwargs)

    def attribute(self, target: Any, name: str) -> Any:
        """An attribute of an object of the other side."""
        if self._rules.watches(target, name):
            return lambda *args, **kwargs: self.method(target, name, *args, **kwargs)
        return self.ask("get", target, name)

    def derive(self, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
        """Make a class of this side's functions on the other side; return its mirror."""
        skipped = {"__classcell__", "__module__", "__qualname__", "__firstlineno__"}
        content = {k: v for k, v in namespace.items() if k not in skipped}
        made = self.ask("derive", None, name, bases, content)
        if not isinstance(made, MirrorType):
            raise ProtocolFaultError("a class that is none")
        cell = namespace.get("__classcell__")
        if cell is not None:
            cell.cell_contents = made
        return made

    # What this side answers.

    def serve(self) -> None:
        """Answer until the other side hangs up.

        Raises:
            ChannelClosedError: It did.
            ProtocolFaultError: It does not keep to the protocol.
        """
        while True:
            with self._channel:
                message = self._wire.receive()
            if message.get("k") != "q":
                raise ProtocolFaultError("an answer to nothing")
            self._answer(message)

    def _answer(self, message: Message) -> None:
        try:
            result = self._perform(message)
        except (ProtocolFaultError, RefusedError):
            raise
        except BaseException as error:  # noqa: BLE001
            self._answer_error(error)
            return
        try:
            with self._channel:
                self._send({"k": "r"}, v=result)
        except (RecursionError, AttributeError, TypeError, ValueError) as error:
            self._answer_error(RuntimeError(f"the result cannot be handed over: {error}"))

    def _answer_error(self, error: BaseException) -> None:
        place = self._rules_place(error)
        with self._channel:
            try:
                self._send({"k": "x", "at": place}, v=error)
            except (RecursionError, AttributeError, TypeError, ValueError):
                self._send({"k": "x", "at": place}, v=RuntimeError(type(error).__name__))

    @staticmethod
    def _rules_place(error: BaseException) -> str:
        """Line of the program's own source where an error arose, innermost."""
        place, step = "", error.__traceback__
        while step is not None:
            if step.tb_frame.f_code.co_filename == "<solution>":
                place = f"line {step.tb_lineno}"
            step = step.tb_next
        return place

    def _perform(self, message: Message) -> Any:
        unpacker = self._open(message)
        op, name = message.get("p"), message.get("n")
        target = unpacker.value(message.get("t"))
        args = [unpacker.value(x) for x in message.get("a", ())]
        kwargs = {k: unpacker.value(x) for k, x in dict(message.get("w", {})).items()}
        if not isinstance(op, str) or not isinstance(name, str) or op not in _PERFORM:
            raise ProtocolFaultError("an unknown request")
        if op == "ask":
            return self._rules.question(name, tuple(args))
        self._rules.serve(op, target, name)
        return _PERFORM[op](target, name, args, kwargs)

    # Messages.

    def _send(self, message: Message, **fields: Any) -> None:
        packer = Packer(self)
        for key, value in fields.items():
            if key == "a":
                message["a"] = [packer.expr(x) for x in value]
            elif key == "w":
                message["w"] = {k: packer.expr(x) for k, x in value.items()}
            else:
                message[key] = packer.expr(value)
        message["s"] = packer.finish()
        message["c"], self._new_classes = self._new_classes, []
        message["d"] = self.heap.forgotten()
        message["out"], message["err"] = self._rules.outgoing()
        message["f"] = None if self.folder is None else self.folder.changes()
        self._wire.send(message)

    def _open(self, message: Message) -> Unpacker:
        try:
            for number, description in message["c"]:
                self._learn(number, description)
            dropped = [int(n) for n in message["d"]]
            self._rules.incoming(str(message["out"]), str(message["err"]))
            nodes = message["s"]
            self._take_files(message.get("f"))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise ProtocolFaultError(f"a malformed message: {error}") from None
        unpacker = Unpacker(self, nodes)
        # Only now: a container may have changed one last time before it was let go.
        self.heap.drop(dropped)
        return unpacker

    def _take_files(self, changes: list[list[Any]] | None) -> None:
        if changes is not None and self.folder is None and self._follows:
            self.folder = Folder(str(Path.cwd()))
        if changes and self.folder is not None:
            with contextlib.suppress(OSError):
                self.folder.apply(changes)

    def _learn(self, number: int, told: dict[str, Any]) -> None:
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
        self._mirror_classes[number] = make_class(Link(self, number), told, bases)

    # The codec's side (`values.Objects`).

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
        try:
            return self._stand_ins.get(value)
        except TypeError:
            return None

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
        mirror = make_object(Link(self, number), self._mirror_classes[class_number], plain)
        if wrap == "generator":
            made: Any = functions.generator(lambda name, *a: self.ask("method", mirror, name, *a))
        elif wrap == "async_generator":
            made = functions.async_generator(lambda name: _later(self.ask("method", mirror, name)))
        elif wrap == "coroutine":
            made = functions.coroutine(lambda: self.ask("await", mirror))
        elif wrap == "function" and self._rules.real_functions:
            call: Callable[..., Any] = lambda *a, **k: self.ask("call", mirror, "", *a, **k)  # noqa: E731
            made = functions.function(about, call)
        else:
            if wrap == "function" and about:
                _describe(mirror, about)
            return mirror
        self._stand_ins[made] = number
        return made

    def function(self, name: str) -> Any:
        """A function of the standard library, where this side takes the other's word for it."""
        return self._rules.library(name)


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


def _derive(_target: Any, name: str, args: list[Any], _kwargs: dict[str, Any]) -> type:
    bases, namespace = args
    return types.new_class(name, bases, {}, lambda scope: scope.update(namespace))


def _unary(action: Callable[..., Any]) -> Callable[..., Any]:
    return lambda target, name, args, kwargs: action(target, name, *args)


_PERFORM: Final[dict[str, Callable[[Any, str, list[Any], dict[str, Any]], Any]]] = {
    "get": _unary(lambda target, name: getattr(target, name)),
    "set": _unary(lambda target, name, value: setattr(target, name, value)),
    "del": _unary(lambda target, name: delattr(target, name)),
    "call": lambda target, _, args, kwargs: target(*args, **kwargs),
    "method": lambda target, name, args, kwargs: getattr(target, name)(*args, **kwargs),
    "op": lambda target, name, args, kwargs: OPERATIONS[name](target, *args, **kwargs),
    "derive": _derive,
    "await": lambda target, _name, _args, _kwargs: run_to_end(target),
    "ask": lambda *_: None,
}
