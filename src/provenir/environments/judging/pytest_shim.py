"""The part of pytest that tests of programs use, for a place where pytest is not.

Only names and behaviour that pytest documents: `raises`, `approx`, `mark`, `fixture`, `param`,
`warns`, `fail`, `skip`, `importorskip`; its fixtures are in `pytest_fixtures`.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import math
import re
import types
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from provenir.environments.judging.pytest_fixtures import Patches
from provenir.environments.judging.rules import RefusedError

if TYPE_CHECKING:
    from provenir.environments.judging.counting import Count

__all__ = ["Fixture", "Marked", "marks_of", "pytest_module"]

_REL: Final = 1e-6
_ABS: Final = 1e-12


class Marked:
    """A mark on a test, or a set of parameters with marks."""

    def __init__(self, name: str, args: tuple[Any, ...] = (), kwargs: Any = None) -> None:
        self.name = name
        self.args = args
        self.kwargs = dict(kwargs or {})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Mark a test, or take what the mark says."""
        if not self.args and not kwargs and len(args) == 1 and _is_test(args[0]):
            return self._put_on(args[0])
        if self.args or self.kwargs:
            return self._put_on(args[0])
        return Marked(self.name, args, kwargs)

    def _put_on(self, test: Any) -> Any:
        test._marks = [*marks_of(test), self]
        return test


def _is_test(value: Any) -> bool:
    return isinstance(value, types.FunctionType | type)


def marks_of(value: Any) -> list[Marked]:
    """The marks on a function or class."""
    return list(getattr(value, "_marks", ()))


class _Marks:
    def __getattr__(self, name: str) -> Marked:
        return Marked(name)


class Fixture(NamedTuple):
    """A function that makes what a parameter stands for."""

    function: Callable[..., Any]
    name: str | None
    autouse: bool
    params: tuple[Any, ...] = ()
    shared: bool = False


def _fixture(
    function: Any = None,
    *,
    scope: Any = "function",
    params: Any = None,
    autouse: bool = False,
    name: Any = None,
    **_: Any,
) -> Any:
    shared = scope in {"module", "session", "package"}

    def made(decorated: Callable[..., Any]) -> Fixture:
        return Fixture(decorated, name, autouse, tuple(params or ()), shared)

    return made if function is None else made(function)


class ExceptionInfo:
    """What was raised in a block under `raises`."""

    def __init__(self) -> None:
        self.value: Any = None
        self.type: Any = None

    def match(self, pattern: str) -> bool:
        """Whether the message matches; an assertion error if not."""
        if not re.search(pattern, str(self.value)):
            raise AssertionError(f"the message does not match {pattern!r}")
        return True


class _Raises:
    def __init__(self, count: Count, expected: Any, match: str | None) -> None:
        self._count = count
        self._expected = expected
        self._match = match
        self._info = ExceptionInfo()
        self._begun = 0

    def __enter__(self) -> ExceptionInfo:
        self._count.start()
        self._begun = self._count.begun()
        return self._info

    def __exit__(self, cls: Any, error: Any, _trace: Any) -> bool:
        if cls is None:
            raise AssertionError(f"did not raise {self._expected}")
        if not isinstance(error, self._expected):
            return False
        self._info.value, self._info.type = error, cls
        self._count.give_up(error, self._begun)
        if self._match is not None:
            self._info.match(self._match)
        self._count.complete()
        return True


_DEPRECATIONS: Final = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)


class _Warns(warnings.catch_warnings):
    """A block in which a warning is expected."""

    def __init__(self, count: Count, expected: Any, match: str | None) -> None:
        super().__init__(record=True)
        self._count, self._expected, self._match = count, expected, match
        self._caught: Any = []

    def __enter__(self) -> Any:
        self._count.start()
        self._caught = super().__enter__()
        warnings.simplefilter("always")
        return self._caught

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        if error[0] is not None:
            return
        fitting = [w.message for w in self._caught if issubclass(w.category, self._expected)]
        if not any(re.search(self._match or "", str(message)) for message in fitting):
            raise AssertionError(f"did not warn of {self._expected}")
        self._count.complete()


class Approx:
    """A number, or numbers, equal within a tolerance."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        expected: Any,
        rel: Any = None,
        abs: Any = None,
        nan_ok: Any = False,
    ) -> None:
        self._expected = expected
        self._rel, self._abs, self._nan_ok = rel, abs, nan_ok

    def __eq__(self, actual: object) -> bool:
        expected = self._expected
        if isinstance(expected, Mapping):
            return (
                isinstance(actual, Mapping)
                and expected.keys() == actual.keys()
                and all(self._within(actual[key], expected[key]) for key in expected)
            )
        if isinstance(expected, Sequence) and not isinstance(expected, str | bytes):
            return (
                isinstance(actual, Sequence)
                and len(actual) == len(expected)
                and all(map(self._within, actual, expected))
            )
        return self._within(actual, expected)

    def _within(self, actual: Any, expected: Any) -> bool:
        if not _is_number(expected) or not _is_number(actual):
            return type(actual) is type(expected) and bool(actual == expected)
        if expected != expected:
            return bool(self._nan_ok and actual != actual)
        if actual == expected:
            return True
        if isinstance(expected, float | int) and math.isinf(expected):
            return False
        relative = None if self._abs is not None and self._rel is None else self._rel or _REL
        allowed = max(self._abs or _ABS, 0 if relative is None else relative * abs(expected))
        return bool(abs(actual - expected) <= allowed)

    def __repr__(self) -> str:
        return f"approx({self._expected!r})"


def _is_number(value: Any) -> bool:
    from decimal import Decimal
    from fractions import Fraction

    return isinstance(value, int | float | complex | Decimal | Fraction) and value is not True


def _skip(reason: str = "", **_: Any) -> None:
    raise RefusedError("unsupported_test", f"the test leaves itself out: {reason}")


def pytest_module(count: Count) -> types.ModuleType:
    """The module that ``import pytest`` gives; its checks are counted."""
    module = types.ModuleType("pytest")

    def raises(expected_exception: Any, *args: Any, match: str | None = None, **kwargs: Any) -> Any:
        context = _Raises(count, expected_exception, match)
        if not args:
            return context
        with context as info:
            args[0](*args[1:], **kwargs)
        return info

    def fail(reason: str = "", **_: Any) -> None:
        count.start()
        raise AssertionError(reason)

    def importorskip(name: str, *_: Any, **__: Any) -> Any:
        raise RefusedError("unsupported_test", f"the test needs {name}")

    members = {
        "raises": raises, "approx": Approx, "mark": _Marks(), "fixture": _fixture, "fail": fail,
        "skip": _skip, "importorskip": importorskip, "main": lambda *_, **__: 0,
        "param": lambda *args, **kwargs: Marked("param", args, kwargs),
        "ExceptionInfo": ExceptionInfo, "MonkeyPatch": Patches,
        "warns": lambda expected=Warning, match=None: _Warns(count, expected, match),
        "deprecated_call": lambda match=None: _Warns(count, _DEPRECATIONS, match),
    }  # fmt: skip
    for name, value in members.items():
        setattr(module, name, value)
    return module
