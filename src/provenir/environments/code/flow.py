"""What a program does first: the first effect that somebody outside could see.

Statements are followed in the order in which they run, through functions of the program itself.
Both ways of a condition that is not known are followed; it has an outcome if they agree.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from provenir.environments.code.bodies import calls_in_order, is_generator
from provenir.environments.code.effects import (
    ABRUPT,
    CALLING,
    CATCHES_EXIT,
    ENDS,
    EXITS,
    QUIET_METHODS,
    RAISED,
    SKIPS,
    is_quiet,
)
from provenir.environments.code.values import Const, Local, Ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from provenir.environments.code.program import Program, Scope
    from provenir.environments.code.resolver import Resolver

__all__ = ["First", "first_effect", "is_success"]

_DEEPEST: Final = 4
_MAX_CALLS: Final = 12
_MAX_STEPS: Final = 200

Kind = Literal["exit", "effect", "raise", "stop", ""]


@dataclass(frozen=True, slots=True)
class First:
    """The first effect, empty if there is none; a return within a function is a ``stop``."""

    kind: Kind
    node: ast.AST | None = None
    scope: Scope | None = None
    args: tuple[ast.expr, ...] = ()
    abrupt: bool = False
    skips: bool = False

    def __bool__(self) -> bool:
        return self.kind != ""


_NOTHING: Final = First("")
_EFFECT: Final = First("effect")


def first_effect(
    program: Program,
    resolver: Resolver,
    body: Sequence[ast.stmt] | None = None,
    scope: Scope | None = None,
) -> First:
    """Return what the program, or a function's body in its scope, does first."""
    follower = _Follower(program, resolver)
    return follower.statements(
        program.tree.body if body is None else body, program.top if scope is None else scope
    )


def is_success(first: First, resolver: Resolver, *, known: bool = False) -> bool:
    """Whether an exit reports success: no status, 0, None, or one that nothing tells.

    With `known`, a status that nothing tells is no success: it may be a parameter.
    """
    if not first.args:
        return True
    code = resolver.value(first.args[0], first.scope) if first.scope else None
    if isinstance(code, Const):
        return code.value is None or code.value in (0, False)
    return not known and not any(isinstance(node, ast.Call) for node in ast.walk(first.args[0]))


