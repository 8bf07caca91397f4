"""The floor of the house: canonical bytes, digests, Merkle trees, errors, findings, files, time.

Everything here is a small pure value or function, or one careful way to touch a file. It imports
no other room, and names are imported from their modules at the first use, so that importing this
package costs nothing (pydantic is loaded for documents only).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.core.canonical import LEAF_RULE, canonical_bytes, example_bytes, example_digest
    from provenir.core.clock import Clock, FixedClock, SystemClock
    from provenir.core.digest import digest_bytes, digest_file, digest_value
    from provenir.core.document import Document
    from provenir.core.errors import ProvenirError
    from provenir.core.findings import Finding, Report
    from provenir.core.manifest import RunManifest, RunManifestStore
    from provenir.core.merkle import Frontier, merkle_root
    from provenir.core.plain import to_plain

__all__ = [
    "LEAF_RULE",
    "Clock",
    "Document",
    "Finding",
    "FixedClock",
    "Frontier",
    "ProvenirError",
    "Report",
    "RunManifest",
    "RunManifestStore",
    "SystemClock",
    "canonical_bytes",
    "digest_bytes",
    "digest_file",
    "digest_value",
    "example_bytes",
    "example_digest",
    "merkle_root",
    "to_plain",
]

_EXPORTS = {
    "LEAF_RULE": "provenir.core.canonical",
    "Clock": "provenir.core.clock",
    "Document": "provenir.core.document",
    "Finding": "provenir.core.findings",
    "FixedClock": "provenir.core.clock",
    "Frontier": "provenir.core.merkle",
    "ProvenirError": "provenir.core.errors",
    "Report": "provenir.core.findings",
    "RunManifest": "provenir.core.manifest",
    "RunManifestStore": "provenir.core.manifest",
    "SystemClock": "provenir.core.clock",
    "canonical_bytes": "provenir.core.canonical",
    "digest_bytes": "provenir.core.digest",
    "digest_file": "provenir.core.digest",
    "digest_value": "provenir.core.digest",
    "example_bytes": "provenir.core.canonical",
    "example_digest": "provenir.core.canonical",
    "merkle_root": "provenir.core.merkle",
    "to_plain": "provenir.core.plain",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
