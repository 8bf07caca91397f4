"""Test functions in pytest's style: parameters, fixtures, classes without a base.

What pytest does with a function that a test file is made of, for the part of pytest that tests of
programs use; whatever else a test asks for makes it unsupported.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.judging.pytest_shim import BUILT_IN_FIXTURES, Fixture, Marked, marks_of
from provenir.environments.judging.rules import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Unavailable", "cases_of", "is_skipped"]

_MAX_CASES: Final = 10_000
_LEAVES_OUT: Final = frozenset({"skip", "xfail"})


class Unavailable(Exception):  # noqa: N818 - a question that has no answer, not a failure
    """No fixture has this name."""


def is_skipped(value: Any) -> bool:
    """Whether a test is marked to be left out."""
    return any(
        mark.name in _LEAVES_OUT or (mark.name == "skipif" and mark.args and mark.args[0])
        for mark in marks_of(value)
    )


def cases_of(
    value: Any, name: str, scope: Mapping[str, Any], given: Callable[[str], Any]
) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield what a test function is called with, once for each set of parameters.

    Args:
        value: The function, or the class whose method `name` names.
        name: ``function`` or ``Class.method``.
        scope: The module's names, where fixtures are looked for.
        given: What a parameter means that is no fixture; raises `Unavailable`.
    """
    cls = value if isinstance(value, type) else None
    function = getattr(value, name.rpartition(".")[2]) if cls else value
    if not callable(function) or is_skipped(function):
        return
    marks = [m for m in (*marks_of(function), *marks_of(cls)) if m.name == "parametrize"]
    combined = itertools.product(*(list(_rows(mark)) for mark in reversed(marks)))
    for place, rows in enumerate(itertools.islice(combined, _MAX_CASES)):
        values = {key: value for row in rows for key, value in row.items()}
        label = f"{name}[{place}]" if marks else name
        yield label, _Case(function, cls, values, scope, given)


def _rows(mark: Marked) -> Iterator[dict[str, Any]]:
    names, rows = mark.args[:2]
    if isinstance(names, str):
        names = [part.strip() for part in names.split(",") if part.strip()]
    for row in rows:
        if isinstance(row, Marked):
            if any(m.name in _LEAVES_OUT for m in row.kwargs.get("marks", ())):
                continue
            row = row.args if len(names) > 1 else row.args[0]
        yield dict(zip(names, row, strict=True)) if len(names) > 1 else {names[0]: row}


class _Case:
    """One call of a test function."""

    def __init__(
        self,
        function: Callable[..., Any],
        cls: type | None,
        values: dict[str, Any],
        scope: Mapping[str, Any],
        given: Callable[[str], Any],
    ) -> None:
        self._function = function
        self._cls = cls
        self._values = values
        self._scope = scope
        self._given = given
        self._made: dict[str, Any] = {}

    def __call__(self) -> None:
        """Set up, call, tear down."""
        with ExitStack() as stack:
            owner = self._cls() if self._cls else None
            if owner is not None:
                for hook in ("setup_class", "setup_method"):
                    _call_hook(owner, hook, self._function)
                stack.callback(_call_hook, owner, "teardown_method", self._function)
            for name, fixture in self._fixtures(owner):
                if fixture.autouse:
                    self._fixture(name, owner, stack)
            arguments = self._arguments(self._function, owner, stack, skip=owner is not None)
            result = self._function(*([owner] if owner is not None else []), **arguments)
            if inspect.iscoroutine(result):
                asyncio.run(result)

    def _fixtures(self, owner: Any) -> Iterator[tuple[str, Fixture]]:
        for holder in (dict(self._scope), {} if owner is None else vars(type(owner))):
            for key, value in holder.items():
                if isinstance(value, Fixture):
                    yield value.name or key, value

    def _arguments(
        self, function: Callable[..., Any], owner: Any, stack: ExitStack, *, skip: bool
    ) -> dict[str, Any]:
        parameters = list(inspect.signature(function).parameters.values())[skip:]
        wanted = [p.name for p in parameters if p.default is p.empty and p.kind in (0, 1, 3)]
        return {name: self._fixture(name, owner, stack) for name in wanted}

    def _fixture(self, name: str, owner: Any, stack: ExitStack) -> Any:
        if name in self._values:
            return self._values[name]
        if name in self._made:
            return self._made[name]
        found = dict(self._fixtures(owner)).get(name)
        if found is not None:
            value = self._from_fixture(found, owner, stack)
        elif name in BUILT_IN_FIXTURES:
            value = stack.enter_context(BUILT_IN_FIXTURES[name]())
        else:
            try:
                value = self._given(name)
            except Unavailable:
                raise RefusedError("unsupported_test", f"no fixture is called {name}") from None
        self._made[name] = value
        return value

    def _from_fixture(self, fixture: Fixture, owner: Any, stack: ExitStack) -> Any:
        bound = next(iter(inspect.signature(fixture.function).parameters), "") == "self"
        arguments = self._arguments(fixture.function, owner, stack, skip=bound)
        made = fixture.function(*([owner] if bound else []), **arguments)
        if not inspect.isgenerator(made) or not inspect.isgeneratorfunction(fixture.function):
            return made
        value = next(made)
        stack.callback(lambda: next(made, None))
        return value


def _call_hook(owner: Any, name: str, function: Callable[..., Any]) -> None:
    hook = getattr(owner, name, None)
    if hook is not None:
        takes = len(inspect.signature(hook).parameters)
        hook(*([function] if takes else []))
