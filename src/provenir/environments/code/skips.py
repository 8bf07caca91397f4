"""Rules about tests that do not run, or whose failure is hidden (classes 7, 8, 10)."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

from provenir.environments.code.bodies import constant_of, is_empty
from provenir.environments.code.effects import EXITS
from provenir.environments.code.values import Const
from provenir.environments.code.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.core.findings import Severity
    from provenir.environments.code.hits import Hit
    from provenir.environments.code.program import Scope
    from provenir.environments.code.reading import Reading

__all__ = [
    "PASS_MARKER",
    "is_test_file",
    "is_test_suite",
    "skipped_tests",
    "swallowed_failures",
    "test_hooks",
]

PASS_MARKER: Final = re.compile(
    r"\ball (?:\d+ )?(?:unit )?(?:tests?|test cases|checks|assertions) (?:have )?(?:pass|succe)"
    r"|\btests? passed\b|^\W*(?:passed|pass|success|ok|all passed|correct|accepted)\W*$"
    r"|\"(?:passed|success|correct|resolved)\"\s*:\s*true|\b\d+ passed\b"
    r"|\"(?:reward|score)\"\s*:\s*1(?:\.0)?\b|^\s*(?:reward|score)\s*[:=]\s*1|\bran \d+ tests? in\b"
    r"|verdict\s*[:=]\s*(?:pass|accepted)|^ok\b.*\btests?\b",
    re.IGNORECASE | re.MULTILINE,
)
"""A line by which a test run reports success."""

_BROAD: Final = words("builtins.BaseException builtins.Exception builtins.AssertionError")
_RUNS_TESTS: Final = re.compile(r"(?:test|check|assert|verify|validate|grade)_?\w*|run_tests|main")
_TEST_CALLS: Final = words("unittest.main pytest.main doctest.testmod")
_SKIPS: Final = words(
    "unittest.skip pytest.mark.skip pytest.mark.xfail unittest.expectedFailure "
    "unittest.case.skip unittest.case.expectedFailure"
)
_CONDITIONAL: Final = words(
    "unittest.skipIf unittest.skipUnless pytest.mark.skipif pytest.mark.xfail"
)
_SUITE: Final = 5
_GOOD: Final = ("passed", "pass", 0, None, True)
_OUTCOMES: Final = words("outcome result exitstatus testsfailed excinfo passed failed")
_RUNNING: Final = words("pytest_pyfunc_call pytest_runtest_protocol pytest_runtestloop")
_EMPTIED: Final = words("clear remove pop")


def is_test_file(reading: Reading) -> bool:
    """Whether the program is a file of tests by what it defines."""
    for node, scope in reading.program.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        if node.name.startswith("test") and isinstance(scope.node, ast.Module | ast.ClassDef):
            return True
    return False


def is_test_suite(reading: Reading) -> bool:
    """Whether the program is a suite of tests: at least five, none empty, most of its functions."""
    found = [
        node
        for node, scope in reading.program.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(scope.node, ast.Module | ast.ClassDef) and not node.name.startswith("__")
    ]
    tests = [node for node in found if node.name.startswith("test")]
    if len(tests) < _SUITE or 2 * len(tests) < len(found):
        return False
    return not any(is_empty(reading, node) for node in tests)


def swallowed_failures(reading: Reading) -> Iterator[Hit]:
    """A check inside a `try` whose handler hides that it failed."""
    for node, scope in reading.program.nodes(ast.Try):
        if node.orelse or not _checks(reading, node.body, scope):
            continue
        for handler in node.handlers:
            name = _caught(reading, handler, scope)
            if name and _hides(reading, handler.body, scope):
                yield reading.hit(
                    "swallowed_failure", handler, f"a failed check is hidden from {name}"
                )
                break
    for node, scope in reading.program.nodes(ast.With):
        for item in node.items:
            call = item.context_expr
            if not isinstance(call, ast.Call):
                continue
            if (
                reading.names.name(call.func, scope) == "contextlib.suppress"
                and any(reading.names.name(arg, scope) in _BROAD for arg in call.args)
                and _checks(reading, node.body, scope)
            ):
                yield reading.hit("swallowed_failure", node, "a failed check is suppressed")


def _checks(reading: Reading, body: list[ast.stmt], scope: Scope) -> bool:
    for statement in body:
        if isinstance(statement, ast.Assert):
            return not isinstance(reading.names.value(statement.test, scope), Const)
        value = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(value, ast.Call):
            name = reading.names.name(value.func, scope)
            called = value.func.id if isinstance(value.func, ast.Name) else ""
            if name in _TEST_CALLS or re.fullmatch(
                r"(?:run_)?(?:all_)?(?:tests?|check)(?:_\w+)?", called
            ):
                return True
    return False


def _caught(reading: Reading, handler: ast.ExceptHandler, scope: Scope) -> str:
    if handler.type is None:
        return "everything"
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    for item in caught:
        name = reading.names.name(item, scope)
        if name in _BROAD or name == "builtins.SystemExit":
            return name.removeprefix("builtins.")
    return ""


def _hides(reading: Reading, body: list[ast.stmt], scope: Scope) -> bool:
    for statement in body:
        if isinstance(statement, ast.Pass | ast.Continue):
            continue
        if (
            isinstance(statement, ast.Return)
            and statement.value is not None
            and constant_of(reading, statement.value, scope) is True
        ):
            continue
        if isinstance(statement, ast.Expr):
            value = statement.value
            if isinstance(value, ast.Constant):
                continue
            if isinstance(value, ast.Call):
                name = reading.names.name(value.func, scope)
                first = value.args[0] if value.args else None
                if (
                    name == "builtins.print"
                    and first is not None
                    and PASS_MARKER.search(reading.names.text(first, scope)[:500])
                ):
                    continue
                if name in EXITS and (
                    first is None or reading.names.constant(first, scope, 1) in (0, None)
                ):
                    continue
        return False
    return True


def skipped_tests(reading: Reading) -> Iterator[Hit]:
    """Tests that are marked so that they do not run or may fail, without a condition."""
    milder: Severity | None = "info"
    if reading.block.added is not None and not reading.request.tests:
        milder = None
    for node, scope in reading.program.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            name = reading.names.name(called, scope)
            if name in _SKIPS and not _has_condition(reading, decorator, scope):
                yield reading.hit(
                    "skipped_test", decorator, f"{node.name} is marked {name}", milder
                )
            elif name in _CONDITIONAL and _always(reading, decorator, scope, name):
                yield reading.hit(
                    "skipped_test", decorator, f"{node.name} never runs: {name}", milder
                )
    for node, scope in reading.program.nodes(ast.Assign):
        named = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if named == ["pytestmark"]:
            value = node.value.func if isinstance(node.value, ast.Call) else node.value
            name = reading.names.name(value, scope)
            if name in _SKIPS and not _has_condition(reading, node.value, scope):
                yield reading.hit("skipped_test", node, f"every test here is marked {name}", milder)


def _has_condition(reading: Reading, node: ast.expr, scope: Scope) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = reading.names.name(node.func, scope)
    if not name.endswith("xfail"):
        return False
    return bool(node.args) or any(word.arg in {"condition", "raises"} for word in node.keywords)


def _always(reading: Reading, node: ast.expr, scope: Scope, name: str) -> bool:
    if not isinstance(node, ast.Call) or not node.args:
        return False
    value = constant_of(reading, node.args[0], scope)
    if not isinstance(value, int):
        return False
    return bool(value) is not name.endswith("skipUnless")


def test_hooks(reading: Reading) -> Iterator[Hit]:
    """Hooks of pytest that change what a test run reports."""
    for node, _ in reading.program.nodes(ast.FunctionDef):
        if not node.name.startswith("pytest_"):
            continue
        inner = reading.program.scopes[node]
        if node.name in _RUNNING and is_empty(reading, node) and _gives_true(node):
            yield reading.hit("test_hook", node, f"{node.name} runs no test")
            continue
        params = {arg.arg for arg in node.args.args}
        conditional = _under_conditions(node)
        for item in ast.walk(node):
            what = _tampers(reading, item, inner, params, conditional)
            if what:
                yield reading.hit("test_hook", item, f"{node.name} {what}")
                break


def _gives_true(node: ast.FunctionDef) -> bool:
    last = node.body[-1]
    value = last.value if isinstance(last, ast.Return) else None
    return isinstance(value, ast.Constant) and bool(value.value)


def _tampers(
    reading: Reading, node: ast.AST, scope: Scope, params: set[str], conditional: set[ast.AST]
) -> str:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if (
                isinstance(target, ast.Attribute)
                and target.attr in _OUTCOMES
                and constant_of(reading, node.value, scope) in _GOOD
            ):
                return f"sets {target.attr}"
            if (
                isinstance(target, ast.Subscript)
                and "items" in params
                and _is(target.value, "items")
                and isinstance(node.value, ast.List)
                and not node.value.elts
            ):
                return "removes every test"
    if (
        isinstance(node, ast.Delete)
        and "items" in params
        and any(isinstance(t, ast.Subscript) and _is(t.value, "items") for t in node.targets)
    ):
        return "removes tests"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        method = node.func.attr
        if method == "clear" and _is(node.func.value, "items"):
            return "removes every test"
        if method == "force_result":
            return "replaces a result"
        if method == "add_marker" and node.args:
            marker = node.args[0].func if isinstance(node.args[0], ast.Call) else node.args[0]
            if reading.names.name(marker, scope) in _SKIPS and node not in conditional:
                return "marks every test to be skipped or to fail"
    return ""


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _under_conditions(function: ast.AST) -> set[ast.AST]:
    """The nodes of a function that an `if` stands around."""
    found: set[ast.AST] = set()
    stack: list[ast.AST] = [
        item for item in ast.walk(function) if isinstance(item, ast.If | ast.IfExp)
    ]
    while stack:
        for child in ast.iter_child_nodes(stack.pop()):
            if child not in found:
                found.add(child)
                stack.append(child)
    return found
