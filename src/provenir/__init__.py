"""Provenir, the trust layer for LLM post-training.

`provenir.track` wraps a training loop that you have and leaves a run folder behind: flight
recorder, hacking report, lineage, bill of materials and, with a key, a signed Model Passport.
Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir._version import __version__

if TYPE_CHECKING:
    from provenir.tracking import Run, track

__all__ = ["Run", "__version__", "track"]

_EXPORTS = {"Run": "provenir.tracking", "track": "provenir.tracking"}


def __getattr__(name: str) -> Any:
    """Import a public name from its room at the first use (PEP 562)."""
    if name in _EXPORTS:
        from importlib import import_module

        value = getattr(import_module(_EXPORTS[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
