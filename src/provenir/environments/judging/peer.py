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
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.judging.awaiting import run_to_end
from provenir.environments.judging.folder import Folder
from provenir.environments.judging.heap import Heap
from provenir.environments.judging.mirror import MirrorType
from provenir.environments.judging.objects import ObjectTable
from provenir.environments.judging.rules import RefusedError, Rules
from provenir.environments.judging.special import OPERATIONS
from provenir.environments.judging.values import Packer, Unpacker
from provenir.environments.judging.wire import ChannelClosedError, ProtocolFaultError, Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    Message = dict[str, Any]

__all__ = ["ORIGIN", "Peer", "is_foreign"]

ORIGIN: Final = "_provenir_at"
"""Attribute of an exception that came from the other side: the line of the program, if known."""

_STEPS: Final = frozenset({"__next__", "__anext__", "send", "throw", "asend", "athrow"})
"""Methods that say with StopIteration that there is no more."""


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
        before: Called before each of them.
        lets_stop: Whether a call may raise StopIteration here, which ends the loop it is made in.
        broken: Why the channel cannot be used any more, whoever caught the error.
    """

    def __init__(
        self, wire: Wire, rules: Rules, *, first: int, prunes: bool = False, follows: bool = False
    ) -> None:
        self.asked = 0
        self.before: Callable[[], None] | None = None
        self._under_way = 0
        self.lets_stop = True
        self.broken: BaseException | None = None
        self.folder: Folder | None = None
        self._follows = follows
        self.heap = Heap(first=first, prunes=prunes)
        self._wire = wire
        self._rules = rules
        self._channel = threading.RLock()
        self._table = ObjectTable(self, rules, self.heap)

    @property
    def busy(self) -> bool:
        """Whether a message is being written or read."""
        return self._under_way > 0

    # What this side asks.

    def ask(self, op: str, target: Any, name: str = "", /, *args: Any, **kwargs: Any) -> Any:
        """Have the other side do something, and return what came back.

        Raises:
            BaseException: What it raised there.
            ProtocolFaultError: The other side does not keep to the protocol.
            ChannelClosedError: It is gone.
        """
        if self.before is not None:
            self.before()
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
                message = self._receive()
                if message.get("k") == "q":
                    self._answer(message)
                    continue
                unpacker = self._open(message)
                value = unpacker.value(message.get("v"))
                if message.get("k") == "r":
                    return value
                if not isinstance(value, BaseException):
                    raise ProtocolFaultError("an exception that is none")
                if (
                    name not in _STEPS
                    and op != "await"
                    and not self.lets_stop
                    and isinstance(value, StopIteration | StopAsyncIteration)
                ):
                    # Else a call would end the loop that it is made in (PEP 479).
                    value = RuntimeError(f"the program raised {type(value).__name__}")
                if not self._table.is_own(value):
                    # Past a mirror's own `__setattr__`, which would ask the other side.
                    object.__setattr__(value, ORIGIN, str(message.get("at"))[:200])
                raise value

    def operate(self, name: str, target: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Perform a special method of the other side's object, as the rules of this side say."""
        if kwargs:
            return self.ask("op", target, name, *args, **kwargs)
        return self._rules.decide(self, name, target, args)

    def method(self, target: Any, name: str, /, *args: Any, **kwargs: Any) -> Any:
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
                message = self._receive()
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
        self._under_way += 1
        try:
            self._write(message, fields)
        finally:
            self._under_way -= 1

    def _write(self, message: Message, fields: dict[str, Any]) -> None:
        packer = Packer(self._table)
        for key, value in fields.items():
            if key == "a":
                message["a"] = [packer.expr(x) for x in value]
            elif key == "w":
                message["w"] = {k: packer.expr(x) for k, x in value.items()}
            else:
                message[key] = packer.expr(value)
        message["s"] = packer.finish()
        message["c"] = self._table.new_classes()
        message["d"] = self.heap.forgotten()
        message["out"], message["err"] = self._rules.outgoing()
        message["f"] = None if self.folder is None else self.folder.changes()
        self._wire.send(message)

    def _receive(self) -> Message:
        self._under_way += 1
        try:
            return self._wire.receive()
        finally:
            self._under_way -= 1

    def _open(self, message: Message) -> Unpacker:
        try:
            for number, description in message["c"]:
                self._table.learn(number, description)
            dropped = [int(n) for n in message["d"]]
            self._rules.incoming(str(message["out"]), str(message["err"]))
            nodes = message["s"]
            self._take_files(message.get("f"))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise ProtocolFaultError(f"a malformed message: {error}") from None
        unpacker = Unpacker(self._table, nodes)
        # Only now: a container may have changed one last time before it was let go.
        self.heap.drop(dropped)
        return unpacker

    def _take_files(self, changes: list[list[Any]] | None) -> None:
        if changes is not None and self.folder is None and self._follows:
            self.folder = Folder(str(Path.cwd()))
        if changes and self.folder is not None:
            with contextlib.suppress(OSError):
                self.folder.apply(changes)


def is_foreign(error: BaseException) -> bool:
    """Whether an exception came from the other side."""
    try:
        object.__getattribute__(error, ORIGIN)
    except AttributeError:
        return False
    return True


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
