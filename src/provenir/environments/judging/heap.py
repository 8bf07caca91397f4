"""Mutable containers that both sides of a channel hold.

A list that a test hands to the candidate is one list to the test's author: what the candidate does
to it is seen by the test afterwards. Two processes share no memory, so each keeps a copy under the
same number, and every message carries the containers that changed since the last one. Whether one
changed is seen by the identity of its elements, so a large container that nobody touches costs a
scan and no traffic.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import array
import collections
import sys
from operator import is_
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["KINDS", "KIND_BY_TYPE", "Heap", "Kind", "kind_of"]


class Kind(NamedTuple):
    """One type of container: how it is made, read and overwritten.

    `fill` and `read` go through the methods of the type itself, so that a subclass which overrides
    them is read and written as what it is underneath.
    """

    tag: str
    type: type
    read: Callable[[Any], Any]
    """Its content: a flat tuple of elements; of a mapping keys, then values."""
    fill: Callable[[Any, Any], None]
    """Replace its content by what `read` gave."""


def _read_mapping(value: Any) -> tuple[Any, ...]:
    return (*dict.keys(value), *dict.values(value))


def _fill_mapping(value: Any, content: Any) -> None:
    half = len(content) // 2
    dict.clear(value)
    dict.update(value, zip(content[:half], content[half:], strict=True))


def _read_ordered(value: Any) -> tuple[Any, ...]:
    ordered = collections.OrderedDict
    return (*ordered.keys(value), *ordered.values(value))


def _fill_ordered(value: Any, content: Any) -> None:
    half = len(content) // 2
    collections.OrderedDict.clear(value)
    for key, item in zip(content[:half], content[half:], strict=True):
        collections.OrderedDict.__setitem__(value, key, item)


def _fill_list(value: Any, content: Any) -> None:
    list.__setitem__(value, slice(None), content)


def _fill_set(value: Any, content: Any) -> None:
    set.clear(value)
    set.update(value, content)


def _fill_deque(value: Any, content: Any) -> None:
    collections.deque.clear(value)
    collections.deque.extend(value, content)


def _fill_bytes(value: Any, content: Any) -> None:
    bytearray.__setitem__(value, slice(None), bytes(content))


def _fill_array(value: Any, content: Any) -> None:
    value[:] = array.array(value.typecode, content)


KINDS: Final = (
    Kind("l", list, lambda value: tuple(list.__iter__(value)), _fill_list),
    Kind("od", collections.OrderedDict, _read_ordered, _fill_ordered),
    Kind("ct", collections.Counter, _read_mapping, _fill_mapping),
    Kind("dd", collections.defaultdict, _read_mapping, _fill_mapping),
    Kind("d", dict, _read_mapping, _fill_mapping),
    Kind("s", set, lambda value: tuple(set.__iter__(value)), _fill_set),
    Kind("q", collections.deque, lambda v: tuple(collections.deque.__iter__(v)), _fill_deque),
    Kind("ba", bytearray, lambda value: tuple(bytearray.__iter__(value)), _fill_bytes),
    Kind("a", array.array, tuple, _fill_array),
)
"""Most special first: the kind of a subclass is the first whose type it derives from."""

KIND_BY_TYPE: Final = {kind.type: kind for kind in KINDS}


def kind_of(cls: type) -> Kind | None:
    """The kind of a type or of what it derives from."""
    found = KIND_BY_TYPE.get(cls)
    if found is None:
        mro = type.__dict__["__mro__"].__get__(cls)
        found = next((kind for kind in KINDS if kind.type in mro), None)
    return found


def _lost(before: tuple[Any, ...], after: list[Any]) -> bool:
    """Whether elements went or came, rather than changed their places."""
    if len(before) != len(after):
        return True
    return collections.Counter(map(_trace, before)) != collections.Counter(map(_trace, after))


def _trace(value: Any) -> Any:
    """What an element is recognised by: itself, or its identity where it has no hash."""
    return id(value) if type(value).__hash__ is None else value


class _Entry:
    __slots__ = ("kind", "synced", "value")

    def __init__(self, value: Any, kind: Kind) -> None:
        self.value = value
        self.kind = kind
        self.synced: tuple[Any, ...] | None = None


class Heap:
    """The containers of one side.

    Args:
        first: Number of the first container that this side adds; the two sides use 2 and 1, and
            count in steps of two.
        prunes: Whether this side forgets containers that nothing else refers to, and says so.

    Attributes:
        altered: Ids of containers of this side that the other side put elements in or out of.
    """

    def __init__(self, *, first: int, prunes: bool) -> None:
        self._next = first
        self._prunes = prunes
        self._own = first
        self.altered: set[int] = set()
        self._entries: dict[int, _Entry] = {}
        self._numbers: dict[int, int] = {}

    def number_of(self, value: Any) -> int | None:
        """The number of a container; None for one that is not shared yet."""
        return self._numbers.get(id(value))

    def get(self, number: int) -> Any:
        """The container with a number, or None."""
        entry = self._entries.get(number)
        return None if entry is None else entry.value

    def kind(self, number: int) -> Kind:
        """What kind of container has a number."""
        return self._entries[number].kind

    def add(self, value: Any, kind: Kind, number: int | None = None) -> int:
        """Share a container, under a new number or one that the other side gave."""
        if number is None:
            number = self._next
            self._next += 2
        self._entries[number] = _Entry(value, kind)
        self._numbers[id(value)] = number
        return number

    def overwrite(self, number: int, content: list[Any]) -> None:
        """Give a container the content that the other side says it has."""
        entry = self._entries[number]
        if number % 2 == self._own % 2 and _lost(entry.kind.read(entry.value), content):
            self.altered.add(id(entry.value))
        entry.kind.fill(entry.value, content)
        self.settle(number, entry.kind.read(entry.value))

    def settle(self, number: int, content: tuple[Any, ...]) -> None:
        """Note that both sides now hold this content."""
        self._entries[number].synced = content

    def changed(self) -> Iterator[tuple[int, Any, Kind, tuple[Any, ...]]]:
        """Yield the containers that differ from what the other side holds, with their content."""
        for number, entry in list(self._entries.items()):
            content = entry.kind.read(entry.value)
            synced = entry.synced
            if synced is None or len(content) != len(synced) or not all(map(is_, content, synced)):
                yield number, entry.value, entry.kind, content

    def forgotten(self) -> list[int]:
        """Forget containers that nothing but this heap refers to, and return their numbers."""
        if not self._prunes:
            return []
        # The entry's own reference and the argument of getrefcount.
        gone = [n for n, e in self._entries.items() if sys.getrefcount(e.value) <= 2]
        self.drop(gone)
        return gone

    def drop(self, numbers: list[int]) -> None:
        """Stop sharing containers."""
        for number in numbers:
            entry = self._entries.pop(number, None)
            if entry is not None:
                self._numbers.pop(id(entry.value), None)
