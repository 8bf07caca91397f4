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

__all__ = ["COUNTER", "expectations", "program_names", "reachable"]

COUNTER: Final = "__provenir_count__"
READING: Final = f"{COUNTER}.reading"
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


def expectations(tree: ast.AST, program: set[str]) -> None:
    """Mark the expressions of a test that expect something of what the program was given.

    Each is wrapped in a call of the counter, which looks at the time that it is read whether the
    program had altered what it reads.

    Args:
        tree: The test; it is changed.
        program: Names that reach the program.
    """
    reached = program | _kept_on_self(tree, program)
    wanted: dict[int, list[str]] = {}
    for scope in ast.walk(tree):
        if isinstance(scope, ast.Module | Function):
            _Scope(set(reached), wanted).read(scope.body)
    _Wrapping(wanted).visit(tree)
    ast.fix_missing_locations(tree)


def _kept_on_self(tree: ast.AST, program: set[str]) -> set[str]:
    """Attributes such as ``self.stack`` that hold what came from the program."""
    probe = _Scope(set(program), {})
    return {
        ast.unparse(target)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and probe.handed(node.value) is not None
        for target in node.targets
        if isinstance(target, ast.Attribute)
    }


class _Wrapping(ast.NodeTransformer):
    def __init__(self, wanted: dict[int, list[str]]) -> None:
        self._wanted = wanted

    def visit(self, node: ast.AST) -> Any:
        changed = super().visit(node)
        read = self._wanted.get(id(node))
        if not read:
            return changed
        names = "".join(f"{name}, " for name in read)
        call: Any = ast.parse(f"{READING}(None, ({names}), {getattr(node, 'lineno', 0)})").body[0]
        call.value.args[0] = changed
        return ast.copy_location(call.value, node)


def _chains(node: ast.AST) -> set[str]:
    """The names and dotted names that an expression reads, without those that it binds itself."""
    bound = {
        part.arg if isinstance(part, ast.arg) else part.id
        for part in ast.walk(node)
        if isinstance(part, ast.arg)
        or ((isinstance(part, ast.Name) and part is not node) and isinstance(part.ctx, ast.Store))
    }
    return _read(node) - bound


def _read(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Attribute):
        dotted: ast.AST = node
        while isinstance(dotted, ast.Attribute):
            dotted = dotted.value
        if isinstance(dotted, ast.Name):
            return {ast.unparse(node)} if dotted.id == "self" else {dotted.id}
    found: set[str] = set()
    for child in ast.iter_child_nodes(node):
        # By how much something grew or shrank is what became of it.
        if not (isinstance(node, ast.BinOp) and _is_length(child)):
            found |= _read(child)
    return found


def _is_length(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"


def _names(target: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}


class _Scope:
    """One function's statements in their order.

    Args:
        program: Names and dotted names that reach the program.
        wanted: Where expressions are noted that are to be wrapped, with what they read.
    """

    def __init__(self, program: set[str], wanted: dict[int, list[str]]) -> None:
        self._program = program
        self._wanted = wanted
        self._results: dict[str, set[str]] = {}
        self._given: set[str] = set()
        self._derived: dict[str, tuple[ast.expr, set[str]]] = {}

    def read(self, body: list[ast.stmt]) -> None:
        """Go through statements in their order."""
        for statement in body:
            if isinstance(statement, Function | ast.ClassDef):
                continue
            blocks = [getattr(statement, block, ()) for block in ("body", "orelse", "finalbody")]
            inner = {id(s) for block in blocks for s in block}
            for part in ast.iter_child_nodes(statement):
                if id(part) not in inner:
                    self._compare(part)
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                self._assign(statement, statement.value)
            self._given |= self.handed(statement, inner) or set()
            for block in blocks:
                self.read([s for s in block if isinstance(s, ast.stmt)])
            for handler in getattr(statement, "handlers", ()):
                self.read(handler.body)

    def _assign(self, statement: ast.Assign | ast.AnnAssign, value: ast.expr) -> None:
        taken = self.handed(value)
        read = set() if taken is not None else _chains(value) & self._given
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            for part in ast.walk(target):
                if isinstance(part, ast.Name):
                    self._results.pop(part.id, None)
                    self._derived.pop(part.id, None)
                    self._given.discard(part.id)
                    if taken is not None:
                        self._results[part.id] = taken
                    elif read and not isinstance(value, ast.Name | ast.Attribute):
                        self._derived[part.id] = (value, read)

    def handed(self, value: ast.AST, without: set[int] = frozenset()) -> set[str] | None:  # type: ignore[assignment]
        """What is handed to the program in an expression; None where nothing of it is called."""
        found: set[str] | None = None
        waiting, loops = [value], []
        while waiting:
            node = waiting.pop()
            waiting += [c for c in ast.iter_child_nodes(node) if id(c) not in without]
            if isinstance(node, ast.Call) and self._is_program(node.func):
                found = found or set()
                for argument in (*node.args, *(k.value for k in node.keywords)):
                    found |= _chains(argument)
            if isinstance(node, ast.comprehension):
                loops.append(node)
        for loop in loops:
            if found is not None and _names(loop.target) & found:
                found |= _chains(loop.iter)
        return found

    def _is_program(self, function: ast.AST) -> bool:
        while isinstance(function, ast.Attribute | ast.Call):
            if isinstance(function, ast.Attribute) and ast.unparse(function) in self._program:
                return True
            function = function.func if isinstance(function, ast.Call) else function.value
        return isinstance(function, ast.Name) and (
            function.id in self._program or function.id in self._results
        )

    def _taken_by(self, side: ast.AST) -> set[str] | None:
        """What was handed over for an answer that a side holds; None where it holds none."""
        taken = self.handed(side)
        for part in ast.walk(side):
            if isinstance(part, ast.Name) and part.id in self._results:
                taken = (taken or set()) | self._results[part.id]
        return taken

    def _compare(self, expression: ast.AST) -> None:
        """Note what is compared with an answer, wherever in an expression that is."""
        for node in ast.walk(expression):
            sides: list[ast.expr] = []
            if isinstance(node, ast.Compare) and not any(map(_is_identity, node.ops)):
                sides = [node.left, *node.comparators]
            elif isinstance(node, ast.Call) and not self._is_program(node.func):
                sides = [a for a in node.args if not isinstance(a, ast.Starred)]
            if len(sides) < 2:
                continue
            answers = [self._taken_by(side) for side in sides]
            handed: set[str] = set().union(*(a for a in answers if a is not None))
            for side, answer in zip(sides, answers, strict=True):
                if answer is None:
                    self._expect(side, handed)

    def _expect(self, side: ast.expr, handed: set[str]) -> None:
        for name in _chains(side) & set(self._derived):
            value, read = self._derived[name]
            if read & handed:
                self._wanted[id(value)] = sorted(read & handed)
        # The name alone is what became of it, which a test may well ask.
        if not isinstance(side, ast.Name | ast.Attribute) and _chains(side) & handed:
            self._wanted[id(side)] = sorted(_chains(side) & handed)


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
