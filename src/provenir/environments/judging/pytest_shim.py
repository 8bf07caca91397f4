"""The part of pytest that tests of programs use, for a place where pytest is not.

Only names and behaviour that pytest documents: `raises`, `approx`, `mark`, `fixture`, `param`,
`fail`, `skip`, `importorskip`, and the fixtures `capsys`, `monkeypatch` and `tmp_path`.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import contextlib
import io
import math
import pathlib
import re
import sys
import tempfile
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from provenir.environments.judging.rules import RefusedError

if TYPE_CHECKING:
    from provenir.environments.judging.counting import Count

__all__ = ["BUILT_IN_FIXTURES", "Fixture", "Marked", "marks_of", "pytest_module"]

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


def _fixture(function: Any = None, *, name: Any = None, autouse: bool = False, **_: Any) -> Any:
    if function is None:
        return lambda decorated: Fixture(decorated, name, autouse)
    return Fixture(function, name, autouse)


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

    def __enter__(self) -> ExceptionInfo:
        self._count.start()
        return self._info

    def __exit__(self, cls: Any, error: Any, _trace: Any) -> bool:
        if cls is None:
            raise AssertionError(f"did not raise {self._expected}")
        if not isinstance(error, self._expected):
            return False
        self._info.value, self._info.type = error, cls
        if self._match is not None:
            self._info.match(self._match)
        self._count.complete()
        return True


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


class _Capture:
    def __init__(self) -> None:
        self._streams: list[io.StringIO] = []
        self._restart()

    def _restart(self) -> None:
        self._streams = [io.StringIO(), io.StringIO()]
        sys.stdout, sys.stderr = self._streams

    def readouterr(self) -> Any:
        """What was written since the last time, as ``(out, err)``."""
        read = _Captured(*(stream.getvalue() for stream in self._streams))
        self._restart()
        return read


class _Captured(NamedTuple):
    out: str
    err: str


@contextlib.contextmanager
def _capsys() -> Iterator[_Capture]:
    kept = sys.stdout, sys.stderr
    try:
        yield _Capture()
    finally:
        sys.stdout, sys.stderr = kept


class _Patches:
    """The fixture `monkeypatch`."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], Any]] = []

    def setattr(self, target: Any, name: Any, value: Any = ..., raising: bool = True) -> None:
        """Set an attribute until the test ends."""
        if value is ...:
            import pkgutil

            place, _, attribute = target.rpartition(".")
            target, name, value = pkgutil.resolve_name(place), attribute, name
        try:
            old = getattr(target, name)
        except AttributeError:
            if raising:
                raise
            self._undo.append(lambda: delattr(target, name))
        else:
            self._undo.append(lambda: setattr(target, name, old))
        setattr(target, name, value)

    def setitem(self, target: Any, key: Any, value: Any) -> None:
        """Set an item until the test ends."""
        old = dict(target)
        self._undo.append(lambda: (target.clear(), target.update(old)))
        target[key] = value

    def undo(self) -> None:
        """Take everything back."""
        while self._undo:
            self._undo.pop()()


@contextlib.contextmanager
def _monkeypatch() -> Iterator[_Patches]:
    patches = _Patches()
    try:
        yield patches
    finally:
        patches.undo()


@contextlib.contextmanager
def _tmp_path() -> Iterator[pathlib.Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield pathlib.Path(folder)


BUILT_IN_FIXTURES: Final[dict[str, Callable[[], Any]]] = {
    "capsys": _capsys,
    "monkeypatch": _monkeypatch,
    "tmp_path": _tmp_path,
}


def _fail(reason: str = "", **_: Any) -> None:
    raise AssertionError(reason)


def _skip(reason: str = "", **_: Any) -> None:
    raise RefusedError("unsupported_test", f"the test leaves itself out: {reason}")


def pytest_module(count: Count) -> types.ModuleType:
    """The module that ``import pytest`` gives; its checks are counted."""
    module = types.ModuleType("pytest")

    def raises(expected: Any, *args: Any, match: str | None = None, **kwargs: Any) -> Any:
        context = _Raises(count, expected, match)
        if not args:
            return context
        with context as info:
            args[0](*args[1:], **kwargs)
        return info

    def importorskip(name: str, *_: Any, **__: Any) -> Any:
        raise RefusedError("unsupported_test", f"the test needs {name}")

    members = {
        "raises": raises, "approx": Approx, "mark": _Marks(), "fixture": _fixture, "fail": _fail,
        "skip": _skip, "importorskip": importorskip, "main": lambda *_, **__: 0,
        "param": lambda *args, **kwargs: Marked("param", args, kwargs),
        "ExceptionInfo": ExceptionInfo, "MonkeyPatch": _Patches,
    }  # fmt: skip
    for name, value in members.items():
        setattr(module, name, value)
    return module
