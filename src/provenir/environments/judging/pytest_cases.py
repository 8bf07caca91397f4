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

from provenir.environments.judging.pytest_fixtures import BUILT_IN_FIXTURES
from provenir.environments.judging.pytest_shim import Fixture, Marked, marks_of
from provenir.environments.judging.rules import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Unavailable", "cases_of", "is_skipped"]

_MAX_CASES: Final = 10_000
_LEAVES_OUT: Final = frozenset({"skip", "xfail"})
_PARAM: Final = "parameter of "
_NO_PARAM: Final = object()
_SHARED: Final = "__provenir_fixtures__"


class Unavailable(Exception):  # noqa: N818 - a question that has no answer, not a failure
    """No fixture has this name."""


def is_skipped(value: Any) -> bool:
    """Whether a test is marked to be left out."""
    return any(
        mark.name in _LEAVES_OUT or (mark.name == "skipif" and mark.args and mark.args[0])
        for mark in marks_of(value)
    )


def cases_of(
    value: Any, name: str, scope: dict[str, Any], given: Callable[[str], Any]
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
    choices = [list(_rows(mark)) for mark in reversed(marks)]
    choices += _choices(function, cls, scope)
    combined = itertools.product(*choices)
    for place, rows in enumerate(itertools.islice(combined, _MAX_CASES)):
        values = {key: value for row in rows for key, value in row.items()}
        label = f"{name}[{place}]" if choices else name
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


def _fixtures(scope: Mapping[str, Any], cls: type | None) -> dict[str, Fixture]:
    """The fixtures of a module and of a class, by their names."""
    holders = [scope, *(vars(c) for c in reversed(cls.__mro__ if cls else ()))]
    return {
        value.name or key: value
        for holder in holders
        for key, value in list(holder.items())
        if isinstance(value, Fixture)
    }


def _used(function: Callable[..., Any], cls: type | None, known: Mapping[str, Fixture]) -> set[str]:
    """Names of the fixtures that a test takes, directly or through others."""
    waiting = [*_parameters(function), *_marked(function, cls)]
    waiting += [name for name, fixture in known.items() if fixture.autouse]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in known and name not in found:
            found.add(name)
            waiting += _parameters(known[name].function)
    return found


def _marked(function: Any, cls: type | None) -> list[str]:
    marks = [m for m in (*marks_of(cls), *marks_of(function)) if m.name == "usefixtures"]
    return [str(name) for mark in marks for name in mark.args]


def _choices(
    function: Callable[..., Any], cls: type | None, scope: Mapping[str, Any]
) -> list[list[dict[str, Any]]]:
    """What the fixtures of a test with parameters may be, each under a name of its own."""
    known = _fixtures(scope, cls)
    return [
        [{f"{_PARAM}{name}": row["param"]} for row in _rows(Marked("", ("param", fixture.params)))]
        for name, fixture in known.items()
        if fixture.params and name in _used(function, cls, known)
    ]


def _parameters(function: Callable[..., Any]) -> list[str]:
    """Names of the parameters that are to be filled in; a patch fills in those that it adds."""
    parameters = list(inspect.signature(function).parameters.values())
    if parameters and parameters[0].name in {"self", "cls"}:
        parameters = parameters[1:]
    patches = [p for p in getattr(function, "patchings", ()) if _adds_argument(p)]
    wanted = parameters[len(patches) :]
    return [p.name for p in wanted if p.default is p.empty and p.kind in (0, 1, 3)]


def _adds_argument(patch: Any) -> bool:
    from unittest.mock import DEFAULT

    return patch.new is DEFAULT and patch.attribute_name is None


class Request:
    """The fixture `request`, as far as fixtures need it."""

    def __init__(self, case: _Case, owner: Any, stack: ExitStack, param: Any) -> None:
        self._case, self._owner, self._stack = case, owner, stack
        self.instance, self.cls = owner, type(owner) if owner is not None else None
        if param is not _NO_PARAM:
            self.param = param

    def addfinalizer(self, action: Callable[[], Any]) -> None:
        """Call something when the test has ended."""
        self._stack.callback(action)

    def getfixturevalue(self, name: str) -> Any:
        """The value of another fixture."""
        return self._case._fixture(name, self._owner, self._stack)


class _Case:
    """One call of a test function."""

    def __init__(
        self,
        function: Callable[..., Any],
        cls: type | None,
        values: dict[str, Any],
        scope: dict[str, Any],
        given: Callable[[str], Any],
    ) -> None:
        self._function = function
        self._cls = cls
        self._values = values
        self._scope = scope
        self._given = given
        self._made: dict[str, Any] = {}
        self._shared: dict[Any, Any] = scope.setdefault(_SHARED, {})

    def __call__(self) -> None:
        """Set up, call, tear down."""
        with ExitStack() as stack:
            owner = self._cls() if self._cls else None
            if owner is not None:
                for hook in ("setup_class", "setup_method"):
                    _call_hook(owner, hook, self._function)
                stack.callback(_call_hook, owner, "teardown_method", self._function)
            autouse = [name for name, f in _fixtures(self._scope, self._cls).items() if f.autouse]
            for name in (*autouse, *_marked(self._function, self._cls)):
                self._fixture(name, owner, stack)
            names = _parameters(self._function)
            arguments = {name: self._fixture(name, owner, stack) for name in names}
            result = self._function(*([owner] if owner is not None else []), **arguments)
            if inspect.iscoroutine(result):
                asyncio.run(result)

    def _fixture(self, name: str, owner: Any, stack: ExitStack) -> Any:
        if name in self._values:
            return self._values[name]
        if name in self._made:
            return self._made[name]
        found = _fixtures(self._scope, self._cls).get(name)
        if found is not None:
            value = self._shared_or_made(name, found, owner, stack)
        elif name in BUILT_IN_FIXTURES:
            value = stack.enter_context(BUILT_IN_FIXTURES[name]())
        else:
            try:
                value = self._given(name)
            except Unavailable:
                raise RefusedError("unsupported_test", f"no fixture is called {name}") from None
        self._made[name] = value
        return value

    def _shared_or_made(self, name: str, found: Fixture, owner: Any, stack: ExitStack) -> Any:
        if not found.shared or found.params:
            return self._from_fixture(name, found, owner, stack)
        if found not in self._shared:
            # For all tests of the module: it ends with the module, not with this test.
            self._shared[found] = self._from_fixture(name, found, owner, ExitStack())
        return self._shared[found]

    def _from_fixture(self, name: str, fixture: Fixture, owner: Any, stack: ExitStack) -> Any:
        bound = next(iter(inspect.signature(fixture.function).parameters), "") == "self"
        param = self._values.get(f"{_PARAM}{name}", _NO_PARAM)
        arguments = {
            wanted: Request(self, owner, stack, param)
            if wanted == "request"
            else self._fixture(wanted, owner, stack)
            for wanted in _parameters(fixture.function)
        }
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
