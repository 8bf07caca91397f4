"""Names that a test takes for granted."""

from __future__ import annotations

import ast
import copy
import itertools
import math
import types

import pytest

from provenir.environments.judging.instrument import free_names
from provenir.environments.judging.rules import RefusedError
from provenir.environments.judging.tools import borrowed

PYTEST = types.SimpleNamespace(raises=object(), approx=object())


def found(source, entry_point="f"):
    tree = ast.parse(source)
    builtin = vars(__import__("builtins"))
    free = [name for name in free_names(tree) if name not in builtin]
    return borrowed(tree, free, entry_point, {"pytest": PYTEST})


def test_a_module_that_is_only_used_with_a_dot_is_pythons():
    assert found("assert math.isclose(f(1), 1)") == {"math": math}
    assert found("assert pytest.raises(f)") == {"pytest": PYTEST}
    assert found("assert f(math) == math.pi") == {}


def test_a_function_of_the_library_beside_the_program():
    assert found("x = deepcopy([1])\nassert f(x) == 1") == {"deepcopy": copy.deepcopy}
    assert found("assert f(1) == approx(1)") == {"approx": PYTEST.approx}
    assert found("assert f(2) == list(permutations([1, 2]))") == {
        "permutations": itertools.permutations
    }


def test_what_an_assertion_is_about_is_the_programs():
    assert found("assert gcd(2, 4) == 2\nassert f(1) == 1") == {}
    assert found("assert gcd(2, 4) == 2", entry_point="gcd") == {}


@pytest.mark.parametrize("name", ["np", "numpy", "pd", "torch"])
def test_a_package_that_is_not_here(name):
    with pytest.raises(RefusedError, match=f"takes {name} for granted"):
        found(f"assert {name}.array(f(1)).all()")
    assert found(f"assert {name}(f(1))") == {}
