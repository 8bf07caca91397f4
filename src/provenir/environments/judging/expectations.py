"""What a test computes its expectations from.

``assert ordered(values) == sorted(values)`` expects what `values` say when the right side is read,
which is after the program had them. A program that empties what it is given is then expected to
give nothing. So for each assertion we find the names that were handed to the program and that its
expectation reads.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import ast
import sys
from typing import Any, Final

__all__ = ["expectations", "program_names", "reachable"]

_HANDED: Final = frozenset({"candidate", "solution"})
_MAX_REACHED: Final = 5_000
Function = ast.FunctionDef | ast.AsyncFunctionDef


def program_names(tree: ast.Module, free: list[str]) -> set[str]:
    """Names through which a test reaches the program: free ones, imported ones, parameters."""
    names = {*free, *_HANDED}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            for alias in node.names:
                root = (module or alias.name).partition(".")[0]
                if root not in sys.stdlib_module_names and root != "pytest":
                    names.add((alias.asname or alias.name).partition(".")[0])
    return names


def expectations(tree: ast.Module, program: set[str]) -> dict[int, list[str]]:
    """For each assertion, by the id of its node, the names that its expectation reads."""
    found: dict[int, list[str]] = {}
    for scope in ast.walk(tree):
        if isinstance(scope, ast.Module | Function):
            _Scope(set(program), found).read(scope.body)
    return found


class _Scope:
    """One function's statements in their order.

    Args:
        program: Names that reach the program.
        found: Where names are noted.
    """

    def __init__(self, program: set[str], found: dict[int, list[str]]) -> None:
        self._program = program
        self._found = found
        self._results: dict[str, set[str]] = {}

    def read(self, body: list[ast.stmt]) -> None:
        for statement in body:
            if isinstance(statement, Function | ast.ClassDef):
                continue
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                self._assign(statement)
            if isinstance(statement, ast.Assert):
                names = self._read_by_expectation(statement.test)
                if names:
                    self._found[id(statement)] = sorted(names)
            for block in ("body", "orelse", "finalbody"):
                self.read([s for s in getattr(statement, block, ()) if isinstance(s, ast.stmt)])

    def _assign(self, statement: ast.Assign | ast.AnnAssign) -> None:
        value = statement.value
        if value is None:
            return
        taken = self._handed(value)
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            for part in ast.walk(target):
                if isinstance(part, ast.Name):
                    self._results.pop(part.id, None)
                    if taken is not None:
                        self._results[part.id] = taken

    def _handed(self, value: ast.AST) -> set[str] | None:
        """Names handed to the program within an expression; None where nothing of it is called."""
        calls = [n for n in ast.walk(value) if isinstance(n, ast.Call) and self._is_program(n.func)]
        if not calls:
            return None
        arguments = [a for call in calls for a in (*call.args, *(k.value for k in call.keywords))]
        return {part.id for a in arguments for part in ast.walk(a) if isinstance(part, ast.Name)}

    def _is_program(self, function: ast.AST) -> bool:
        while isinstance(function, ast.Attribute | ast.Call):
            function = function.func if isinstance(function, ast.Call) else function.value
        return isinstance(function, ast.Name) and (
            function.id in self._program or function.id in self._results
        )

    def _taken_by(self, side: ast.AST) -> set[str] | None:
        """What was handed over for an answer that a side holds; None where it holds none."""
        taken = self._handed(side)
        for part in ast.walk(side):
            if isinstance(part, ast.Name) and part.id in self._results:
                taken = (taken or set()) | self._results[part.id]
        return taken

    def _read_by_expectation(self, test: ast.expr) -> set[str]:
        found: set[str] = set()
        for node in ast.walk(test):
            if isinstance(node, ast.Compare) and not any(map(_is_identity, node.ops)):
                sides = [node.left, *node.comparators]
                answers = [self._taken_by(side) for side in sides]
                handed = set().union(*(a for a in answers if a is not None))
                for side, answer in zip(sides, answers, strict=True):
                    # The name alone is what became of it, which a test may well ask.
                    if answer is None and not isinstance(side, ast.Name):
                        names = {p.id for p in ast.walk(side) if isinstance(p, ast.Name)}
                        found |= names & handed
        return found


def _is_identity(op: ast.cmpop) -> bool:
    """Whether a comparison asks which object it is, not what it holds."""
    return isinstance(op, ast.Is | ast.IsNot)


def reachable(value: Any, own_module: str) -> set[int]:
    """Ids of a value and of what it holds, as far as that is the test's own."""
    seen: dict[int, Any] = {}
    waiting = [value]
    while waiting and len(seen) < _MAX_REACHED:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen[id(item)] = item
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset):
            waiting += item
        elif type(item).__module__ == own_module:
            waiting += getattr(item, "__dict__", {}).values()
    return set(seen)
