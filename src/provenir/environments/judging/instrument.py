"""Counting assertions: the test's source, with a mark before and behind each of them.

An assertion counts when the statement behind it is reached, so that one which was jumped over,
swallowed or skipped does not. Names that the test uses and nowhere defines are the candidate's.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import ast
import builtins
import sys
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["COUNTER", "Site", "Source", "free_names", "instrument"]

COUNTER: Final = "__provenir_count__"
_BUILTINS: Final = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__"}
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(slots=True)
class Site:
    """One assert statement.

    Attributes:
        line: Its line in the test's source.
        text: Its source, shortened.
        certain: Whether it is reached whenever what it stands in runs to its end: it stands under
            no condition and behind no exit.
        owner: Function that it stands in; empty at the top level.
        started: Times that it began.
        completed: Times that it held.
    """

    line: int
    text: str
    certain: bool
    owner: str
    started: int = 0
    completed: int = 0


@dataclass(slots=True)
class Source:
    """Test code that is ready to run.

    Attributes:
        tree: Its syntax tree, with the counting in it.
        sites: Its assertions, in their order.
        functions: Names of the functions at its top level.
        classes: Names of the classes at its top level.
        called: Names of the functions that the top level calls itself.
        free: Names that it uses and does not define, builtins among them.
        takes_program: Whether it is handed the program, as a parameter or by importing it.
    """

    tree: ast.Module
    sites: list[Site] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    called: set[str] = field(default_factory=set)
    free: list[str] = field(default_factory=list)
    takes_program: bool = False


class _Counting(ast.NodeTransformer):
    def __init__(self, source: str) -> None:
        self._lines = source.splitlines()
        self._owners: list[str] = []
        self._doubts = 0
        self.sites: list[Site] = []

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        number = len(self.sites)
        line = self._lines[node.lineno - 1].strip() if node.lineno <= len(self._lines) else ""
        certain = self._doubts == 0 and not isinstance(node.test, ast.Constant)
        owner = self._owners[-1] if self._owners else ""
        self.sites.append(Site(node.lineno, line[:160], certain, owner))
        reused = ", ".join(_reused(node.test))
        before = ast.parse(f"{COUNTER}.start({number})").body
        behind = ast.parse(f"{COUNTER}.complete({number}, ({reused}{',' * bool(reused)}))").body
        placed: list[ast.stmt] = [*before, node, *behind]
        for added in (*before, *behind):
            for part in ast.walk(added):
                ast.copy_location(part, node)
        return placed

    def _doubtful(self, node: ast.AST) -> ast.AST:
        self._doubts += 1
        self.generic_visit(node)
        self._doubts -= 1
        return node

    # The rest of a body that may raise, or of a block under `raises`, is reached or not, as the
    # test means it.
    visit_If = visit_Match = visit_ExceptHandler = visit_While = _doubtful
    visit_With = visit_AsyncWith = _doubtful

    def _catching(self, node: Any) -> ast.AST:
        return self._doubtful(node) if node.handlers else self.generic_visit(node)

    visit_Try = visit_TryStar = _catching

    def _loop(self, node: ast.AST) -> ast.AST:
        jumps = any(isinstance(part, ast.Continue | ast.Break) for part in ast.walk(node))
        return self._doubtful(node) if jumps else self.generic_visit(node)

    visit_For = visit_AsyncFor = _loop

    def _function(self, node: Any) -> ast.AST:
        self._owners.append(node.name)
        doubts, self._doubts = self._doubts, 0
        # A function inside another is a call-back, and may not be called.
        self._doubts += len(self._owners) > 1
        leaves = any(isinstance(part, ast.Return | ast.Yield) for part in ast.walk(node))
        self._doubts += leaves
        self.generic_visit(node)
        self._doubts = doubts
        self._owners.pop()
        return node  # type: ignore[no-any-return]

    visit_FunctionDef = visit_AsyncFunctionDef = _function


def _reused(test: ast.expr) -> list[str]:
    """Names that are arguments of two calls in one expression, neither within the other."""
    calls = [node for node in ast.walk(test) if isinstance(node, ast.Call)]
    inside = {id(part) for call in calls for part in ast.walk(call) if part is not call}
    outermost = [call for call in calls if id(call) not in inside]
    uses: dict[str, int] = {}
    for call in outermost:
        parts = [part for argument in call.args for part in ast.walk(argument)]
        for name in {part.id for part in parts if isinstance(part, ast.Name)}:
            uses[name] = uses.get(name, 0) + 1
    return sorted(name for name, count in uses.items() if count > 1)


def free_names(tree: ast.AST) -> list[str]:
    """Names that are loaded somewhere and bound nowhere, in the order of the source."""
    bound: set[str] = set()
    loaded: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                loaded.setdefault(node.id)
            else:
                bound.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            bound.add(node.name)
    return [name for name in loaded if name not in bound]


def instrument(source: str) -> Source:
    """Parse a test and put the counting in.

    Raises:
        SyntaxError: It is not Python.
        ValueError: It holds a NUL.
        RecursionError: It is nested too deep.
    """
    tree = ast.parse(source, "<test>")
    free = free_names(tree)
    functions = [n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    classes = [n.name for n in tree.body if isinstance(n, ast.ClassDef)]
    called = {
        part.func.id
        for node in tree.body
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and not _is_main_guard(node)
        for part in ast.walk(node)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)
    }
    counting = _Counting(source)
    changed = ast.fix_missing_locations(counting.visit(tree))
    takes = "check" in functions or any(map(_imports_program, ast.walk(tree)))
    return Source(changed, counting.sites, functions, classes, called, free, takes)


def _imports_program(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(a.name.partition(".")[0] not in sys.stdlib_module_names for a in node.names)
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] not in sys.stdlib_module_names
    return isinstance(node, ast.arg) and node.arg in {"candidate", "solution"}


def _is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and any(
        isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(node.test)
    )
