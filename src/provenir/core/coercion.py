"""Walking any Python value into a JSON-safe one, and remembering what was lost on the way.

The values come out of other people's training loops, so nothing about them is trusted: not
`__class__`, not `__iter__` of a subclass, not `repr`. Exact built-in types are read directly,
subclasses of built-in types through the built-in type's own methods, everything else inside a
guard. `core.plain` is the door to this module.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import enum
import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from typing import Any, Final, TypeAlias
from uuid import UUID

import orjson

from provenir.core.limits import MAX_DEPTH, MAX_SAFE_INTEGER
from provenir.core.text import printable

__all__ = ["Fault", "PlainValue", "coerce", "element_count", "free_name", "well_formed"]

PlainValue: TypeAlias = "bool | int | float | str | list[PlainValue] | dict[str, PlainValue] | None"
"""What `coerce` returns: values that JSON holds without loss, text without lone surrogates."""

_MAX_REPR_CHARS: Final = 1_000
_MAX_INTEGER_BITS: Final = 13_000  # some 3,900 digits: below Python's own limit for `str`
_MAX_PLACES: Final = 5
_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")
_BUILTIN_RESULTS: Final = (bool, int, float, str, list, bytes, dt.datetime, dt.date, dt.timedelta)


@dataclasses.dataclass(slots=True)
class Fault:
    """One kind of loss: how often it occurred and the first places where it did."""

    count: int = 0
    places: list[str] = dataclasses.field(default_factory=list)
    types: list[str] = dataclasses.field(default_factory=list)


def coerce(value: Any, *, max_depth: int, max_nodes: int) -> tuple[PlainValue, dict[str, Fault]]:
    """Return a JSON-safe value and what was lost, by kind. May raise only on exhaustion.

    Args:
        value: Anything.
        max_depth: Most nested containers kept; at most 200.
        max_nodes: Most values kept.

    Raises:
        RecursionError: The caller stands too deep in the stack already.
        MemoryError: There is no memory for the copy.
    """
    walk = _Walk(max_depth=min(max_depth, MAX_DEPTH), max_nodes=max_nodes)
    return walk.value(value, 0), walk.faults


def well_formed(text: str) -> str:
    """Return `text` with each lone surrogate replaced by U+FFFD and each pair joined."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def element_count(value: Any) -> int | None:
    """Return how many elements an array-like has by its shape, or None where it has no shape."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and all(isinstance(size, int) for size in shape):
        return math.prod(shape)
    return None


class _Walk:
    """One traversal: a budget of nodes, the containers being open, and the faults so far."""

    __slots__ = ("_max_depth", "_nodes_left", "_open", "_path", "faults")

    def __init__(self, *, max_depth: int, max_nodes: int) -> None:
        self.faults: dict[str, Fault] = {}
        self._max_depth = max_depth
        self._nodes_left = max_nodes
        self._open: set[int] = set()
        self._path: list[object] = []

    def value(self, value: Any, depth: int) -> PlainValue:
        self._nodes_left -= 1
        kind = type(value)
        if value is None or kind is bool:
            return value  # type: ignore[no-any-return]
        if kind is str:
            return self._text(value)
        if kind is float:
            return self._float(value)
        if kind is int:
            return self._int(value)
        if kind is dict:
            return self._container(value, depth, self._object, value.items())
        if kind is list or kind is tuple:
            return self._container(value, depth, self._array, value)
        try:
            return self._other(value, kind, depth)
        except Exception:  # noqa: BLE001 - foreign code: any fault of it becomes a finding
            return self._lose("unreadable", _type_name(kind))

    def _text(self, text: str) -> str:
        clean = well_formed(text)
        if clean is not text and clean != text:
            self._lose("replaced_surrogates")
        return clean

    def _float(self, number: float) -> PlainValue:
        # NaN and the infinities are the only floats that do not subtract to zero.
        return number if number - number == 0.0 else self._lose("nonfinite")

    def _int(self, number: int) -> PlainValue:
        if -MAX_SAFE_INTEGER <= number <= MAX_SAFE_INTEGER:
            return number
        self._lose("big_integer")
        bits = number.bit_length()
        return str(number) if bits <= _MAX_INTEGER_BITS else f"<integer of {bits} bits>"

    def _container(
        self,
        value: Any,
        depth: int,
        build: Callable[[Iterable[Any], int], PlainValue],
        content: Iterable[Any],
    ) -> PlainValue:
        if depth >= self._max_depth:
            return self._lose("too_deep")
        mark = id(value)
        if mark in self._open:
            return self._lose("cycle")
        self._open.add(mark)
        try:
            return build(content, depth + 1)
        finally:
            self._open.discard(mark)

    def _array(self, items: Iterable[Any], depth: int) -> PlainValue:
        result: list[PlainValue] = []
        path = self._path
        for index, item in enumerate(items):
            if self._nodes_left <= 0:
                self._lose("too_large")
                break
            path.append(index)
            try:
                result.append(self.value(item, depth))
            finally:
                path.pop()
        return result

    def _object(self, items: Iterable[tuple[Any, Any]], depth: int) -> PlainValue:
        result: dict[str, PlainValue] = {}
        numbers: dict[str, int] = {}
        path = self._path
        # A list first: another thread may change the dict while foreign code runs below.
        for key, item in list(items):
            if self._nodes_left <= 0:
                self._lose("too_large")
                break
            path.append(key)
            try:
                name = self._key(key, depth)
                if name in result:
                    self._lose("key_collision")
                    name = free_name(name, result, numbers)
                result[name] = self.value(item, depth)
            finally:
                path.pop()
        return result

    def _key(self, key: Any, depth: int) -> str:
        kind = type(key)
        if kind is str:
            return self._text(key)
        if kind is float:
            return repr(key)
        plain = self.value(key, depth)
        if isinstance(plain, str):
            return plain
        return orjson.dumps(plain).decode("utf-8")

    def _other(self, value: Any, kind: type, depth: int) -> PlainValue:
        # issubclass on the type: isinstance would ask the object's own __class__.
        if issubclass(kind, str):
            return self._text(str.__str__(value))
        if issubclass(kind, int):
            return self._int(int.__int__(value))
        if issubclass(kind, float):
            return self._float(float.__float__(value))
        if issubclass(kind, dict):
            return self._container(value, depth, self._object, dict.items(value))
        for base in _SEQUENCES:
            if issubclass(kind, base):
                return self._container(value, depth, self._array, list(base.__iter__(value)))
        for base in _SETS:
            if issubclass(kind, base):
                items = self._container(value, depth, self._array, list(base.__iter__(value)))
                return sorted(items, key=orjson.dumps) if isinstance(items, list) else items
        if issubclass(kind, (bytes, bytearray)):
            self._lose("converted_type", _type_name(kind))
            return "base64:" + base64.b64encode(value).decode("ascii")
        for bases, convert in _SCALARS:
            if issubclass(kind, bases):
                return self.value(convert(value), depth)
        return self._foreign(value, kind, depth)

    def _foreign(self, value: Any, kind: type, depth: int) -> PlainValue:
        """Read what is no built-in type: arrays, mappings, dataclasses, else its `repr`."""
        count = element_count(value)
        if count is not None and count > self._nodes_left:
            self._lose("too_large", _type_name(kind))
            return f"<{_type_name(kind)} of shape {tuple(value.shape)}>"
        for method in ("tolist", "item"):
            found, result = _call(value, method)
            if found:
                return self.value(result, depth)
        if isinstance(value, Mapping):
            return self._container(value, depth, self._object, value.items())
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = [(f.name, getattr(value, f.name)) for f in dataclasses.fields(value)]
            return self._container(value, depth, self._object, fields)
        self._lose("converted_type", _type_name(kind))
        if callable(value) and (name := _qualified_name(value)):
            return self._text(name)
        # Without the address, which no other process would write.
        text = _ADDRESS.sub("", str.__str__(repr(value)))
        return self._text(text[:_MAX_REPR_CHARS])

    def _lose(self, kind: str, type_name: str | None = None) -> PlainValue:
        """Record one loss and return null, which stands for what cannot be kept."""
        fault = self.faults.setdefault(kind, Fault())
        fault.count += 1
        if len(fault.places) < _MAX_PLACES:
            fault.places.append(_place(self._path))
        if type_name and type_name not in fault.types and len(fault.types) < _MAX_PLACES:
            fault.types.append(type_name)
        return None


def _place(path: list[object]) -> str:
    parts = ["$"]
    for step in path[-16:]:
        if type(step) is int:
            parts.append(f"[{step}]")
        else:
            name = step if type(step) is str else _type_name(type(step))
            parts.append("." + printable(name, max_chars=60))
    return "".join(parts)


def _type_name(kind: type) -> str:
    try:
        return printable(f"{kind.__module__}.{kind.__qualname__}", max_chars=120)
    except Exception:  # noqa: BLE001 - a metaclass may refuse even its name
        return "an unnamed type"


def _qualified_name(value: Any) -> str | None:
    """The name under which a function or class is imported, where it has one."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    return f"{module}.{name}" if type(module) is str and type(name) is str else None


