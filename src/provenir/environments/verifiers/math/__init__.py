"""Mathematical answers: finding the final one in a response and comparing it with a reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.environments.verifiers.math.verifier import MathVerifier

_EXPORTS = {"MathVerifier": "provenir.environments.verifiers.math.verifier"}

__all__ = ["MathVerifier"]

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
