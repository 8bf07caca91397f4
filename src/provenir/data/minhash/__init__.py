"""Near-duplicates: rows that share most of their five-word runs, found by MinHash signatures.

`find_near_duplicates` clusters the rows of a source and keeps one of each cluster; `near_items`
tells which rows nearly are which eval items. Both need the extra `data`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir._lazy import lazy_exports
from provenir.core.extras import require

if TYPE_CHECKING:
    from provenir.data.minhash.dedup import find_near_duplicates
    from provenir.data.minhash.items import NearItem, near_items
    from provenir.data.minhash.report import Cluster, Member, NearDuplicates
    from provenir.data.minhash.rows import Skip
    from provenir.data.minhash.signing import signatures
    from provenir.data.minhash.writing import write_kept

__all__ = [
    "Cluster",
    "Member",
    "NearDuplicates",
    "NearItem",
    "Skip",
    "find_near_duplicates",
    "near_items",
    "signatures",
    "write_kept",
]

_EXPORTS = {
    "Cluster": "provenir.data.minhash.report",
    "Member": "provenir.data.minhash.report",
    "NearDuplicates": "provenir.data.minhash.report",
    "NearItem": "provenir.data.minhash.items",
    "Skip": "provenir.data.minhash.rows",
    "find_near_duplicates": "provenir.data.minhash.dedup",
    "near_items": "provenir.data.minhash.items",
    "signatures": "provenir.data.minhash.signing",
    "write_kept": "provenir.data.minhash.writing",
}

_exported, __dir__ = lazy_exports(__name__, _EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        require("data", "numpy")
    return _exported(name)
