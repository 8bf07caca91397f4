"""One set of tests written out in every style that code is tested in.

Blocks hold assertions, `raises(Error, match=...)` around statements and `approx(x)` beside `==`.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

__all__ = ["STYLES"]

Reference = Mapping[str, Any]


class _Plain(ast.NodeTransformer):
    """`raises` and `approx` in nothing but Python."""

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        call = node.items[0].context_expr
        if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "raises"):
            return node
        match = [keyword.value for keyword in call.keywords if keyword.arg == "match"]
        checked = f"assert re.search({ast.unparse(match[0])}, str(error))" if match else "pass"
        imported, frame = ast.parse(
            "import re\n"
            f"try:\n    pass\nexcept {ast.unparse(call.args[0])} as error:\n    {checked}\n"
            "else:\n    raise AssertionError('no error')"
        ).body
        assert isinstance(frame, ast.Try)
        frame.body = node.body
        return [imported, frame] if match else frame

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        right = node.comparators[0]
        if isinstance(right, ast.Call) and ast.unparse(right.func) == "approx":
            near = f"abs({ast.unparse(node.left)} - {ast.unparse(right.args[0])}) < 1e-6"
            return ast.parse(near, mode="eval").body
        return node


class _Pytest(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in ("raises", "approx"):
            return ast.parse(f"pytest.{node.id}", mode="eval").body
        return node


class _Unittest(ast.NodeTransformer):
    METHODS: ClassVar = {
        ast.Eq: "assertEqual",
        ast.NotEq: "assertNotEqual",
        ast.Is: "assertIs",
        ast.IsNot: "assertIsNot",
        ast.In: "assertIn",
        ast.NotIn: "assertNotIn",
        ast.Lt: "assertLess",
        ast.LtE: "assertLessEqual",
        ast.Gt: "assertGreater",
        ast.GtE: "assertGreaterEqual",
    }

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left, right = test.left, test.comparators[0]
            method = self.METHODS[type(test.ops[0])]
            if isinstance(right, ast.Call) and ast.unparse(right.func) == "approx":
                return self._call("assertAlmostEqual", left, right.args[0], places="6")
            return self._call(method, left, right)
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self._call("assertFalse", test.operand)
        return self._call("assertTrue", test)

    def visit_With(self, node: ast.With) -> ast.AST:
        self.generic_visit(node)
        call = node.items[0].context_expr
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "raises":
            matches = [keyword.value for keyword in call.keywords]
            name = "assertRaisesRegex" if matches else "assertRaises"
            node.items[0].context_expr = self._call(name, *call.args, *matches).value
        return node

    @staticmethod
    def _call(method: str, *values: ast.expr, **named: str) -> ast.Expr:
        words = [*map(ast.unparse, values), *(f"{key}={value}" for key, value in named.items())]
        call = ast.parse(f"self.{method}({', '.join(words)})").body[0]
        assert isinstance(call, ast.Expr)
        return call


class _Renamed(ast.NodeTransformer):
    def __init__(self, name: str) -> None:
        self.name = name

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id == self.name and isinstance(node.ctx, ast.Load):
            return ast.Name("candidate", ast.Load())
        return node


def _written(block: str, *passes: ast.NodeTransformer, indent: int = 0) -> str:
    tree = ast.parse(block)
    for each in passes:
        tree = each.visit(tree)
    return textwrap.indent(ast.unparse(ast.fix_missing_locations(tree)), " " * indent)


def asserts(blocks: list[str], entry: str) -> Reference:
    return {"test_code": "\n\n".join(_written(block, _Plain()) for block in blocks) + "\n"}


def listed(blocks: list[str], entry: str) -> Reference:
    return {"test_code": [_written(block, _Plain()) for block in blocks]}


def check(blocks: list[str], entry: str) -> Reference:
    body = "\n\n".join(_written(block, _Plain(), _Renamed(entry), indent=4) for block in blocks)
    return {"test_code": f"def check(candidate):\n{body}\n", "entry_point": entry}


def pytest_functions(blocks: list[str], entry: str) -> Reference:
    tests = (
        f"def test_{n}():\n{_written(block, _Pytest(), indent=4)}\n"
        for n, block in enumerate(blocks, 1)
    )
    return {"test_code": "import pytest\n\n\n" + "\n\n".join(tests)}


def unittest_case(blocks: list[str], entry: str) -> Reference:
    tests = (
        f"    def test_{n}(self):\n{_written(block, _Unittest(), indent=8)}\n"
        for n, block in enumerate(blocks, 1)
    )
    head = "import unittest\n\n\nclass TestSolution(unittest.TestCase):\n"
    return {"test_code": head + "\n".join(tests)}


STYLES: dict[str, Callable[[list[str], str], Reference]] = {
    "asserts": asserts,
    "check": check,
    "list": listed,
    "pytest": pytest_functions,
    "unittest": unittest_case,
}
