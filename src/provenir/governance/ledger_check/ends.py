"""The ends of a ledger: the passport, the plan before it, and the model after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.core.errors import EvidenceError, InputError
from provenir.governance.ledger_check.files import need
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.records import FinalTensors
from provenir.provenance.ledger.tensors import leaf_root

if TYPE_CHECKING:
    from provenir.governance.claims import LedgerCloseStatement
    from provenir.governance.ledger_check.documents import BoundFiles
    from provenir.governance.ledger_check.files import LedgerFiles
    from provenir.governance.predicate import PassportPredicate
    from provenir.provenance.ledger.records import Close, Header, Root

__all__ = ["check_intent", "check_model", "check_passport"]

_PLANNED = (
    *("run_id", "base", "dataset", "commitments", "metadata", "admission", "policy", "profiles"),
    *("sampler", "optimizer", "loss", "clip"),
)
_MODELS = ("adapter", "model")
_MODEL = "artifact-mismatch"


def check_passport(
    predicate: PassportPredicate, header: Header, claim: LedgerCloseStatement, statement: str
) -> None:
    """Make sure that a passport is about a ledger.

    Args:
        predicate: The passport.
        header: The ledger's first record.
        claim: What the operator says of the ledger.
        statement: Digest of that statement's payload.

    Raises:
        EvidenceError: `ledger-mismatch`.
    """
    manifest = predicate.manifest
    runs = {predicate.bom.run_id, None if manifest is None else manifest.run_id} - {None}
    bound = predicate.ledger_root == claim.root and statement in predicate.statements
    need(bound and runs <= {claim.run_id}, "ledger-mismatch", "the passport is of another ledger")
    trained_on = {part.content_hash for part in predicate.bom.data if part.role == "train"}
    what = "the dataset is not the one, or not the only one, that the passport was trained on"
    need(trained_on == {header.dataset.root}, "ledger-mismatch", what)


def check_intent(header: Header, close: Close, bound: BoundFiles) -> None:
    """Row `V1 intent`: what was done was planned, as long as it was planned.

    Raises:
        EvidenceError: `intent-mismatch`, `step-count`.
    """
    intent = bound.intent
    other = [name for name in _PLANNED if getattr(intent, name) != getattr(header, name)]
    what = f"it was planned otherwise: {', '.join(other)}"
    need(not other, "intent-mismatch", what, layout.INTENT)
    steps, planned = close.n_steps, intent.total_steps
    sound = steps == planned if close.status == "completed" else steps <= planned
    need(sound, "step-count", f"{steps} steps and {close.status}, of {planned} planned", "close")


def check_model(
    files: LedgerFiles, close: Close, bound: BoundFiles, predicate: PassportPredicate | None
) -> None:
    """Row `V0 model`: the tensors at the end are the close's, and those of the passport's models.

    Raises:
        EvidenceError: `missing-report`, `malformed`, `artifact-mismatch`.
    """
    data = files.read(layout.FINAL)
    try:
        tensors = FinalTensors.from_bytes(data, where=layout.FINAL).tensors
    except InputError as fault:
        raise EvidenceError(fault.what, reason="malformed", where=layout.FINAL) from fault
    found = [(t.name, t.dtype, tuple(t.shape), t.trainable, t.released) for t in tensors]
    mapped = [
        (p.name, p.dtype, tuple(p.shape), p.trainable, p.released) for p in bound.blocks.parameters
    ]
    need(found == mapped, _MODEL, "its tensors are not those of the block map", layout.FINAL)
    out = [tensor.leaf() for tensor in tensors if tensor.released]
    released = leaf_root(out) if out else None
    roots = (
        leaf_root(tensor.leaf() for tensor in tensors if tensor.trainable),
        leaf_root(tensor.leaf() for tensor in tensors if not tensor.trainable),
        released,
    )
    same = roots == (close.final, close.frozen_after, close.released)
    need(same, _MODEL, "its tensors are not those that the close states", layout.FINAL)
    if predicate is not None:
        _check_artifacts(predicate, released)


def _check_artifacts(predicate: PassportPredicate, released: Root | None) -> None:
    """What is called a model is what was released, and where there are weights, some are it."""
    weights = [one for one in predicate.bom.artifacts if one.tensor_root is not None]
    same = {
        one.name
        for one in weights
        if released is not None and (one.n_tensors, one.tensor_root) == (released.n, released.root)
    }
    for artifact in predicate.bom.artifacts:
        fits = artifact.kind not in _MODELS or artifact.name in same
        need(fits, _MODEL, f"{artifact.name} is not what was released")
    need(bool(same) or not weights, _MODEL, "no artifact is what was released")
