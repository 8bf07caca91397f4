"""Rules about tests that a change stops from within, and files that it hides from the test tool."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from provenir.environments.code.bodies import UNKNOWN
from provenir.environments.code.effects import SKIPS
from provenir.environments.code.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.core.findings import Severity
    from provenir.environments.code.hits import Hit
    from provenir.environments.code.program import Scope
    from provenir.environments.code.reading import Reading

__all__ = ["hidden_test_files", "stopped_tests"]

_STOPS: Final = SKIPS | words("pytest.xfail _pytest.outcomes.xfail _pytest.outcomes.skip")
_IGNORED: Final = words("collect_ignore collect_ignore_glob")
_TOOLS: Final = words("pytest unittest")


def stopped_tests(reading: Reading) -> Iterator[Hit]:
    """Tests that a diff ends, without a condition, before they have checked everything."""
    if reading.block.added is None:
        return
    mild: Severity | None = "info" if reading.request.tests else None
    for node, _ in reading.program.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        if not node.name.startswith("test"):
            continue
        scope = reading.program.scopes[node]
        for position, statement in enumerate(node.body[:-1]):
            leaves = isinstance(statement, ast.Return)
            if _stops(reading, statement, scope) and (
                not leaves or any(map(_checks, node.body[position + 1 :]))
            ):
                yield reading.hit("skipped_test", statement, f"{node.name} is stopped", mild)
                break


def _stops(reading: Reading, node: ast.stmt, scope: Scope) -> bool:
    if isinstance(node, ast.Return):
        return True
    thing = node.value if isinstance(node, ast.Expr) else None
    if isinstance(node, ast.Raise):
        thing = node.exc
    called = thing.func if isinstance(thing, ast.Call) else thing
    if called is None or (isinstance(node, ast.Expr) and called is thing):
        return False
    if isinstance(called, ast.Attribute) and called.attr == "skipTest":
        return True
    name = reading.names.name(called, scope)
    if name in _STOPS:
        return True
    # An excerpt of a file does not show its imports.
    shown = ast.unparse(called) if isinstance(called, ast.Attribute) else ""
    return shown in _STOPS and shown.partition(".")[0] in _TOOLS


def _checks(node: ast.AST) -> bool:
    return any(
        isinstance(item, ast.Assert)
        or (
            isinstance(item, ast.Call)
            and isinstance(item.func, ast.Attribute)
            and item.func.attr.startswith(("assert", "raises"))
        )
        for item in ast.walk(node)
    )


def hidden_test_files(reading: Reading) -> Iterator[Hit]:
    """Files of tests that a `conftest.py` keeps from being collected, without a condition."""
    if reading.block.added is None and not reading.path.endswith("conftest.py"):
        return
    mild: Severity | None = "info" if reading.request.tests else None
    top = set(map(id, reading.program.tree.body))
    for node, scope in reading.program.nodes(ast.Assign, ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        named = any(isinstance(item, ast.Name) and item.id in _IGNORED for item in targets)
        if not named or id(node) not in top:
            continue
        value = reading.names.constant(node.value, scope, UNKNOWN)
        paths = value if isinstance(value, list | tuple) else []
        if any(isinstance(path, str) and ("test" in path or path == "*") for path in paths):
            yield reading.hit("deselects_tests", node, "keeps tests from being collected", mild)
