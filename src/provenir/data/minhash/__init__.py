"""Near-duplicates: rows that share most of their five-word runs, found by MinHash signatures.

Needs the extra `data`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir._lazy import lazy_exports
from provenir.core.extras import require

if TYPE_CHECKING:
    from provenir.data.minhash.signing import signatures

__all__ = ["signatures"]

_EXPORTS = {
    "signatures": "provenir.data.minhash.signing",
}

_exported, __dir__ = lazy_exports(__name__, _EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        require("data", "numpy")
    return _exported(name)
