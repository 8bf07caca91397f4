"""Names that a test takes for granted without importing them.

Tests are written to be pasted below a program, and lean on what the program imported. What a test
measures with must not come from what it measures. So a module that is only used with a dot is
Python's own, and so is a function that the standard library has, unless an assertion is about it:
unless, that is, it stands in an assertion in which nothing else of the program does.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import ast
import importlib
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.judging.rules import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FOREIGN", "borrowed"]

FOREIGN: Final = frozenset(
    [
        "numpy",
        "np",
        "scipy",
        "sp",
        "pandas",
        "pd",
        "torch",
        "tensorflow",
        "tf",
        "jax",
        "jnp",
        "sklearn",
        "matplotlib",
        "plt",
        "requests",
        "hypothesis",
        "yaml",
        "sympy",
        "networkx",
        "nx",
        "PIL",
        "flask",
        "django",
        "aiohttp",
        "httpx",
        "pydantic",
        "attr",
        "attrs",
        "dateutil",
        "tqdm",
        "nltk",
        "bs4",
        "lxml",
        "cv2",
        "seaborn",
        "sns",
        "plotly",
        "sqlalchemy",
        "boto3",
        "redis",
        "faker",
        "freezegun",
        "parameterized",
        "nose",
        "toolz",
        "mpmath",
    ]
)
"""Packages that tests use and that are not in the sandbox, and what they are abbreviated to."""

_HANDED: Final = frozenset({"candidate", "solution"})
_TOOLS: Final = {
    "deepcopy": "copy",
    "Decimal": "decimal",
    "Fraction": "fractions",
    "datetime": "datetime",
    "date": "datetime",
    "timedelta": "datetime",
    "StringIO": "io",
    "redirect_stdout": "contextlib",
    "suppress": "contextlib",
    "TestCase": "unittest",
    "patch": "unittest.mock",
    "Mock": "unittest.mock",
    "MagicMock": "unittest.mock",
    **dict.fromkeys(
        [
            "Any",
            "Callable",
            "Dict",
            "Iterable",
            "Iterator",
            "List",
            "Optional",
            "Sequence",
            "Set",
            "Tuple",
            "Union",
        ],
        "typing",
    ),
}
_MODULES: Final = ("collections", "math", "random", "itertools", "functools", "statistics")


@cache
def _known() -> Mapping[str, str]:
    """Name → the module that has it."""
    found: dict[str, str] = {}
    for module in reversed(_MODULES):
        loaded = importlib.import_module(module)
        names = getattr(loaded, "__all__", None) or dir(loaded)
        found |= {name: module for name in names if not name.startswith("_")}
    return {**found, **_TOOLS}


def borrowed(
    tree: ast.Module, free: list[str], entry_point: str, shims: Mapping[str, Any]
) -> dict[str, Any]:
    """What the free names of a test mean that are not the program's.

    Args:
        tree: The test.
        free: Names that it uses and does not define, without builtins.
        entry_point: The function under test, if anybody says.
        shims: Modules of ours that stand in for others, by their names.

    Raises:
        RefusedError: It takes a package for granted that is not in the sandbox.
    """
    dotted = _only_dotted(tree)
    for name in free:
        if name in FOREIGN and name in dotted and name != entry_point:
            raise RefusedError("unsupported_test", f"the test takes {name} for granted")
    known = _known()
    found = {name: shims[name] for name in free if name in shims and name in dotted}
    modules = [n for n in free if n in dotted and n in sys.stdlib_module_names and n not in found]
    found |= {name: importlib.import_module(name) for name in modules if name != entry_point}
    pytest = shims.get("pytest")
    tools = {n for n in free if n in known or hasattr(pytest, n)} - set(found) - {entry_point}
    unknown = {*free, *_HANDED} - tools - set(found)
    for name in tools - _subjects(tree, tools, unknown):
        source = importlib.import_module(known[name]) if name in known else pytest
        found[name] = getattr(source, name)
    return found


def _subjects(tree: ast.Module, tools: set[str], unknown: set[str]) -> set[str]:
    """Those of some names that an assertion is about: no other name of the program is in it."""
    about: set[str] = set()
    seen = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) or _is_check(node):
            names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            seen = seen or bool(names & unknown)
            if not names & unknown:
                about |= names & tools
    return about if seen else tools


def _is_check(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr.startswith("assert")
    )


def _only_dotted(tree: ast.Module) -> set[str]:
    """Names that are used with a dot behind them, every time."""
    roots = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    return {n.id for n in names} - {n.id for n in names if id(n) not in roots}