class _Follower:
    def __init__(self, program: Program, resolver: Resolver) -> None:
        self.program, self.resolver = program, resolver
        self.entered: set[ast.AST] = set()
        self.steps = 0

    def statements(self, body: Iterable[ast.stmt], scope: Scope) -> First:
        for statement in body:
            outcome = self._statement(statement, scope)
            if outcome:
                return outcome
        return _NOTHING

    def _statement(self, node: ast.stmt, scope: Scope) -> First:
        follow = _STATEMENTS.get(type(node))
        if follow is not None:
            outcome: First = follow(self, node, scope)
            return outcome
        return self._expressions(_own_expressions(node), scope)

    def _expressions(self, nodes: Iterable[ast.AST], scope: Scope) -> First:
        for node in nodes:
            for call in calls_in_order(node):
                outcome = self._call(call, scope)
                if outcome:
                    return outcome
        return _NOTHING

    def _call(self, call: ast.Call, scope: Scope) -> First:
        function, args = self.resolver.called(call, scope)
        if isinstance(function, Local):
            return self._enter(function)
        if isinstance(function, Ref):
            name = function.name
            if name in ENDS:
                skips = name in SKIPS
                given = () if skips else tuple(args)
                return First("exit", call, scope, given, name in ABRUPT, skips)
            if name in RAISED:
                return _NOTHING
            if name.startswith("os.exec") and args:
                path = self.resolver.text(args[0], scope)
                if path.rpartition("/")[2] == "true":
                    return First("exit", call, scope, abrupt=True)
            if name in CALLING:
                handed = [*args, *(word.value for word in call.keywords)]
                for arg in handed:
                    if self.resolver.name(arg, scope) in ENDS:
                        return First("exit", call, scope)
            if name == "asyncio.run" and args:
                return _NOTHING
            return _NOTHING if is_quiet(name) else First("effect", call)
        if isinstance(call.func, ast.Attribute) and call.func.attr in QUIET_METHODS:
            return _NOTHING
        return _EFFECT

    def _enter(self, function: Local) -> First:
        node = function.node
        inner = self.program.scopes.get(node)
        self.steps += 1
        if node in self.entered:
            return _NOTHING
        if inner is None or len(self.entered) > _MAX_CALLS or self.steps > _MAX_STEPS:
            return _EFFECT
        self.entered.add(node)
        try:
            if isinstance(node, ast.Lambda):
                return self._expressions([node.body], inner)
            if isinstance(node, ast.ClassDef):
                return self._made(node, inner)
            if is_generator(node):
                return _NOTHING
            outcome = self.statements(node.body, inner)
            return _NOTHING if outcome.kind == "stop" else outcome
        finally:
            self.entered.discard(node)

    def _made(self, node: ast.ClassDef, scope: Scope) -> First:
        for name in ("__new__", "__init__", "__enter__"):
            for bound in scope.bindings.get(name, ()):
                if isinstance(bound, ast.FunctionDef):
                    outcome = self._enter(Local(bound, scope))
                    if outcome:
                        return outcome
        return _EFFECT if node.bases else _NOTHING

    # Statements ------------------------------------------------------------------------------

    def _definition(self, node: Any, scope: Scope) -> First:
        outcome = self._expressions(node.args.defaults, scope)
        return outcome or self._decorators(node, scope)

    def _decorators(self, node: Any, scope: Scope) -> First:
        for decorator in node.decorator_list:
            function = self.resolver.value(decorator, scope)
            if isinstance(function, Ref) and function.name in EXITS:
                return First("exit", decorator, scope)
            if isinstance(function, Local):
                outcome = self._enter(function)
                if outcome.kind == "exit":
                    return outcome
        return _NOTHING

    def _class(self, node: ast.ClassDef, scope: Scope) -> First:
        inner = self.program.scopes[node]
        return self._decorators(node, scope) or self.statements(node.body, inner)

    def _if(self, node: ast.If, scope: Scope) -> First:
        outcome = self._expressions([node.test], scope)
        if outcome:
            return outcome
        return self._either(node.test, node.body, node.orelse, scope)

    def _either(
        self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt], scope: Scope
    ) -> First:
        known = self.resolver.value(test, scope)
        if isinstance(known, Ref) and known.name in EXITS:
            known = Const(True)
        if isinstance(known, Const):
            return self.statements(body if known.value else orelse, scope)
        ways = [self.statements(body, scope), self.statements(orelse, scope)]
        if _is_name_guard(test):
            return next((way for way in ways if way.kind == "exit"), ways[0] or ways[1])
        if all(way.kind == "exit" for way in ways):
            return ways[0]
        if any(way.kind in {"effect", "stop"} for way in ways):
            return _EFFECT
        return _NOTHING

    def _while(self, node: ast.While, scope: Scope) -> First:
        return self._if(ast.If(test=node.test, body=node.body, orelse=[]), scope)

    def _for(self, node: Any, scope: Scope) -> First:
        outcome = self._expressions([node.iter], scope)
        if outcome:
            return outcome
        inside = self.statements(node.body, scope)
        items = self.resolver.constant(node.iter, scope)
        if inside.kind == "exit" and not items:
            return _NOTHING
        return inside if inside.kind in {"exit", "effect"} else _NOTHING

    def _with(self, node: Any, scope: Scope) -> First:
        outcome = self._expressions([item.context_expr for item in node.items], scope)
        quiet = ("contextlib.suppress", "contextlib.nullcontext")
        if outcome.kind == "effect" and all(
            isinstance(item.context_expr, ast.Call)
            and self.resolver.name(item.context_expr.func, scope) in quiet
            for item in node.items
        ):
            outcome = _NOTHING
        return outcome or self.statements(node.body, scope)

    def _try(self, node: Any, scope: Scope) -> First:
        outcome = self.statements(node.body, scope)
        if outcome.kind in {"raise", "exit"}:
            for handler in node.handlers:
                if outcome.kind == "raise" or self._catches(handler, outcome, scope):
                    return self.statements(handler.body, scope) or self.statements(
                        node.finalbody, scope
                    )
        return (
            outcome or self.statements(node.orelse, scope) or self.statements(node.finalbody, scope)
        )

    def _catches(self, handler: ast.ExceptHandler, outcome: First, scope: Scope) -> bool:
        if outcome.abrupt:
            return False
        if handler.type is None:
            return True
        caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        return any(self.resolver.name(item, scope) in CATCHES_EXIT for item in caught)

    def _raise(self, node: ast.Raise, scope: Scope) -> First:
        made_of = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        own = self._ancestor(made_of, scope) if made_of is not None else ""
        if own:
            given = tuple(node.exc.args) if isinstance(node.exc, ast.Call) else ()
            skips = own in SKIPS
            return First("exit", node, scope, () if skips else given, skips=skips)
        outcome = self._expressions([node.exc] if node.exc else [], scope)
        if outcome or node.exc is None:
            return outcome or First("raise", node)
        args: tuple[ast.expr, ...] = ()
        raised = node.exc
        made = self.resolver.name(raised, scope) not in RAISED
        if made and isinstance(raised, ast.Call):
            args, raised = tuple(raised.args), raised.func
        name = self.resolver.name(raised, scope)
        if name in RAISED:
            skips = name in SKIPS
            return First("exit", node, scope, () if skips else args, skips=skips)
        return First("raise", node)

    def _ancestor(self, node: ast.expr, scope: Scope) -> str:
        """The name of what a class of the program's own is made from, if it ends a process."""
        for _ in range(_DEEPEST):
            found = self.resolver.value(node, scope)
            bases: list[ast.expr] = []
            if isinstance(found, Local) and isinstance(found.node, ast.ClassDef):
                bases, scope = found.node.bases, found.scope
            elif isinstance(node, ast.Name) and (bound := scope.lookup(node.id)):
                made = bound[0][0] if len(bound[0]) == 1 else None
                if isinstance(made, ast.Call) and len(made.args) == 3:
                    given = made.args[1]
                    bases = given.elts if isinstance(given, ast.Tuple) else []
            for base in bases:
                if self.resolver.name(base, scope) in RAISED:
                    return self.resolver.name(base, scope)
            if not bases:
                return ""
            node = bases[0]
        return ""

    def _assert(self, node: ast.Assert, scope: Scope) -> First:
        known = self.resolver.value(node.test, scope)
        if isinstance(known, Const):
            return _NOTHING if known.value else First("raise", node)
        return _EFFECT

    def _return(self, node: ast.Return, scope: Scope) -> First:
        outcome = self._expressions([node.value] if node.value else [], scope)
        return outcome or First("stop", node)

    def _import(self, _node: ast.stmt, _scope: Scope) -> First:
        return _NOTHING


def _is_name_guard(test: ast.expr) -> bool:
    if not isinstance(test, ast.Compare) or len(test.comparators) != 1:
        return False
    sides = (test.left, test.comparators[0])
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)


def _own_expressions(node: ast.stmt) -> list[ast.AST]:
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


_STATEMENTS: Final[dict[type, Any]] = {
    ast.Assert: _Follower._assert,
    ast.AsyncFor: _Follower._for,
    ast.AsyncFunctionDef: _Follower._definition,
    ast.AsyncWith: _Follower._with,
    ast.ClassDef: _Follower._class,
    ast.For: _Follower._for,
    ast.FunctionDef: _Follower._definition,
    ast.If: _Follower._if,
    ast.Import: _Follower._import,
    ast.ImportFrom: _Follower._import,
    ast.Raise: _Follower._raise,
    ast.Return: _Follower._return,
    ast.Try: _Follower._try,
    ast.TryStar: _Follower._try,
    ast.While: _Follower._while,
    ast.With: _Follower._with,
}
