"""Pages that people look at.

The room draws the report page of a run folder: one self-contained HTML file without any script,
with the charts drawn beforehand as SVG. It reads the folder, never changes it, and neutralises
every character that came from data. Charts need the extra ``report``; it is loaded at first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.console.report import render

__all__ = ["render"]

_EXPORTS = {"render": "provenir.console.report"}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
