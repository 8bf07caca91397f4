"""Pages that people look at.

The room draws the report page of a run folder: one self-contained HTML file without any script,
with the charts drawn beforehand as SVG. It reads the folder, never changes it, and neutralises
every character that came from data. Charts need the extra ``report``; it is loaded at first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provenir.console.report import render

__all__ = ["render"]

_EXPORTS = {"render": "provenir.console.report"}


def __getattr__(name: str) -> object:
    """Load a public name at first use (PEP 562)."""
    module = _EXPORTS.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(module), name)
