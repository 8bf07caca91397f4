"""How two trees of one log belong together, by the proofs and the log that were handed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from provenir.attest.log import EventLog
from provenir.core.digest import parse_digest
from provenir.core.merkle import verify_consistency

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from provenir.attest.log import LogState
    from provenir.attest.log_check import LogExamination
    from provenir.governance.passport_proof import ConsistencyProof

__all__ = ["Relation", "Trees"]

Relation = Literal["prefix", "log-inconsistent", "log-truncated", "no-consistency-proof"]

_BY_FINDING: Final[dict[str, Relation]] = {
    "log_truncated": "log-truncated",
    "log_rewritten": "log-inconsistent",
}

_WORST_FIRST: Final[tuple[Relation, ...]] = ("log-inconsistent", "log-truncated")


class Trees:
    """Compares sizes and roots of one log.

    Args:
        proofs: Consistency proofs, of any origin.
        folder: The log's folder, None when it was not handed over.
        sizes: Sizes of the trees in question: the log is read once for all of them, and once more
            for each size that is not among them.
    """

    def __init__(
        self,
        proofs: Sequence[ConsistencyProof],
        folder: Path | None,
        *,
        sizes: Iterable[int] = (),
    ) -> None:
        self._proofs = {(proof.old_size, proof.new_size): proof for proof in proofs}
        self._folder = folder
        self._sizes = set(sizes)
        self._seen: LogExamination | None = None

    def relation(self, first: LogState, second: LogState) -> Relation:
        """Whether the smaller of two trees is a prefix of the larger one.

        The roots are those of the two trees in question, whatever a proof says that it is about.
        """
        old, new = sorted((first, second), key=lambda tree: tree.size)
        if old.size == new.size:
            return "prefix" if old.root == new.root else "log-inconsistent"
        proof = self._proofs.get((old.size, new.size))
        if proof is not None:
            path = [parse_digest(step) for step in proof.proof]
            roots = parse_digest(old.root), parse_digest(new.root)
            holds = verify_consistency(old.size, new.size, path, *roots)
            return "prefix" if holds else "log-inconsistent"
        if self._folder is None:
            return "no-consistency-proof"
        found = {self.in_log(old), self.in_log(new)}
        return next((fault for fault in _WORST_FIRST if fault in found), "prefix")

    def in_log(self, tree: LogState) -> Relation:
        """Whether a tree is a prefix of the log that was handed over, by the log's lines."""
        if self._folder is None:
            return "no-consistency-proof"
        if self._seen is None or tree.size not in self._sizes:
            self._sizes.add(tree.size)
            self._seen = EventLog(self._folder).examine(sizes=self._sizes)
        faults = self._seen.against(tree, str(self._folder))
        return _BY_FINDING[faults[0].kind] if faults else "prefix"
