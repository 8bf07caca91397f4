"""Careful hands for documents of unknown shape.

A run folder may hold anything: torn, edited, from another version. These functions take a parsed
JSON value and give back the wanted kind or nothing, and never raise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any


def mapping(value: object) -> Mapping[str, Any]:
    """Return the value when it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: object) -> Sequence[Any]:
    """Return the value when it is a list or tuple, else an empty one."""
    return value if isinstance(value, (list, tuple)) else ()


def mappings(value: object) -> list[Mapping[str, Any]]:
    """Return the mappings among the members of a list."""
    return [item for item in sequence(value) if isinstance(item, Mapping)]


def text(value: object) -> str | None:
    """Return a non-empty string, else None."""
    return value if isinstance(value, str) and value else None


def number(value: object) -> float | None:
    """Return a finite float, else None; booleans are not numbers."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        as_float = float(value)
    except OverflowError:
        return None
    return as_float if math.isfinite(as_float) else None


def whole(value: object) -> int | None:
    """Return an integer (a float counts when it is whole), else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None
