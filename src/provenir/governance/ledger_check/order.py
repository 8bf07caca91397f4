"""The order of the batches: what the sampler gives for the seed that was committed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.governance.ledger_check.decisions import day_of
from provenir.governance.ledger_check.files import need
from provenir.provenance.ledger.sampler import Sampler, micro_sizes, seed_commit

if TYPE_CHECKING:
    from provenir.governance.ledger_check.batches import Standing
    from provenir.governance.ledger_check.decisions import Decisions
    from provenir.governance.ledger_check.documents import BoundFiles
    from provenir.provenance.ledger.records import Close, Details, Header, Step

__all__ = ["Order"]

_ORDER = "order-mismatch"


class Order:
    """Draws every batch again.

    Args:
        header: The sampler's settings and the commitment to its seed.
        close: The seed.
        bound: Which rows were admitted at the start, and how many steps were planned.

    Raises:
        EvidenceError: `foreign-sampler`, `order-mismatch`.
    """

    def __init__(self, header: Header, close: Close, bound: BoundFiles) -> None:
        plan = header.sampler
        need(plan.version is not None, "foreign-sampler", "another sampler drew the batches")
        seed = bytes.fromhex(close.sampler_seed or "")
        same = bool(seed) and seed_commit(seed) == plan.seed_commit
        need(same, _ORDER, "the seed is not the one that was committed to", "close")
        self._micro = plan.micro
        self._sampler = Sampler(
            seed=seed,
            rows=[row for row, one in enumerate(bound.admitted) if one.is_given],
            batch=plan.batch,
            epochs=plan.epochs,
            drop_last=plan.drop_last,
        )
        planned = bound.intent.total_steps <= self._sampler.total_steps
        need(planned, _ORDER, f"{plan.epochs} epochs have fewer steps than were planned", "intent")

    def check(self, step: Step, details: Details, decisions: Decisions, standing: Standing) -> None:
        """Compare a batch with what the sampler draws for its step.

        Raises:
            EvidenceError: `order-mismatch`.
        """
        where = f"step {step.step}"
        known = step.step <= self._sampler.total_steps
        need(known, _ORDER, "the sampler has no such step", where)
        epoch, drawn = self._sampler.drawn(step.step)
        decisions.draw(len(drawn))
        day = day_of(step.time)
        kept = [
            row
            for row in drawn
            if decisions.of(row, day).is_admitted and not standing.is_excluded(row)
        ]
        found = ([entry.row for entry in details.batch], step.dropped, step.epoch, step.micro)
        sizes = tuple(micro_sizes(len(kept), self._micro))
        same = found == (kept, len(drawn) - len(kept), epoch, sizes)
        need(same, _ORDER, "its batch is not what the sampler gives", where)
