"""What the candidate may do with an object of the test that was handed to it.

A call-back may be called, and nothing else: its ``__globals__`` lead to the expected values. An
object of a class that the test defines has its attributes, without those that lead to the
interpreter's insides. A mock records calls and cannot be told to forget them. Whatever else a test
hands over, it does not cross, and the test is not supported.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import functools
import io
import sys
import types
from collections.abc import Iterator, KeysView, ValuesView
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.judging.rules import RefusedError
from provenir.environments.judging.special import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TEST_MODULE", "Exports"]

TEST_MODULE: Final = "test_solution"
"""Name of the module that the test's code runs in."""

_FUNCTIONS: Final = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodDescriptorType,
    types.MethodWrapperType, types.WrapperDescriptorType, functools.partial,
    functools._lru_cache_wrapper,
)  # fmt: skip
_STEPS: Final = frozenset(["__next__", "__iter__", "send", "throw", "close"])
_WRAPPED: Final = (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)
_STREAM_METHODS: Final = frozenset(
    [
        "read",
        "readline",
        "readlines",
        "write",
        "writelines",
        "seek",
        "tell",
        "getvalue",
        "close",
        "flush",
        "truncate",
        "closed",
        "readable",
        "writable",
        "seekable",
        "__next__",
        "__iter__",
        "__enter__",
        "__exit__",
    ]
)
_STREAMS: Final = (io.StringIO, io.BytesIO)
_ITERATES: Final = frozenset({"__next__", "__iter__", "__len__", "__contains__", "__reversed__"})


_COMPARED: Final = frozenset({"__eq__", "__ne__", "__hash__"})


def _mock_type() -> type | None:
    module = sys.modules.get("unittest.mock")
    return None if module is None else module.NonCallableMock


def _is_mock(value: Any) -> bool:
    found = _mock_type()
    return found is not None and isinstance(value, found)


def _is_of_test(cls: type) -> bool:
    return cls.__module__ == TEST_MODULE and not _is_test_case(cls)


def _is_test_case(cls: type) -> bool:
    module = sys.modules.get("unittest")
    return module is not None and issubclass(cls, module.TestCase)


def _of_functions(op: str, _target: Any, name: str) -> bool:
    return op == "call" or (op == "op" and name == "__call__")


def _of_steps(op: str, _target: Any, name: str) -> bool:
    return (op == "method" and name in _STEPS) or op == "await"


def _of_iterators(op: str, _target: Any, name: str) -> bool:
    return op == "op" and name in _ITERATES


def _of_streams(op: str, _target: Any, name: str) -> bool:
    return op in {"get", "method", "op"} and name in _STREAM_METHODS


def _of_mocks(op: str, target: Any, name: str) -> bool:
    if op == "call" or (op == "op" and name == "__call__"):
        return True
    if op == "op":
        return name in OPERATIONS and name not in _COMPARED and hasattr(type(target), name)
    own = name.startswith("_") or name in dir(_mock_type())
    return op in {"get", "set", "method"} and not own and not name.startswith("assert")


def _of_classes(op: str, _target: Any, name: str) -> bool:
    return op == "call" or (op in {"get", "method"} and not name.startswith("__"))


def _is_kept(target: Any, name: str) -> bool:
    """Whether a private name is one that the methods of the test's class keep for themselves."""
    if not name.startswith("_"):
        return False
    methods = [
        value
        for cls in type(target).__mro__
        if cls.__module__ == TEST_MODULE
        for key, value in vars(cls).items()
        if isinstance(value, types.FunctionType) and key != "__init__"
    ]
    return any(name in method.__code__.co_names for method in methods)


def _of_instances(op: str, target: Any, name: str) -> bool:
    if op == "op":
        return name in OPERATIONS
    if op in {"get", "set", "del"} and _is_kept(target, name):
        return False
    if op in {"get", "method"}:
        return not name.startswith("__") or (op == "method" and name == "__init__")
    if op in {"set", "del"}:
        # A method of the test's class is not replaced on one of its objects.
        return not name.startswith("__") and not callable(getattr(type(target), name, None))
    return op in {"call", "await"}


def _rule_for(value: Any) -> Callable[[str, Any, str], bool] | None:
    """What may be done with a value, or None where it must not cross."""
    cls = type(value)
    if isinstance(value, type):
        return _of_classes if _is_of_test(value) else None
    if isinstance(value, _FUNCTIONS):
        return _of_functions
    if isinstance(value, _WRAPPED):
        return _of_steps
    if _is_mock(value):
        return _of_mocks
    if isinstance(value, _STREAMS):
        return _of_streams
    if _is_of_test(cls):
        return _of_instances
    if cls.__module__ in {"builtins", "itertools", "collections"} and isinstance(
        value, Iterator | KeysView | ValuesView | map | filter | zip
    ):
        return _of_iterators
    return None


class Exports:
    """The rules.

    Attributes:
        denied: Times the candidate asked for what it may not have.
        changed: Ids of objects of the test whose attributes it set.
    """

    def __init__(self) -> None:
        self.denied = 0
        self.changed: set[int] = set()

    def export(self, value: Any) -> None:
        """Let an object cross.

        Raises:
            RefusedError: This kind of object does not cross; the test is not supported.
        """
        if _rule_for(value) is None:
            cls = type(value)
            raise RefusedError(
                "unsupported_test",
                f"the test hands over a {cls.__module__}.{cls.__qualname__}, which cannot cross",
            )

    def serve(self, op: str, target: Any, name: str) -> None:
        """Let the candidate do something to an object of the test.

        Raises:
            AttributeError: It may not.
        """
        rule = _rule_for(target)
        if rule is None or not rule(op, target, name):
            self.denied += 1
            raise AttributeError(f"{type(target).__name__!r} object has no attribute {name!r}")
        if op in {"set", "del"}:
            self.changed.add(id(target))
