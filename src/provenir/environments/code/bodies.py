"""What a function gives back, whatever it is given: the shape of functions that check nothing."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.code.values import Const, Function, Local, Partial, Ref

if TYPE_CHECKING:
    from provenir.environments.code.program import Scope
    from provenir.environments.code.reading import Reading

__all__ = [
    "UNKNOWN",
    "calls_in_order",
    "constant_of",
    "does_nothing",
    "is_empty",
    "is_generator",
    "own_nodes",
    "returns",
    "statements_of",
]

UNKNOWN: Final = object()
"""No constant."""


def statements_of(node: Function) -> list[ast.stmt]:
    """Return the statements of a function without its docstring."""
    if isinstance(node, ast.Lambda):
        return [ast.copy_location(ast.Return(value=node.body), node.body)]
    body = node.body
    first = body[0] if body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return body[1:]
    return body


def own_nodes(reading: Reading, node: Function) -> list[ast.AST]:
    """Return the nodes of a function that are not part of another definition in it."""
    inner = reading.program.scopes.get(node)
    return inner.nodes if inner is not None else []


def returns(reading: Reading, node: Function) -> list[ast.expr | None]:
    """Return what a function's own return statements give."""
    if isinstance(node, ast.Lambda):
        return [node.body]
    return [item.value for item in own_nodes(reading, node) if isinstance(item, ast.Return)]


def constant_of(reading: Reading, node: ast.expr | None, scope: Scope) -> Any:
    """Return the constant that an expression always is, else `UNKNOWN`.

    More than computing: ``x == x`` and ``isinstance(x, object)`` are True, ``True or x`` too.
    """
    if node is None:
        return None
    found = reading.names.value(node, scope)
    if isinstance(found, Const):
        return found.value
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        if ast.dump(node.left) == ast.dump(node.comparators[0]):
            return isinstance(node.ops[0], ast.Eq | ast.Is | ast.LtE | ast.GtE)
        return UNKNOWN
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = constant_of(reading, node.operand, scope)
        return UNKNOWN if inner is UNKNOWN else not inner
    if isinstance(node, ast.BoolOp):
        stops = isinstance(node.op, ast.Or)
        for part in node.values:
            value = constant_of(reading, part, scope)
            if value is not UNKNOWN and bool(value) is stops:
                return value
        return UNKNOWN
    if isinstance(node, ast.IfExp):
        ways = [constant_of(reading, part, scope) for part in (node.body, node.orelse)]
        same = ways[0] is not UNKNOWN and ways[0] == ways[1]
        return ways[0] if same else UNKNOWN
    if isinstance(node, ast.Call) and len(node.args) == 2:
        name = reading.names.name(node.func, scope)
        if (
            name == "builtins.isinstance"
            and reading.names.name(node.args[1], scope) == "builtins.object"
        ):
            return True
    return UNKNOWN


def does_nothing(reading: Reading, node: ast.AST | None, scope: Scope) -> bool:
    """Whether calling what an expression is checks nothing: it passes, or gives one constant."""
    if node is None:
        return False
    found = reading.names.value(node, scope)
    if isinstance(found, Partial):
        found = found.function
    if isinstance(found, Ref):
        return found.name in {
            "builtins.bool",
            "builtins.id",
            "builtins.print",
            "builtins.callable",
        } or (found.name.endswith((".MagicMock", ".Mock")))
    if isinstance(node, ast.Call) and reading.names.name(node.func, scope).endswith(
        ("MagicMock", ".Mock")
    ):
        return True
    if not isinstance(found, Local) or isinstance(found.node, ast.ClassDef):
        return False
    return is_empty(reading, found.node)


def is_empty(reading: Reading, node: Function) -> bool:
    """Whether a function does nothing but pass or give one constant."""
    inner = reading.program.scopes.get(node)
    if inner is None:
        return False
    for item in statements_of(node):
        if isinstance(item, ast.Pass):
            continue
        if isinstance(item, ast.Return) and constant_of(reading, item.value, inner) is not UNKNOWN:
            continue
        if isinstance(item, ast.Expr) and (
            isinstance(item.value, ast.Constant)
            or (
                isinstance(item.value, ast.Call)
                and reading.names.name(item.value.func, inner) == "builtins.print"
            )
        ):
            continue
        return False
    return True


def is_generator(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether calling a function runs nothing of it."""
    if isinstance(node, ast.AsyncFunctionDef):
        return False
    stack: list[ast.AST] = list(node.body)
    while stack:
        item = stack.pop()
        if isinstance(item, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            stack.extend(ast.iter_child_nodes(item))
    return False


def calls_in_order(node: ast.AST) -> list[ast.Call]:
    """Return the calls of an expression, what is given before what it is given to."""
    calls: list[ast.Call] = []
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, ast.Call):
            calls.append(item)
        if not isinstance(item, ast.Lambda):
            stack.extend(ast.iter_child_nodes(item))
    calls.reverse()
    return calls
