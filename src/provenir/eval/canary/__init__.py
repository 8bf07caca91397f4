"""Canaries: tokens in a private eval set that show, when they turn up elsewhere, that it leaked.

`CanaryGuard` mints them, puts them into records and looks for them in training data. A canary is
128 bits in five hexadecimal groups, so no text holds one by chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.eval.canary.commitment import CanaryCommitment, CanaryRegister
    from provenir.eval.canary.guard import CanaryGuard
    from provenir.eval.canary.report import CanaryHit, CanaryReport
    from provenir.eval.canary.token import Canary

__all__ = [
    "Canary",
    "CanaryCommitment",
    "CanaryGuard",
    "CanaryHit",
    "CanaryRegister",
    "CanaryReport",
]

_EXPORTS = {
    "Canary": "provenir.eval.canary.token",
    "CanaryCommitment": "provenir.eval.canary.commitment",
    "CanaryGuard": "provenir.eval.canary.guard",
    "CanaryHit": "provenir.eval.canary.report",
    "CanaryRegister": "provenir.eval.canary.commitment",
    "CanaryReport": "provenir.eval.canary.report",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
