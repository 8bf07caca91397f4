"""What an expression is known to be without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provenir.environments.code.program import Scope

__all__ = ["Const", "Function", "Local", "Partial", "Ref", "Value"]

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Ref:
    """Something of a module or of the builtins, by its full name such as ``os._exit``."""

    name: str


@dataclass(frozen=True, slots=True)
class Const:
    """A value that can be computed from the text alone."""

    value: Any


@dataclass(frozen=True, slots=True)
class Local:
    """A function, lambda or class that the program itself defines, and where."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
    scope: Scope


@dataclass(frozen=True, slots=True)
class Partial:
    """A callable with its first arguments given: `functools.partial`, a bound string method."""

    function: Ref | Local
    args: tuple[ast.expr, ...]
    scope: Scope


Value = Ref | Const | Local | Partial
