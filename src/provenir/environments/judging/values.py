"""Values on the channel: plain data is rebuilt, everything else is a handle.

An expression is a JSON scalar, which stands for itself, or a list whose first element says what it
is. Containers are *nodes* of the message, each with a number, so that sharing, circles and any
depth survive and nothing is read by recursion. Mutable containers keep their numbers from message
to message (`heap`); tuples and frozensets have negative numbers and are those of one message.

====  ============================  ====  ===========================================
``n`` node                          ``h``  object of the sender: number, class
``i`` large integer, hexadecimal    ``o``  object of the receiver: number
``b`` bytes, as Latin-1             ``c``  class of the sender
``z`` complex                       ``w``  class of the receiver
``r`` range, ``S`` slice            ``C``  class that both have, by name
``E`` Ellipsis, ``N`` NotImpl.      ``v``  value of a class of the sender that derives from a plain
``D`` Decimal, ``F`` Fraction              type: number, class, plain value
``t`` date and time                 ``x``  exception that both sides have: name, arguments, cause
``u`` UUID, ``p`` path, ``R`` re     ``e``  exception of a class of the sender
``K`` view of a dictionary
``f`` function of the standard library, from the judge alone
====  ============================  ====  ===========================================

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import array
import collections
import datetime as dt
import decimal
import fractions
import pathlib
import re
import uuid
from typing import TYPE_CHECKING, Any, Final, Protocol

from provenir.environments.judging.heap import KIND_BY_TYPE, KINDS, Heap, Kind, kind_of
from provenir.environments.judging.known import known_class, known_exception
from provenir.environments.judging.not_a_number import NotANumber
from provenir.environments.judging.wire import ProtocolFaultError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Expr = Any
    Node = list[Any]

__all__ = ["Objects", "Packer", "Unpacker", "plain_base"]

_BIG_INT_BITS: Final = 12_000
_IMMUTABLE: Final[dict[type, str]] = {tuple: "t", frozenset: "f"}
_VALUE_BASES: Final = (bool, int, float, complex, str, bytes, tuple, frozenset)
_KIND_BY_TAG: Final = {kind.tag: kind for kind in KINDS}
_PATHS: Final = (
    pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath,
)  # fmt: skip


class Objects(Protocol):
    """What a codec asks of the peer that it belongs to."""

    heap: Heap

    def export(self, value: Any) -> Expr:
        """The expression of an object that is no plain value."""

    def class_expr(self, cls: type) -> Expr:
        """The expression of a class."""

    def own(self, number: int) -> Any:
        """The object that this side exported under a number."""

    def own_class(self, number: int) -> type:
        """The class that this side described under a number."""

    def mirror(self, number: int, class_number: int, plain: Any = None, about: Any = None) -> Any:
        """The stand-in for an object of the other side."""

    def mirror_class(self, number: int) -> type:
        """The stand-in for a class of the other side."""

    def no_number(self) -> float:
        """What NaN of the other side is here."""

    def function(self, name: str) -> Any:
        """A function of the standard library, if this side takes the other's word for it."""


def plain_base(cls: type) -> type | None:
    """The immutable plain type that a class derives from, if any."""
    mro = type.__dict__["__mro__"].__get__(cls)
    return next((base for base in _VALUE_BASES if base in mro), None)


class Packer:
    """Turns the values of one message into expressions and nodes."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._heap = objects.heap
        self._frozen: dict[int, int] = {}
        self._kept: list[Any] = []
        self._waiting: list[tuple[int, Any, Kind, tuple[Any, ...]]] = []
        self.nodes: list[Node] = []

    def finish(self) -> list[Node]:
        """Add the containers that changed and everything in them; return the nodes."""
        self._waiting.extend(self._heap.changed())
        done: set[int] = set()
        while self._waiting:
            number, value, kind, content = self._waiting.pop()
            if number not in done:
                done.add(number)
                self.nodes.append(
                    [number, kind.tag, [self.expr(x) for x in content], self._extra(value, kind)]
                )
                self._heap.settle(number, content)
        return self.nodes

    def _extra(self, given: object, kind: Kind) -> Expr:
        """What a container has besides its content, and what is special about its class."""
        value: Any = given
        if type(given) is not kind.type:
            return self._objects.export(value)
        if kind.tag == "q":
            return value.maxlen
        if kind.tag == "dd":
            return self.expr(value.default_factory)
        return value.typecode if kind.tag == "a" else None

    def expr(self, value: Any) -> Expr:
        """The expression of a value.

        Raises:
            RecursionError: Objects, not containers, are nested too deep.
        """
        cls = type(value)
        if value is None or cls is bool or cls is float or cls is str:
            return value
        if cls is NotANumber:
            return float("nan")
        if cls is int:
            return value if value.bit_length() < _BIG_INT_BITS else ["i", hex(value)]
        if cls in KIND_BY_TYPE:
            return self._shared(value, KIND_BY_TYPE[cls])
        if cls in _IMMUTABLE:
            return self._freeze(value)
        writer = _WRITERS.get(cls)
        if writer is not None:
            return writer(self, value)
        return self._special(value, cls)

    def _special(self, value: Any, cls: type) -> Expr:
        if cls in _PATHS:
            return ["p", cls.__name__, str(value)]
        if issubclass(cls, type):
            return self._objects.class_expr(value)
        if issubclass(cls, BaseException):
            return self._exception(value, cls)
        if cls.__module__ in {"builtins", "collections"}:
            return self._objects.export(value)
        kind = kind_of(cls)
        if kind is not None:
            return self._shared(value, kind)
        exported = self._objects.export(value)
        base = plain_base(cls)
        if base is None or exported[0] != "h":
            return exported
        return ["v", exported[1], exported[2], self.expr(_BASE_VALUE[base](value))]

    def _exception(self, value: BaseException, cls: type) -> Expr:
        name = known_exception(cls)
        cause = value.__cause__
        rest = [self.expr(value.args), None if cause is None else self.expr(cause)]
        if name is not None:
            return ["x", name, *rest, {k: self.expr(v) for k, v in _attributes(value)}]
        exported = self._objects.export(value)
        return ["e", exported[1], exported[2], *rest] if exported[0] == "h" else exported

    def _shared(self, value: Any, kind: Kind) -> Expr:
        number = self._heap.number_of(value)
        if number is None:
            number = self._heap.add(value, kind)
            self._waiting.append((number, value, kind, kind.read(value)))
        return ["n", number]

    def _freeze(self, top: Any) -> Expr:
        """Add a tuple or frozenset, those that it holds first."""
        stack = [top]
        while stack:
            value = stack[-1]
            if id(value) in self._frozen:
                stack.pop()
                continue
            waiting = [x for x in value if type(x) in _IMMUTABLE and id(x) not in self._frozen]
            if waiting:
                stack.extend(waiting)
                continue
            stack.pop()
            content = [self.expr(x) for x in value]
            number = -1 - len(self._frozen)
            self._frozen[id(value)] = number
            self._kept.append(value)
            self.nodes.append([number, _IMMUTABLE[type(value)], content, None])
        return ["n", self._frozen[id(top)]]


_SCALARS: Final = (int, float, bool, str, bytes, type(None))


def _is_attribute(name: Any) -> bool:
    """Whether an exception may be given an attribute of this name."""
    return isinstance(name, str) and (name == "__notes__" or not name.startswith("_"))


def _attributes(error: BaseException) -> Iterator[tuple[str, Any]]:
    """The plain attributes of an exception beside its arguments."""
    named = {"filename": error.filename} if isinstance(error, OSError) else {}
    for name, value in {**named, **vars(error)}.items():
        items = value if type(value) in (list, tuple) else (value,)
        if _is_attribute(name) and all(type(item) in _SCALARS for item in items):
            yield name, value


def _date_expr(packer: Packer, value: Any) -> Expr:
    zone = getattr(value, "tzinfo", None)
    offset = None if zone is None else value.utcoffset()
    if zone is not None and (offset is None or type(zone) is not dt.timezone):
        return packer._objects.export(value)
    kind = type(value).__name__
    if kind == "timedelta":
        return ["t", kind, [value.days, value.seconds, value.microseconds]]
    if kind == "timezone":
        gap = value.utcoffset(None)
        return ["t", kind, [gap.days, gap.seconds, gap.microseconds]]
    return ["t", kind, value.isoformat(), getattr(value, "fold", 0)]


_WRITERS: Final[dict[type, Callable[[Packer, Any], Expr]]] = {
    bytes: lambda _, v: ["b", v.decode("latin-1")],
    complex: lambda _, v: ["z", v.real, v.imag],
    range: lambda p, v: ["r", p.expr(v.start), p.expr(v.stop), p.expr(v.step)],
    slice: lambda p, v: ["S", p.expr(v.start), p.expr(v.stop), p.expr(v.step)],
    type(...): lambda _p, _v: ["E"],
    type(NotImplemented): lambda _p, _v: ["N"],
    decimal.Decimal: lambda _, v: ["D", str(v)],
    fractions.Fraction: lambda p, v: ["F", p.expr(v.numerator), p.expr(v.denominator)],
    dt.date: _date_expr,
    dt.time: _date_expr,
    dt.datetime: _date_expr,
    dt.timedelta: _date_expr,
    dt.timezone: _date_expr,
    uuid.UUID: lambda _, v: ["u", v.hex],
    type({}.keys()): lambda p, v: ["K", 0, p.expr(list(v))],
    type({}.values()): lambda p, v: ["K", 1, p.expr(list(v))],
    type({}.items()): lambda p, v: ["K", 2, p.expr(list(v))],
    re.Pattern: lambda p, v: ["R", p.expr(v.pattern), int(v.flags)],
}
_BASE_VALUE: Final[dict[type, Callable[[Any], Any]]] = {
    bool: bool.__bool__,
    int: int.__int__,
    float: float.__float__,
    complex: lambda v: complex(complex.real.__get__(v), complex.imag.__get__(v)),
    str: str.__str__,
    bytes: lambda v: bytes.__getitem__(v, slice(None)),
    tuple: lambda v: tuple(tuple.__iter__(v)),
    frozenset: lambda v: frozenset(frozenset.__iter__(v)),
}


class Unpacker:
    """Rebuilds the values of one message.

    Args:
        objects: The peer that the message reached.
        nodes: The message's nodes.

    Raises:
        ProtocolFaultError: Whatever is wrong with them; nothing else is raised for a message.
    """

    def __init__(self, objects: Objects, nodes: list[Node]) -> None:
        self._objects = objects
        self._heap = objects.heap
        self._frozen: dict[int, Any] = {}
        try:
            self._read(nodes)
        except (
            TypeError,
            ValueError,
            KeyError,
            IndexError,
            AttributeError,
            OverflowError,
        ) as error:
            raise ProtocolFaultError(f"a malformed node: {error}") from None

    def _read(self, nodes: list[Node]) -> None:
        for number, tag, _, extra in nodes:
            if number > 0 and self._heap.get(number) is None:
                kind = _KIND_BY_TAG[tag]
                self._heap.add(self._shell(kind, extra), kind, number)
        for number, tag, content, _ in nodes:
            if number < 0:
                items = [self.value(x) for x in content]
                self._frozen[number] = tuple(items) if tag == "t" else frozenset(items)
        for number, _, content, extra in nodes:
            if number > 0:
                value, kind = self._heap.get(number), self._heap.kind(number)
                if kind.type is collections.defaultdict and type(extra) is list:
                    value.default_factory = self.value(extra)
                self._heap.overwrite(number, [self.value(x) for x in content])

    def _shell(self, kind: Kind, extra: Expr) -> Any:
        if type(extra) is list and extra[0] == "h":
            return self._objects.mirror(extra[1], extra[2])
        if kind.type is collections.deque:
            return collections.deque(maxlen=extra)
        return array.array(extra) if kind.type is array.array else kind.type()

    def value(self, expr: Expr) -> Any:
        """The value of an expression."""
        if type(expr) is not list:
            return self._objects.no_number() if expr != expr else expr
        try:
            return _READERS[expr[0]](self, expr)
        except (
            TypeError,
            ValueError,
            KeyError,
            IndexError,
            AttributeError,
            OverflowError,
        ) as error:
            raise ProtocolFaultError(f"a malformed value: {error}") from None
        except (
            decimal.InvalidOperation,
            re.error,
            ZeroDivisionError,
            RecursionError,
            MemoryError,
        ) as error:
            raise ProtocolFaultError(f"a malformed value: {error}") from None

    def node(self, number: int) -> Any:
        """A container by its number."""
        if number < 0:
            return self._frozen[number]
        value = self._heap.get(number)
        if value is None:
            raise KeyError(number)
        return value

    def derived(self, expr: Expr) -> Any:
        """The value of an expression ``v``."""
        plain = self.value(expr[3])
        return plain if plain != plain else self._objects.mirror(expr[1], expr[2], plain)

    def exception(self, expr: Expr) -> BaseException:
        """The exception of an expression ``x`` or ``e``."""
        told, cause = expr[2:4] if expr[0] == "x" else expr[3:5]
        args = self.value(told)
        if expr[0] == "x":
            cls = known_class(expr[1])
            if cls is None or not issubclass(cls, BaseException):
                raise KeyError(expr[1])
            try:
                raised = cls(*args)
            except Exception:  # noqa: BLE001
                raised = cls.__new__(cls)
                raised.args = args
            for key, value in expr[4].items():
                if _is_attribute(key):
                    setattr(raised, key, self.value(value))
        else:
            raised = self._objects.mirror(expr[1], expr[2], args)
        if cause is not None:
            raised.__cause__ = self.value(cause)
        return raised


def _class(unpacker: Unpacker, expr: Expr) -> Any:
    found = known_class(expr[1])
    if found is None:
        raise KeyError(expr[1])
    return found


def _view(unpacker: Unpacker, expr: Expr) -> Any:
    content = unpacker.value(expr[2])
    if type(content) is not list:
        raise TypeError("a view of what is no list")
    if expr[1] == 0:
        return dict.fromkeys(content).keys()
    return dict(enumerate(content)).values() if expr[1] == 1 else dict(content).items()


def _date(_: Unpacker, expr: Expr) -> Any:
    kind, content = expr[1], expr[2]
    if kind == "timedelta":
        return dt.timedelta(*content)
    if kind == "timezone":
        return dt.timezone(dt.timedelta(*content))
    classes: dict[str, Any] = {
        "date": dt.date,
        "time": dt.time,
        "datetime": dt.datetime,
    }
    cls = classes[kind]
    value = cls.fromisoformat(content)
    return value.replace(fold=expr[3]) if expr[3] and kind != "date" else value


_READERS: Final[dict[str, Callable[[Unpacker, Expr], Any]]] = {
    "n": lambda u, e: u.node(e[1]),
    "i": lambda _, e: int(e[1], 16),
    "b": lambda _, e: e[1].encode("latin-1"),
    "z": lambda _, e: complex(e[1], e[2]),
    "r": lambda u, e: range(u.value(e[1]), u.value(e[2]), u.value(e[3])),
    "S": lambda u, e: slice(u.value(e[1]), u.value(e[2]), u.value(e[3])),
    "E": lambda _u, _e: ...,
    "N": lambda _u, _e: NotImplemented,
    "D": lambda _, e: decimal.Decimal(e[1]),
    "F": lambda u, e: fractions.Fraction(u.value(e[1]), u.value(e[2])),
    "K": _view,
    "t": _date,
    "u": lambda _, e: uuid.UUID(hex=e[1]),
    "p": lambda _, e: {cls.__name__: cls for cls in _PATHS}[e[1]](e[2]),
    "R": lambda u, e: re.compile(u.value(e[1]), e[2] & ~re.DEBUG),
    "h": lambda u, e: u._objects.mirror(e[1], e[2], None, e[3]),
    "v": lambda u, e: u.derived(e),
    "o": lambda u, e: u._objects.own(e[1]),
    "c": lambda u, e: u._objects.mirror_class(e[1]),
    "w": lambda u, e: u._objects.own_class(e[1]),
    "C": _class,
    "x": lambda u, e: u.exception(e),
    "e": lambda u, e: u.exception(e),
    "f": lambda u, e: u._objects.function(e[1]),
}
