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

from provenir.environments.judging.expectations import COUNTER, expectations, program_names

__all__ = ["COUNTER", "Site", "Source", "free_names", "instrument"]

_BUILTINS: Final = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__"}
_HANDED: Final = frozenset({"candidate", "solution"})
_RAISING: Final = frozenset({"raises", "suppress", "warns", "subTest", "ExpectedException"})
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
        number: Its place among them.
        started: Times that it began.
        completed: Times that it held.
    """

    line: int
    text: str
    certain: bool
    owner: str
    number: int = 0
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
        takes_candidate: Whether a parameter is called what the program is handed over as.
        program: Names through which it reaches the program.
        blocks: First line, line of the last statement and last line of each ``with`` block that is
            not there to be left by an exception.
    """

    tree: ast.Module
    sites: list[Site] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    called: set[str] = field(default_factory=set)
    free: list[str] = field(default_factory=list)
    takes_program: bool = False
    takes_candidate: bool = False
    program: set[str] = field(default_factory=set)
    blocks: list[tuple[int, int, int]] = field(default_factory=list)


class _Counting(ast.NodeTransformer):
    def __init__(self, source: str) -> None:
        self.blocks: list[tuple[int, int, int]] = []
        self._lines = source.splitlines()
        self._owners: list[str] = []
        self._doubts = 0
        self.sites: list[Site] = []

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        number = len(self.sites)
        line = self._lines[node.lineno - 1].strip() if node.lineno <= len(self._lines) else ""
        certain = self._doubts == 0 and not isinstance(node.test, ast.Constant)
        owner = self._owners[-1] if self._owners else ""
        self.sites.append(Site(node.lineno, line[:160], certain, owner, number))
        before = ast.parse(f"{COUNTER}.start({number})").body
        behind = ast.parse(f"{COUNTER}.complete({number})").body
        placed: list[ast.stmt] = [*before, node, *behind]
        for added in (*before, *behind):
            for part in ast.walk(added):
                ast.copy_location(part, node)
        return placed

    def visit_Raise(self, node: ast.Raise) -> ast.AST | list[ast.stmt]:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if not isinstance(raised, ast.Name) or raised.id != "AssertionError":
            return node
        # A check that fails: whoever catches it has swallowed it.
        begun = ast.parse(f"{COUNTER}.start()").body
        for part in ast.walk(begun[0]):
            ast.copy_location(part, node)
        return [*begun, node]

    def _doubtful(self, node: ast.AST) -> ast.AST:
        self._doubts += 1
        self.generic_visit(node)
        self._doubts -= 1
        return node

    # The rest of a body that may raise, or of a block under `raises`, is reached or not, as the
    # test means it.
    visit_If = visit_Match = visit_ExceptHandler = visit_While = _doubtful

    def _block(self, node: Any) -> ast.AST:
        if any(map(_is_raises, node.items)):
            return self._doubtful(node)
        last = node.body[-1]
        self.blocks.append((node.body[0].lineno, last.lineno, last.end_lineno or last.lineno))
        return self.generic_visit(node)

    visit_With = visit_AsyncWith = _block

    def _catching(self, node: Any) -> ast.AST:
        if not node.handlers:
            return self.generic_visit(node)
        first = len(self.sites)
        self._doubtful(node)
        for handler in node.handlers:
            if _is_specific(handler.type):
                told = f"{COUNTER}.give_up(__import__('sys').exception(), 0, {first})"
                added = ast.parse(told).body[0]
                for part in ast.walk(added):
                    ast.copy_location(part, handler)
                handler.body.insert(0, added)
        return node  # type: ignore[no-any-return]

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


def _is_specific(kind: ast.expr | None) -> bool:
    """Whether a handler is for some errors and not for all."""
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return all(isinstance(k, ast.Name | ast.Attribute) for k in kinds) and not any(
        isinstance(k, ast.Name) and k.id in {"Exception", "BaseException"} for k in kinds
    )


def _is_raises(item: ast.withitem) -> bool:
    call = item.context_expr
    function = call.func if isinstance(call, ast.Call) else call
    name = str(getattr(function, "attr", None) or getattr(function, "id", ""))
    return name in _RAISING or name.startswith("assert")


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
    program = program_names(tree, [name for name in free if name not in _BUILTINS])
    expectations(tree, program)
    counting = _Counting(source)
    changed = ast.fix_missing_locations(counting.visit(tree))
    handed = any(isinstance(n, ast.arg) and n.arg in _HANDED for n in ast.walk(tree))
    takes = "check" in functions or handed or any(map(_imports_program, ast.walk(tree)))
    return Source(
        changed,
        counting.sites,
        functions,
        classes,
        called,
        free,
        takes_program=takes,
        takes_candidate=handed,
        program=program,
        blocks=counting.blocks,
    )


def _imports_program(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(a.name.partition(".")[0] not in sys.stdlib_module_names for a in node.names)
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] not in sys.stdlib_module_names
    return False


def _is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and any(
        isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(node.test)
    )
