"""Functions that a prompt gives and a program continues.

A test that measures with one of them means the one of the prompt, whatever the program that repeats
the prompt has made of it.
"""

from __future__ import annotations

import ast
from functools import lru_cache

__all__ = ["helpers"]

_MAX_CHARS = 100_000


@lru_cache(maxsize=512)
def helpers(prompt: str, entry_point: str) -> str:
    """Source of what a prompt defines completely, without the function that is asked for.

    Args:
        prompt: Python code, as far as it goes.
        entry_point: Name of the function that is asked for.

    Returns:
        The source; empty where the prompt is no code or gives nothing.
    """
    if not prompt or len(prompt) > _MAX_CHARS:
        return ""
    try:
        tree = ast.parse(prompt)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    kept = [node for node in tree.body if _is_complete(node, entry_point)]
    if not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in kept):
        return ""
    return "\n".join(ast.unparse(node) for node in kept)


def _is_complete(node: ast.stmt, entry_point: str) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name != entry_point and not all(map(_says_nothing, node.body))
    if isinstance(node, ast.ClassDef):
        return node.name != entry_point.partition("(")[0] and all(
            not isinstance(part, ast.FunctionDef) or not all(map(_says_nothing, part.body))
            for part in node.body
        )
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign)


def _says_nothing(node: ast.stmt) -> bool:
    """Whether a statement only stands for a body that is to come."""
    if isinstance(node, ast.Raise):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )
