"""Running a test's source in the judge: its top level, its functions, its classes.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import inspect
import re
import sys
import types
import unittest
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.judging.exports import TEST_MODULE
from provenir.environments.judging.instrument import COUNTER, Source, instrument
from provenir.environments.judging.mutation import mutated
from provenir.environments.judging.naming import subject_builtin
from provenir.environments.judging.peer import ORIGIN
from provenir.environments.judging.pytest_cases import Unavailable, cases_of, is_skipped
from provenir.environments.judging.rules import RefusedError
from provenir.environments.judging.tools import borrowed
from provenir.environments.judging.wire import ChannelClosedError, ProtocolFaultError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provenir.environments.judging.counting import Count
    from provenir.environments.judging.naming import Importer

__all__ = ["Harness", "Unit"]

_METHOD_OF_NEW: Final = re.compile(r"(\w+)\(\)\.(\w+)")
_OVER_BUDGET: Final = 400


@dataclass(slots=True)
class Unit:
    """One piece of a test that held or did not.

    Attributes:
        name: What it is called.
        reason: ``ok``, or one word for why not.
        detail: One sentence.
        line: Line in the test's source; 0 where there is none.
        checks: Checks that were completed in it.
    """

    name: str
    reason: str = "ok"
    detail: str = ""
    line: int = 0
    checks: int = 0


class Harness:
    """Runs test sources one after another.

    Args:
        importer: What names mean.
        count: Where checks are counted, or what stands in for that.
        entry_point: What ``check(candidate)`` and parameters called ``candidate`` are given.
        guessed: Whether the entry point is a guess from the program rather than the dataset's word.
        known: Names that the candidate's program defines.
        watch_blocks: Told the ``with`` blocks of each source.

    Attributes:
        control: Whether sources run with other expectations; see `mutation`.
        units: What came of each piece of the tests.
        unreached: Assertions that had to be reached, and were not.
    """

    def __init__(
        self,
        importer: Importer,
        count: Any,
        *,
        entry_point: str,
        guessed: bool,
        known: frozenset[str],
        watch_blocks: Callable[[list[tuple[int, int, int]]], None],
    ) -> None:
        self._watch_blocks = watch_blocks
        self._importer = importer
        self._count = count
        self._entry_point = entry_point
        self._known = known
        self.guessed = guessed
        self.control = False
        self.units: list[Unit] = []
        self.unreached: list[str] = []

    def run(self, source: str, label: str) -> None:
        """Run one source; what came of it stands in `units`."""
        try:
            prepared = instrument(source)
            tree = mutated(source, prepared.program) if self.control else prepared.tree
            code = compile(tree, "<test>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            self.units.append(Unit(label, "invalid_test", f"the test is not Python: {error}"))
            return
        self._count.watch(prepared.sites)
        self._watch_blocks(prepared.blocks)
        module = types.ModuleType(TEST_MODULE)
        module.__dict__["__builtins__"] = self._importer.names
        module.__dict__[COUNTER] = self._count
        sys.modules[TEST_MODULE] = module
        if not self._unit("names", lambda: self._bind(source, prepared, module.__dict__)):
            return
        self.units.pop()
        ran = {""}
        if self._unit(label, lambda: exec(code, module.__dict__)):  # noqa: S102
            for name, action in self._found(prepared, module):
                ran.add(name.partition("[")[0].rpartition(".")[2])
                if action is not None:
                    self._unit(name, action)
        self._note_unreached(prepared, ran)

    def _bind(self, source: str, prepared: Source, scope: dict[str, Any]) -> None:
        """Settle whose the names are that the test uses and does not define."""
        builtin = vars(builtins)
        tree = ast.parse(source)
        free = [name for name in prepared.free if name not in builtin]
        entry = "" if self.guessed else self._entry_point
        found = borrowed(tree, free, entry, self._importer.shims)
        scope.update(found)
        self._importer.subject_known = bool(set(free) - set(found)) or prepared.takes_candidate
        subjects = {entry} - {""}
        if not free and not prepared.takes_program and not subjects:
            subjects = {subject_builtin(tree)}
        for name in subjects & self._known:
            if name in builtin:
                self._importer.names.lookup(name)

    def _found(
        self, prepared: Source, module: types.ModuleType
    ) -> Iterator[tuple[str, Callable[[], Any] | None]]:
        """The tests of a module; None stands for one that reports by itself."""
        if "check" in prepared.functions and "check" not in prepared.called:
            yield "check", lambda: _finish(module.__dict__["check"](self.entry()))
        scope = module.__dict__
        for name in prepared.functions:
            if name.startswith("test") and name not in prepared.called:
                yield from cases_of(scope.get(name), name, scope, self._given)
        for name in prepared.classes:
            cls = scope.get(name)
            if isinstance(cls, type) and issubclass(cls, unittest.TestCase):
                self._run_cases(cls)
                for method in dir(cls):
                    yield method, None
            elif isinstance(cls, type) and name.startswith("Test") and not is_skipped(cls):
                for method in [m for m in vars(cls) if m.startswith("test")]:
                    yield from cases_of(cls, f"{name}.{method}", scope, self._given)

    def _given(self, parameter: str) -> Any:
        """What a parameter of a test function means that no fixture provides."""
        if parameter in {"candidate", "solution", "func", self._entry_point}:
            return self.entry()
        raise Unavailable(parameter)

    def entry(self) -> Any:
        """The function under test.

        Raises:
            RefusedError: Nobody says which it is.
        """
        names = self._importer.names
        method = _METHOD_OF_NEW.fullmatch(self._entry_point)
        try:
            if method:
                return getattr(names.lookup(method[1])(), method[2])
            first, *rest = self._entry_point.split(".")
            value = names.lookup(first)
            for name in rest:
                value = getattr(value, name)
        except AttributeError:
            raise NameError(f"name {self._entry_point!r} is not defined") from None
        return value

    def _unit(self, name: str, action: Callable[[], Any]) -> bool:
        before = self._count.completed
        unit = Unit(name)
        try:
            action()
        except BaseException as error:  # noqa: BLE001
            self._explain(unit, error)
        unit.checks = self._count.completed - before
        self.units.append(unit)
        return unit.reason == "ok"

    def _explain(self, unit: Unit, error: BaseException) -> None:
        unit.reason, unit.detail, unit.line = explained(error)
        site = self._count.failed
        if unit.reason == "failed_assertion" and site is not None:
            unit.line = site.line
            unit.detail = f"line {site.line} of the test does not hold: {site.text}"

    def _run_cases(self, cls: type[unittest.TestCase]) -> None:
        suite = unittest.defaultTestLoader.loadTestsFromTestCase(cls)
        suite.run(_Result(self, self._count))

    def _note_unreached(self, prepared: Source, ran: set[str]) -> None:
        """Assertions that cannot but be reached, and were not: a loop over nothing, say."""
        if any(unit.reason != "ok" for unit in self.units):
            return
        self.unreached += [
            f"line {site.line}: {site.text}"
            for site in prepared.sites
            if site.certain and not site.started and site.owner in ran
        ]


class _Result(unittest.TestResult):
    """Turns what `unittest` says into units."""

    def __init__(self, harness: Harness, count: Count) -> None:
        super().__init__()
        self._harness = harness
        self._count = count
        self._current: Unit | None = None
        self._before = 0

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._current = Unit(test.id().rpartition(f"{TEST_MODULE}.")[2])
        self._before = self._count.completed
        self._harness.units.append(self._current)

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        if self._current is not None:
            self._current.checks = self._count.completed - self._before
        self._current = None

    def _fail(self, error: BaseException | None) -> None:
        unit = self._current
        if unit is None:
            unit = Unit("set up")
            self._harness.units.append(unit)
        if error is not None:
            self._harness._explain(unit, error)

    def addError(self, test: Any, err: Any) -> None:
        self._fail(err[1])

    addFailure = addError

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self._fail(err[1])

    def addSkip(self, test: Any, reason: str) -> None:
        if self._current is None:
            return
        self._current.reason, self._current.detail = "skipped", reason[:_OVER_BUDGET]

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        self._fail(RefusedError("unsupported_test", "a test that is expected to fail"))

    def addUnexpectedSuccess(self, test: Any) -> None:
        self._fail(RefusedError("unsupported_test", "a test that is expected to fail"))


def explained(error: BaseException) -> tuple[str, str, int]:
    """Why a unit failed: one word, one sentence, the line of the test."""
    line, step = 0, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<test>":
            line = step.tb_lineno
        step = step.tb_next
    text = _text(error)
    if isinstance(error, RefusedError):
        return error.reason, text, line
    if isinstance(error, ChannelClosedError):
        return "candidate_died", "the program ended while a test was using it", line
    if isinstance(error, ProtocolFaultError):
        return "protocol_violation", f"the program spoke on the judge's channel: {text}", line
    try:
        at = object.__getattribute__(error, ORIGIN)
    except AttributeError:
        at = None
    if at is not None:
        where = f" ({at})" if at else ""
        return "candidate_error", f"the program raised {type(error).__name__}{where}: {text}", line
    if isinstance(error, AssertionError):
        return "failed_assertion", f"line {line} of the test does not hold: {text}", line
    if isinstance(error, NameError):
        return "missing_name", text, line
    return "test_error", f"{type(error).__name__}: {text}", line


def _text(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())[:_OVER_BUDGET]
    except BaseException:  # noqa: BLE001
        return type(error).__name__


def _finish(result: Any) -> Any:
    """Run a coroutine that a test function turned out to be."""
    return asyncio.run(result) if inspect.iscoroutine(result) else result