def _call(value: Any, method: str) -> tuple[bool, Any]:
    """Call a converting method that the object may have; say whether it gave a built-in value."""
    convert = getattr(value, method, None)
    if not callable(convert) or isinstance(value, type):
        return False, None
    try:
        result = convert()
    except Exception:  # noqa: BLE001 - not that kind of object; another way of reading is left
        return False, None
    return type(result) in _BUILTIN_RESULTS, result


def free_name(name: str, taken: Mapping[str, object], numbers: dict[str, int]) -> str:
    """A name that is not taken: `name#2` and so on; `numbers` remembers how far each has come."""
    number = numbers.get(name, 2)
    while f"{name}#{number}" in taken:
        number += 1
    numbers[name] = number + 1
    return f"{name}#{number}"


def _fraction(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


_SEQUENCES: Final[tuple[type[Any], ...]] = (list, tuple, deque)
_SETS: Final[tuple[type[Any], ...]] = (set, frozenset)

# Types that have one obvious plain form; datetime is a date.
_SCALARS: Final[tuple[tuple[tuple[type, ...], Callable[[Any], Any]], ...]] = (
    ((enum.Enum,), lambda member: member._value_),
    ((dt.datetime, dt.date, dt.time), lambda moment: moment.isoformat()),
    ((dt.timedelta,), lambda span: span.total_seconds()),
    ((Decimal,), float),
    ((Fraction,), _fraction),
    ((PurePath, UUID), str),
)
