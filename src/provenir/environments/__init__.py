"""Environments: what is known about a completion by reading its code, before anything is run.

`analyse` finds the code in a completion and reads it; `RULES` says what it looks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.environments.code.rules import RULES, Rule
    from provenir.environments.code_analysis import CodeAnalysis, CodeFinding, analyse

_EXPORTS = {
    "RULES": "provenir.environments.code.rules",
    "CodeAnalysis": "provenir.environments.code_analysis",
    "CodeFinding": "provenir.environments.code_analysis",
    "Rule": "provenir.environments.code.rules",
    "analyse": "provenir.environments.code_analysis",
}

__all__ = ["RULES", "CodeAnalysis", "CodeFinding", "Rule", "analyse"]

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
