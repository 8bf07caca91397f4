"""The training ledger: which admitted rows moved which blocks at which step.

Its bytes are laid down in docs/reference/ledger.md. Nothing here decides, and nothing here trains:
the admission and the routes are handed in, and so are the digests of the parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.provenance.ledger.commitments import Salts
    from provenir.provenance.ledger.proofs import check_proof
    from provenir.provenance.ledger.query import LedgerQuery
    from provenir.provenance.ledger.sampler import Sampler, seed_commit
    from provenir.provenance.ledger.tensors import (
        hash_tensors,
        leaf_root,
        tensor_leaf,
        tensor_root,
    )
    from provenir.provenance.ledger.writer import ClosedLedger, LedgerWriter

__all__ = [
    "ClosedLedger",
    "LedgerQuery",
    "LedgerWriter",
    "Salts",
    "Sampler",
    "check_proof",
    "hash_tensors",
    "leaf_root",
    "seed_commit",
    "tensor_leaf",
    "tensor_root",
]

_EXPORTS = {
    "ClosedLedger": "provenir.provenance.ledger.writer",
    "LedgerQuery": "provenir.provenance.ledger.query",
    "LedgerWriter": "provenir.provenance.ledger.writer",
    "Salts": "provenir.provenance.ledger.commitments",
    "Sampler": "provenir.provenance.ledger.sampler",
    "check_proof": "provenir.provenance.ledger.proofs",
    "hash_tensors": "provenir.provenance.ledger.tensors",
    "leaf_root": "provenir.provenance.ledger.tensors",
    "seed_commit": "provenir.provenance.ledger.sampler",
    "tensor_leaf": "provenir.provenance.ledger.tensors",
    "tensor_root": "provenir.provenance.ledger.tensors",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
