"""`Program`: the nodes of a syntax tree by their type, and which names are bound where.

One pass with an explicit stack, so that no source can exhaust the interpreter's.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import Any, Final

from provenir.environments.code.limits import MAX_DEPTH, MAX_NODES

__all__ = ["Program", "Scope", "TooLarge"]

Binding = str | ast.AST | None
"""A module's or its member's full name, an expression or definition, or None for the unknown."""

_NO_NODES: Final = {"ctx", "op", "ops", "id", "attr", "arg", "name", "names", "level", "lineno"}
_NO_NODES_IN: Final = {
    "Constant": (),
    "Name": (),
    "Pass": (),
    "Global": (),
    "Nonlocal": (),
    "Import": (),
    "ImportFrom": (),
}


def _fields(node_type: type[ast.AST]) -> tuple[str, ...]:
    names = _NO_NODES_IN.get(node_type.__name__, node_type._fields)
    return tuple(name for name in names if name not in _NO_NODES)


_FIELDS: Final[dict[type, tuple[str, ...]]] = {
    node_type: _fields(node_type)
    for node_type in vars(ast).values()
    if isinstance(node_type, type) and issubclass(node_type, ast.AST)
}
_OPENS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class TooLarge(Exception):  # noqa: N818 - a state of the text, no fault
    """The tree has more nodes or is nested more deeply than is looked at."""


class Scope:
    """The names of a module, class or function.

    Attributes:
        node: The definition, or the module.
        parent: The scope around it, None for the module.
        bindings: Name → what it is bound to here.
        shared: Names that are declared global.
        nodes: The nodes in it that are in no scope within it, in the order of the text.
    """

    __slots__ = ("bindings", "node", "nodes", "parent", "shared")

    def __init__(self, node: ast.AST, parent: Scope | None) -> None:
        self.node = node
        self.parent = parent
        self.bindings: dict[str, list[Binding]] = {}
        self.shared: set[str] = set()
        self.nodes: list[ast.AST] = []

    def bind(self, name: str, what: Binding) -> None:
        """Note that `name` is bound here, in the module where it is declared global."""
        scope = self
        if name in self.shared:
            scope = self.module()
        scope.bindings.setdefault(name, []).append(what)

    def module(self) -> Scope:
        """Return the outermost scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def lookup(self, name: str) -> tuple[list[Binding], Scope] | None:
        """Return what a name is bound to and in which scope, None where nothing binds it."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.bindings.get(name)
            if found is not None:
                return found, scope
            scope = scope.parent
        return None

    def function(self) -> Scope | None:
        """Return the innermost function that this is or lies in."""
        scope: Scope | None = self
        while scope is not None and not isinstance(
            scope.node, ast.FunctionDef | ast.AsyncFunctionDef
        ):
            scope = scope.parent
        return scope


class Program:
    """A syntax tree that was walked once.

    Attributes:
        tree: The module.
        top: Its scope.
        found: Type of node → nodes of that type with their scope, in the order of the text.
        scopes: Definition → the scope that it opens.
    """

    __slots__ = ("found", "scopes", "top", "tree")

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.top = Scope(tree, None)
        self.found: defaultdict[type, list[tuple[Any, Scope]]] = defaultdict(list)
        self.scopes: dict[ast.AST, Scope] = {}
        self._walk()

    def nodes(self, *types: type) -> list[tuple[Any, Scope]]:
        """Return the nodes of these types, each with its scope."""
        if len(types) == 1:
            return self.found.get(types[0], [])
        return [pair for kind in types for pair in self.found.get(kind, ())]

    def _walk(self) -> None:
        stack: list[tuple[ast.AST, Scope, int]] = [(self.tree, self.top, 0)]
        found, fields = self.found, _FIELDS
        pop, push = stack.pop, stack.append
        count = 0
        while stack:
            node, scope, depth = pop()
            kind = type(node)
            count += 1
            if depth > MAX_DEPTH or count > MAX_NODES:
                raise TooLarge
            found[kind].append((node, scope))
            scope.nodes.append(node)
            bind = _BINDERS.get(kind)
            if bind is not None:
                bind(node, scope)
            names = fields[kind]
            if not names:
                continue
            if kind in _OPENS:
                self._open(node, scope, depth, stack)
                continue
            depth += 1
            for name in reversed(names):
                child = getattr(node, name)
                if child.__class__ is list:
                    for item in reversed(child):
                        if isinstance(item, ast.AST):
                            push((item, scope, depth))
                elif isinstance(child, ast.AST):
                    push((child, scope, depth))

    def _open(
        self, node: Any, scope: Scope, depth: int, stack: list[tuple[ast.AST, Scope, int]]
    ) -> None:
        """Push the children of a definition: the body in a scope of its own, the rest outside."""
        inner = Scope(node, scope)
        self.scopes[node] = inner
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        stack.extend((item, inner, depth + 1) for item in reversed(body))
        outside: list[ast.AST] = list(getattr(node, "decorator_list", ()))
        if isinstance(node, ast.ClassDef):
            outside += [*node.bases, *node.keywords]
        else:
            args = node.args
            outside += [*args.defaults, *(item for item in args.kw_defaults if item)]
            every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
            for arg in every:
                if arg is not None:
                    inner.bind(arg.arg, None)
        stack.extend((item, scope, depth + 1) for item in reversed(outside))


def _bind_import(node: ast.Import, scope: Scope) -> None:
    for alias in node.names:
        if alias.asname:
            scope.bind(alias.asname, alias.name)
        else:
            top = alias.name.partition(".")[0]
            scope.bind(top, top)


def _bind_from(node: ast.ImportFrom, scope: Scope) -> None:
    module = "." * node.level + (node.module or "")
    for alias in node.names:
        scope.bind(alias.asname or alias.name, f"{module}.{alias.name}")


def _bind_assign(node: ast.Assign, scope: Scope) -> None:
    for target in node.targets:
        _bind_target(target, node.value, scope)


def _bind_target(target: ast.AST, value: Binding, scope: Scope) -> None:
    if isinstance(target, ast.Name):
        scope.bind(target.id, value)
    elif isinstance(target, ast.Tuple | ast.List):
        given = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        same = len(given) == len(target.elts)
        for position, item in enumerate(target.elts):
            _bind_target(item, given[position] if same else None, scope)
    elif isinstance(target, ast.Starred):
        _bind_target(target.value, None, scope)


def _bind_value(node: ast.AnnAssign | ast.NamedExpr, scope: Scope) -> None:
    if node.value is not None:
        _bind_target(node.target, node.value, scope)


def _bind_unknown(node: Any, scope: Scope) -> None:
    _bind_target(node.target, None, scope)


def _bind_with(node: ast.withitem, scope: Scope) -> None:
    if node.optional_vars is not None:
        _bind_target(node.optional_vars, None, scope)


def _bind_name(node: Any, scope: Scope) -> None:
    if node.name:
        scope.bind(node.name, node if not isinstance(node, ast.ExceptHandler) else None)


def _share(node: ast.Global, scope: Scope) -> None:
    scope.shared.update(node.names)


_BINDERS: Final[dict[type, Any]] = {
    ast.Import: _bind_import,
    ast.ImportFrom: _bind_from,
    ast.Assign: _bind_assign,
    ast.AnnAssign: _bind_value,
    ast.NamedExpr: _bind_value,
    ast.AugAssign: _bind_unknown,
    ast.For: _bind_unknown,
    ast.AsyncFor: _bind_unknown,
    ast.comprehension: _bind_unknown,
    ast.withitem: _bind_with,
    ast.ExceptHandler: _bind_name,
    ast.FunctionDef: _bind_name,
    ast.AsyncFunctionDef: _bind_name,
    ast.ClassDef: _bind_name,
    ast.MatchAs: _bind_name,
    ast.Global: _share,
}
