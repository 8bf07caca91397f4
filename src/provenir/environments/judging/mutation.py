"""A test with other expectations: the control of every comparison of two objects.

Where a test says that an object equals ``Point(1, 2)``, a program whose points equal everything
passes. The same test, run on a fresh start of the program with ``Point(2, 3)`` in that place, tells
it from an honest one: every such comparison has to fail. The program cannot know which of the two
runs it is in.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import ast
from typing import Any, Final

from provenir.environments.judging.controls import perturbed
from provenir.environments.judging.instrument import COUNTER

__all__ = ["Control", "mutated"]

_EQUALITIES: Final = frozenset({"assertEqual", "assertEquals"})


class Control:
    """What stands in for the count of checks in such a run.

    Args:
        step: By how much arguments differ from the expected ones; see `controls.perturbed`.

    Attributes:
        outcomes: For each comparison whether it held; of none that could not be made otherwise.
    """

    def __init__(self, step: int) -> None:
        self._step = step
        self.outcomes: list[bool] = []
        self.completed = 0
        self.failed = None
        self._usable = False

    def watch(self, _sites: Any) -> None:
        """Another source begins."""

    def start(self, _number: int | None = None) -> None:
        """A check of the test begins; here it does not count."""

    complete = start

    def reading(self, value: Any, _read: tuple[Any, ...], _line: int) -> Any:
        """An expectation."""
        return value

    def begun(self) -> int:
        """Nothing is counted."""
        return 0

    def give_up(self, *_about: Any) -> None:
        """Nothing is taken back."""

    def other(self, cls: Any, /, *args: Any, **kwargs: Any) -> Any:
        """An object of a class, made with other arguments than these."""
        # Each by another step, so that a difference of two arguments differs too.
        others = [perturbed(value, self._step + place) for place, value in enumerate(args)]
        named = {key: perturbed(value, self._step) for key, value in kwargs.items()}
        if all(other is None for other in (*others, *named.values())):
            return cls(*args, **kwargs)
        values = [a if o is None else o for a, o in zip(args, others, strict=True)]
        made = cls(*values, **{k: kwargs[k] if o is None else o for k, o in named.items()})
        self._usable = True
        return made

    def begin(self) -> None:
        """A comparison is about to be made."""
        self._usable = False

    def note(self, held: Any) -> None:
        """It was made."""
        if self._usable:
            self.outcomes.append(held is True)


class _Mutating(ast.NodeTransformer):
    def __init__(self, program: set[str]) -> None:
        self._program = program
        self._found = False

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        self._found = False
        test = self.visit(node.test)
        if not self._found:
            return _guarded([node])
        return _noting(test)

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        call = node.value
        if not isinstance(call, ast.Call) or len(call.args) != 2:
            return node
        if getattr(call.func, "attr", "") not in _EQUALITIES:
            return node
        self._found = False
        test = self.visit(ast.Compare(call.args[0], [ast.Eq()], [call.args[1]]))
        return _noting(test) if self._found else node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        if len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq):
            return node
        right = self._other(node.comparators[0])
        left = node.left if right is not None else self._other(node.left)
        if right is None and left is None:
            return node
        self._found = True
        return ast.Compare(left or node.left, node.ops, [right or node.comparators[0]])

    def _other(self, node: ast.expr) -> ast.expr | None:
        if not isinstance(node, ast.Call) or not (node.args or node.keywords):
            return None
        name = node.func
        if not isinstance(name, ast.Name) or name.id not in self._program:
            return None
        if not name.id[:1].isupper():
            return None
        other = ast.parse(f"{COUNTER}.other", mode="eval").body
        return ast.Call(other, [name, *node.args], node.keywords)


def _guarded(body: list[ast.stmt]) -> ast.stmt:
    handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [ast.Pass()])
    return ast.Try(body, [handler], [], [])


def _noting(test: ast.expr) -> ast.stmt:
    begin = ast.parse(f"{COUNTER}.begin()").body
    note = ast.parse(f"{COUNTER}.note(None)").body[0]
    note.value.args = [test]  # type: ignore[attr-defined]
    return _guarded([*begin, note])


def mutated(source: str, program: set[str]) -> ast.Module:
    """The syntax tree of a test with its expected objects made with other arguments.

    Args:
        source: The test, which was parsed before.
        program: Names that reach the program.
    """
    changed: ast.Module = ast.fix_missing_locations(_Mutating(program).visit(ast.parse(source)))
    return changed
