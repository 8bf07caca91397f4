"""Names that a test takes for granted without importing them.

Tests are written to be pasted below a program, and lean on what the program imported. What a test
measures with must not come from what it measures: a module of the standard library that is only
used with a dot, and the tools below, are Python's own, unless the test is about them.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import ast
import importlib
import sys
from typing import Any, Final

__all__ = ["TOOLS", "borrowed"]

TOOLS: Final = {
    "isclose": "math",
    "inf": "math",
    "nan": "math",
    "pi": "math",
    "deepcopy": "copy",
    "Counter": "collections",
    "OrderedDict": "collections",
    "defaultdict": "collections",
    "deque": "collections",
    "Decimal": "decimal",
    "Fraction": "fractions",
    "datetime": "datetime",
    "date": "datetime",
    "timedelta": "datetime",
    "StringIO": "io",
    "redirect_stdout": "contextlib",
    "TestCase": "unittest",
    "patch": "unittest.mock",
    "Mock": "unittest.mock",
    "MagicMock": "unittest.mock",
    **dict.fromkeys(
        ["Any", "Callable", "Dict", "Iterable", "List", "Optional", "Set", "Tuple", "Union"],
        "typing",
    ),
}
"""Name → the module that it is of."""


def borrowed(tree: ast.Module, free: list[str], entry_point: str) -> dict[str, Any]:
    """What the free names of a test mean that are Python's rather than the program's.

    Args:
        tree: The test.
        free: Names that it uses and does not define, without builtins.
        entry_point: The function under test, if anybody says.
    """
    dotted = _only_dotted(tree)
    modules = [n for n in free if n in dotted and n in sys.stdlib_module_names and n != entry_point]
    tools = [n for n in free if n in TOOLS and n != entry_point]
    subjects = set(free) - set(modules) - set(tools)
    found: dict[str, Any] = {name: importlib.import_module(name) for name in modules}
    if subjects or entry_point:
        found |= {name: getattr(importlib.import_module(TOOLS[name]), name) for name in tools}
    return found


def _only_dotted(tree: ast.Module) -> set[str]:
    """Names that are used with a dot behind them, every time."""
    roots = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    return {n.id for n in names} - {n.id for n in names if id(n) not in roots}
