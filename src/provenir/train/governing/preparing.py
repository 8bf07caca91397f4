"""All that is decided before the first step: contents, scores, admission, order, length."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from provenir.core.clock import parse_utc, utc_text
from provenir.core.digest import format_digest
from provenir.core.errors import UsageError
from provenir.core.files import read_lines
from provenir.eval.entropy import in_millionths
from provenir.governance.admission import Admission
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.plan import lines_root
from provenir.provenance.ledger.reader import read_records
from provenir.provenance.ledger.records import ADMITTED, AdmissionLine, Header, Root
from provenir.provenance.ledger.sampler import Sampler
from provenir.provenance.ledger.tensors import leaf_root
from provenir.train.governing.rows import AdmittedRows
from provenir.train.governing.tensors import ModelTensors, leaves_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from provenir.governance.blocks import BlockMap
    from provenir.provenance.ledger.commitments import Salts
    from provenir.provenance.ledger.plan import RowDecision
    from provenir.train.governing.place import Place
    from provenir.train.governing.settings import Governance

__all__ = ["Prepared", "Shape", "prepare"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a training goes through its rows.

    Attributes:
        batch: Rows of one step.
        micro: Most rows of a microbatch.
        epochs: How often every row is drawn; a part of an epoch counts. Not looked at where there
            are `max_steps`.
        max_steps: How many steps there shall be; None for as many as the epochs have.
        drop_last: Whether an epoch's last, shorter batch is left out.
    """

    batch: int
    micro: int
    epochs: float = 1.0
    max_steps: int | None = None
    drop_last: bool = False

    def __post_init__(self) -> None:
        if self.batch < 1 or not 1 <= self.micro <= self.batch:
            raise UsageError(f"batches of {self.batch} rows in microbatches of {self.micro}")
        if self.max_steps is None and not self.epochs > 0:
            raise UsageError(f"{self.epochs} epochs", mend="train for more than 0 epochs")

    def sampler(self, seed: bytes, rows: Sequence[int]) -> Sampler:
        """The order of the rows.

        Raises:
            UsageError: No batch can be drawn.
        """
        one = Sampler(seed, rows, self.batch, 1, self.drop_last)
        if one.per_epoch == 0:
            raise UsageError(
                f"{len(rows)} admitted rows make no batch of {self.batch}",
                mend="look at the decisions: provenir policy explain",
            )
        epochs = self.epochs if self.max_steps is None else self.max_steps / one.per_epoch
        return Sampler(seed, rows, self.batch, max(1, math.ceil(epochs)), self.drop_last)

    def total_steps(self, sampler: Sampler) -> int:
        """How many steps the training has."""
        if self.max_steps is not None:
            return self.max_steps
        return math.ceil(self.epochs * sampler.per_epoch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A governed training before its first step.

    Attributes:
        place: Where it is recorded.
        shape: How it goes through its rows.
        time: When the rows were decided for.
        tensors: The model's parameters.
        base, frozen, initial: Roots of the base model, of what is frozen, of what is trained.
        examples: Digest of each row.
        decisions: What was decided for each row.
        rows: Decides again.
        reference: Loss of each content under the base, where somebody asks for it.
        salts: Secret of the commitments.
        sampler: The order.
        total_steps: Number of steps.
        header: The ledger's, where one was begun here before.
    """

    place: Place
    shape: Shape
    time: str
    tensors: ModelTensors
    block_map: BlockMap
    base: Root
    frozen: Root
    initial: Root
    examples: Sequence[bytes]
    decisions: Sequence[RowDecision]
    rows: AdmittedRows
    reference: Mapping[str, float]
    salts: Salts = field(repr=False)
    sampler: Sampler = field(repr=False)
    total_steps: int
    header: Header | None

    @property
    def dataset(self) -> Root:
        """Root over the rows."""
        return lines_root(self.examples)


def prepare(
    governance: Governance,
    shape: Shape,
    *,
    place: Place,
    model: Any,
    examples: Sequence[bytes],
    losses_of: Callable[[Sequence[int]], Sequence[float]],
) -> Prepared:
    """Decide all that is decided before the first step.

    Args:
        governance: What was asked for.
        shape: How the training goes through its rows.
        place: Where it is recorded.
        model: The model, with what is to be trained requiring gradients, as it is before step 1.
        examples: Digest of each row.
        losses_of: Gives the losses of rows under the frozen base, in nats a token.

    Raises:
        UsageError: What was asked for does not belong together, or a ledger of another training
            was begun here.
    """
    header = _begun(place)
    tensors = ModelTensors(model)
    block_map = _blocks(tensors, governance)
    base = leaf_root(leaves_of(tensors.base()))
    reference = _references(governance, examples, losses_of)
    recorded = [] if header is None else _recorded_entropies(place, len(examples))
    rows = _rows(governance, examples, reference, base, recorded)
    time = utc_text(governance.clock.now()) if header is None else header.time
    decisions = rows.decisions(parse_utc(time).date())
    salts = place.salts()
    admitted = [row for row, one in enumerate(decisions) if one.effect in ADMITTED]
    sampler = shape.sampler(governance.seed or salts.sampler_seed, admitted)
    return Prepared(
        place=place,
        shape=shape,
        time=time,
        tensors=tensors,
        block_map=block_map,
        base=base,
        frozen=leaf_root(leaves_of(tensors.of(trainable=False))),
        initial=leaf_root(leaves_of(tensors.of(trainable=True))),
        examples=examples,
        decisions=decisions,
        rows=rows,
        reference=reference,
        salts=salts,
        sampler=sampler,
        total_steps=shape.total_steps(sampler),
        header=header,
    )


def _blocks(tensors: ModelTensors, governance: Governance) -> BlockMap:
    block_map, told = tensors.block_map(), tuple(governance.table.blocks)
    if tuple(block_map.blocks) != told:
        raise UsageError(
            f"the table of profiles has the blocks {', '.join(told)[:200]}",
            mend=f"the model has {', '.join(block_map.blocks)[:200]}",
        )
    return block_map


def _rows(
    governance: Governance,
    examples: Sequence[bytes],
    reference: Mapping[str, float],
    base: Root,
    recorded: Sequence[int],
) -> AdmittedRows:
    entropies = None
    if governance.table.bands is not None:
        # What was recorded counts: on other threads the base's losses differ in the last digits.
        entropies = recorded or [in_millionths(reference[format_digest(e)]) for e in examples]
    admission = Admission(governance.policy, governance.table, base=base.root)
    return AdmittedRows(examples, admission, governance.metadata, entropies)


def _begun(place: Place) -> Header | None:
    """The header of the ledger that was begun here."""
    if not place.has_ledger:
        return None
    first = next(read_records(place.folder), None)
    return first.record if first is not None and isinstance(first.record, Header) else None


def _recorded_entropies(place: Place, n: int) -> list[int]:
    """The entropy of each row as the ledger that was begun here states it; none without bands."""
    path = place.folder / layout.ADMISSION
    lines = (AdmissionLine.from_line(x, where=f"{path}:{i}") for i, x in read_lines(path))
    found = [line.entropy for line in lines if line.entropy is not None]
    return found if len(found) == n else []


def _references(
    governance: Governance,
    examples: Sequence[bytes],
    losses_of: Callable[[Sequence[int]], Sequence[float]],
) -> dict[str, float]:
    """Loss of each content under the base; each content is looked at once."""
    if governance.table.bands is None and governance.memorization is None:
        return {}
    first: dict[str, int] = {}
    for row, example in enumerate(examples):
        first.setdefault(format_digest(example), row)
    return dict(zip(first, losses_of(list(first.values())), strict=True))
