"""One of each: no function of the package is written twice."""

from __future__ import annotations

import ast
import copy
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "provenir"
LEAST_STATEMENTS = 3
"""A shorter body, such as the wording of one error, may well be the same in two places."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def body_of(function: Function) -> list[ast.stmt]:
    has_docstring = ast.get_docstring(function, clean=False) is not None
    return function.body[1:] if has_docstring else function.body


def statements(function: Function) -> int:
    return sum(isinstance(node, ast.stmt) for part in body_of(function) for node in ast.walk(part))


class Renamed(ast.NodeTransformer):
    """Gives the function's own names, parameters and what it assigns, numbers in their order."""

    def __init__(self, own: set[str]) -> None:
        self.own, self.numbers = own, {}

    def number(self, name: str) -> str:
        return f"_{self.numbers.setdefault(name, len(self.numbers))}" if name in self.own else name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.number(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg, node.annotation = self.number(node.arg), None
        return node


def shape(function: Function) -> str:
    """The body as text, whatever its own names and its docstring are."""
    function = copy.deepcopy(function)
    nodes = list(ast.walk(function))
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    renamed = Renamed(own)
    renamed.visit(function.args)
    return "\n".join(ast.dump(renamed.visit(part)) for part in body_of(function))


def twins(sources: dict[str, str]) -> list[list[str]]:
    """Names of the functions that have the same body, a list for each body."""
    found = defaultdict(list)
    for name, text in sources.items():
        for function in functions(ast.parse(text)):
            if statements(function) >= LEAST_STATEMENTS:
                found[shape(function)].append(f"{name}:{function.name}")
    return [names for names in found.values() if len(names) > 1]


def test_no_function_is_written_twice():
    paths = sorted(PACKAGE.rglob("*.py"))
    assert twins({str(path.relative_to(PACKAGE)): path.read_text() for path in paths}) == []


ONE = """
def mean(values):
    "Of all."
    if not values:
        return 0.0
    total = sum(values)
    return total / len(values)
"""


def test_a_copy_under_other_names_is_found():
    other = ONE.replace("values", "rows").replace("total", "all_of_it").replace("mean", "average")
    assert twins({"a.py": ONE, "b.py": other.replace('"Of all."\n', "\n")}) == [
        ["a.py:mean", "b.py:average"]
    ]


def test_what_does_something_else_is_no_copy():
    assert twins({"a.py": ONE, "b.py": ONE.replace("len(", "max(")}) == []
    assert twins({"a.py": ONE, "b.py": ONE.replace("0.0", "1.0")}) == []
