"""Names that were handed to the program and that an expectation reads."""

from __future__ import annotations

import ast

import pytest

from provenir.environments.judging.expectations import (
    READING,
    expectations,
    program_names,
    reachable,
)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("assert f(x) == sorted(x)", ["x"]),
        ("assert sorted(x) == f(x)", ["x"]),
        ("assert f(x) == [1]", []),
        ("assert f(x) == len(x) + 1", []),
        ("assert f(x) == x", []),
        ("assert f(x) is not x[0]", []),
        ("assert f(x) == sorted(y)", []),
        ("got = f(x)\nassert got == sorted(x)", ["x"]),
        ("got = f(x)\ngot = 1\nassert got == sorted(x)", []),
        ("assert f(x, key=y).z == max(x) + max(y)", ["x", "y"]),
        ("for x in xs:\n    assert f(x) == max(x)", ["x"]),
        ("def test():\n    assert f(x) == max(x)", ["x"]),
        ("assert len(x) == max(x)", []),
    ],
)
def test_what_is_read(source, names):
    tree = ast.parse(source)
    expectations(tree, program_names(tree, ["f"]))
    marks = [
        n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == READING
    ]
    assert [name.id for mark in marks for name in mark.args[1].elts] == names


def test_names_of_the_program():
    tree = ast.parse(
        "import os, solution\nfrom student import g as h\nfrom math import pi\nimport pytest"
    )
    assert program_names(tree, ["f"]) == {"f", "h", "solution", "candidate"}


def test_what_a_value_holds():
    inner = [1]
    circle = {"a": (inner,)}
    circle["b"] = circle
    found = reachable(circle, __name__)
    assert {id(circle), id(inner)} <= found

    class Own:
        pass

    own = Own()
    own.held = inner
    assert id(inner) in reachable(own, __name__)
    assert id(inner) not in reachable(own, "elsewhere")
