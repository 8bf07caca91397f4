"""Provenir, the trust layer for LLM post-training.

`provenir.track` wraps a training loop that you have and leaves a run folder behind: flight
recorder, hacking report, lineage, bill of materials and, with a key, a signed Model Passport.
Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports
from provenir._version import __version__

if TYPE_CHECKING:
    from provenir.tracking import Run, track

__all__ = ["Run", "__version__", "track"]

_EXPORTS = {"Run": "provenir.tracking", "track": "provenir.tracking"}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
