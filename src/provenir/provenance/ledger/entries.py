"""What a loop reports of a step, and the lines that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from provenir.core.digest import digest_bytes
from provenir.core.errors import UsageError
from provenir.provenance.ledger.commitments import facts_commit
from provenir.provenance.ledger.lines import line_bytes, real
from provenir.provenance.ledger.plan import lines_root
from provenir.provenance.ledger.records import (
    FULL_WEIGHT,
    BatchEntry,
    BlockEntry,
    Details,
    Facts,
    FactsLine,
)
from provenir.provenance.ledger.weights import MAX_STEP_WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from provenir.provenance.ledger.chain import Chain
    from provenir.provenance.ledger.commitments import Salts
    from provenir.provenance.ledger.records import Skipped, State
    from provenir.provenance.ledger.weights import RouteTable

__all__ = ["BlockOutcome", "RowOutcome", "StepOutcome", "step_lines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOutcome:
    """One row of a batch.

    Attributes:
        row: Number of the row in the dataset.
        route: Index of its weight vector.
        loss: Its mean loss.
        norms: For each block the norm of its unweighted gradient, None where it is not taken;
            None for none at all.
        factor: What an intervention left of its weights, in thousandths.
    """

    row: int
    route: int
    loss: float
    norms: Sequence[float | None] | None = None
    factor: int = FULL_WEIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockOutcome:
    """One block: norm of the parameters' change, and the coefficient of its clipping."""

    delta_norm: float | None = None
    clip: float | None = None


_NOTHING: Final = BlockOutcome()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome:
    """One step as the loop reports it; the fields are those of a step's record.

    Attributes:
        step: From 1.
        time: As `LedgerWriter.stamp` wrote it.
        epoch: From 0.
        micro: Sizes of the microbatches.
        dropped: Rows that were drawn and denied.
        batch: The rows that were trained on, in order.
        blocks: What became of each block; one that is not named reports nothing.
        lr: Learning rate.
        rng_digest, opt_root, param_pre, param_post: Digests, where they were taken.
        mem_flags: Rows flagged as memorized.
        skipped: Why no update was made.
    """

    step: int
    time: str
    epoch: int
    micro: Sequence[int]
    dropped: int
    batch: Sequence[RowOutcome]
    lr: float
    blocks: Mapping[str, BlockOutcome] = field(default_factory=dict)
    rng_digest: str | None = None
    opt_root: str | None = None
    param_pre: str | None = None
    param_post: str | None = None
    mem_flags: Sequence[int] = ()
    skipped: Skipped | None = None


def step_lines(
    outcome: StepOutcome, table: RouteTable, chain: Chain, salts: Salts
) -> tuple[bytes, bytes, dict[str, Any]]:
    """Return a step's line of details, its line of facts, and the fields of its record.

    Raises:
        UsageError: A row is excluded, has another factor than its intervention left, a block is
            unknown, one that was to stand still moved, or there are too many rows for the blocks.
    """
    _check(outcome, table, chain)
    weights = [table.weights(entry.route, entry.factor) for entry in outcome.batch]
    facts = [_facts(entry, len(table.blocks)) for entry in outcome.batch]
    batch = [
        BatchEntry(
            row=entry.row,
            route=entry.route,
            factor=entry.factor,
            facts=facts_commit(salts.facts_salt(outcome.step, number), sealed.line()),
        )
        for number, (entry, sealed) in enumerate(zip(outcome.batch, facts, strict=True))
    ]
    sums = [sum(column) for column in zip(*weights, strict=True)] or [0] * len(table.blocks)
    units = [
        _unit(block, total, outcome, table) for block, total in zip(table.blocks, sums, strict=True)
    ]
    _check_unmoved(outcome, units)
    details = Details(step=outcome.step, batch=tuple(batch), units=tuple(units))
    clips = [block.clip for block in outcome.blocks.values() if block.clip is not None]
    fields = {
        "step": outcome.step,
        "epoch": outcome.epoch,
        "micro": tuple(outcome.micro),
        "dropped": outcome.dropped,
        "batch": lines_root(entry.line() for entry in batch),
        "units": lines_root(unit.line() for unit in units),
        "w_digest": digest_bytes(line_bytes([list(row) for row in weights])),
        "rng_digest": outcome.rng_digest,
        "opt_root": outcome.opt_root,
        "param_pre": outcome.param_pre,
        "param_post": outcome.param_post,
        "lr": real(outcome.lr),
        "clip_coef": real(min(clips)) if clips else None,
        "mem_flags": tuple(sorted(set(outcome.mem_flags))),
        "skipped": outcome.skipped,
    }
    facts_line = FactsLine(step=outcome.step, facts=tuple(facts)).line()
    return details.line(), facts_line, fields


def _check(outcome: StepOutcome, table: RouteTable, chain: Chain) -> None:
    n_weights = len(outcome.batch) * len(table.blocks)
    if n_weights > MAX_STEP_WEIGHTS:
        raise UsageError(
            f"{len(outcome.batch):,} rows over {len(table.blocks)} blocks in one step",
            mend=f"rows times blocks are {MAX_STEP_WEIGHTS:,} at most: make the batch smaller",
        )
    for entry in outcome.batch:
        standing = chain.standing.get(entry.row)
        if standing is not None and standing.action == "exclude":
            raise UsageError(f"row {entry.row} was excluded after step {standing.step}")
        left = FULL_WEIGHT if standing is None else standing.factor
        if entry.factor != left:
            raise UsageError(f"row {entry.row} has factor {entry.factor} where {left} stands")
    unknown = outcome.blocks.keys() - set(table.blocks)
    if unknown:
        raise UsageError(f"no block is named {min(unknown)!r}")


def _check_unmoved(outcome: StepOutcome, units: Sequence[BlockEntry]) -> None:
    for unit in units:
        if unit.state != "moved" and unit.delta_norm not in (None, "0.0"):
            raise UsageError(
                f"block {unit.block} moved by {unit.delta_norm} and was to stand still",
                where=f"step {outcome.step}",
                mend="give its gradients None, so that neither momentum nor decay move it",
            )
    ends = {outcome.param_pre, outcome.param_post} - {None}
    if len(ends) > 1 and all(unit.state != "moved" for unit in units):
        raise UsageError(f"no block was to move in step {outcome.step}, and parameters did")


def _facts(entry: RowOutcome, n_blocks: int) -> Facts:
    norms = [None] * n_blocks if entry.norms is None else entry.norms
    if len(norms) != n_blocks:
        raise UsageError(f"{len(norms)} norms for {n_blocks} blocks, row {entry.row}")
    shown = tuple(None if norm is None else real(norm) for norm in norms)
    # What `real` wrote is what the reader takes: some 200 numbers a step are not read again.
    return Facts.model_construct(loss=real(entry.loss), norms=shown)


def _unit(block: str, weight_sum: int, outcome: StepOutcome, table: RouteTable) -> BlockEntry:
    said = outcome.blocks.get(block, _NOTHING)
    state: State
    if block not in table.trained:
        state = "frozen"
    else:
        state = "skipped" if outcome.skipped is not None or weight_sum == 0 else "moved"
    return BlockEntry(
        block=block,
        weight_sum=weight_sum,
        delta_norm=None if said.delta_norm is None else real(said.delta_norm),
        clip=None if said.clip is None else real(said.clip),
        state=state,
    )
