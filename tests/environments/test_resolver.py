"""What expressions of a program stand for."""

from __future__ import annotations

import ast

import pytest

from provenir.environments.code.program import Program
from provenir.environments.code.resolver import Resolver


def resolved(source: str) -> tuple[str, object]:
    """The full name and the constant of the last expression."""
    program = Program(ast.parse(source))
    last = program.tree.body[-1]
    assert isinstance(last, ast.Expr)
    names = Resolver(program)
    return names.name(last.value, program.top), names.constant(last.value, program.top)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import os\nos._exit", "os._exit"),
        ("import os.path as p\np.join", "os.path.join"),
        ("from os import path\npath.join", "os.path.join"),
        ("import posix\nposix._exit", "os._exit"),
        ("len", "builtins.len"),
        ("def len(x): ...\nlen", ""),
        ("a = b = print\nb", "builtins.print"),
        ("a = a\na", ""),
        ("a = b\nb = a\na", ""),
        ("import sys\nx = y = sys\nvars(y)['ex' 'it']", "sys.exit"),
        ("getattr(__import__('os'), 'a' + 'b')", "os.ab"),
        ("import subprocess\nsubprocess.os._exit", "os._exit"),
        ("import numpy as np\nnp.testing.assert_allclose", "numpy.testing.assert_allclose"),
    ],
)
def test_names(source, name):
    assert resolved(source)[0] == name


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("'a' + 'b' * 2", "abb"),
        ("f'{1 + 1}x'", "2x"),
        ("bytes([104, 105]).decode()", "hi"),
        ("''.join(chr(c + 1) for c in [103, 104])", "hi"),
        ("'{}-{}'.format(1, 2)", "1-2"),
        ("'abc'[::-1]", "cba"),
        ("{'a': [1, 2]}['a'][1]", 2),
        ("x = 3\nx * 2", 6),
        ("x = 3\nx = 4\nx", None),
        ("9 ** 9 ** 9", None),
        ("'a' * 10 ** 9", None),
        ("1 / 0", None),
        ("'%999999999d' % 1", None),
        ("'abc'[::0]", None),
        ("int('1' * 5000)", None),
    ],
)
def test_constants(source, value):
    assert resolved(source)[1] == value


def test_a_parameter_is_not_the_builtin():
    program = Program(ast.parse("def f(exit):\n    exit"))
    ((node, scope),) = [pair for pair in program.nodes(ast.Name) if pair[0].id == "exit"]
    assert Resolver(program).name(node, scope) == ""
