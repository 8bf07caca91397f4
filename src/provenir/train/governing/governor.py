"""The governor: conducts the steps of one governed training and writes them down.

::

    draw = governor.begin()                   # who trains at this step, by the date that it has now
    for micro in draw.micros:
        governor.backward(losses_of)          # forward and backward under the weights
    governor.judge()                          # spikes, still blocks, clipping; may take all away
    optimizer.step()
    governor.record(lr=…)                     # one step in the ledger

It knows neither the trainer nor the data: rows are numbers, and `losses_of` gives the losses of a
microbatch. A fault in it ends the training: an ungoverned step is worse than none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from provenir.core.errors import UsageError
from provenir.core.extras import require
from provenir.eval.memorization.monitor import MemorizationMonitor
from provenir.provenance.ledger.entries import BlockOutcome, RowOutcome, StepOutcome
from provenir.provenance.ledger.records import FULL_WEIGHT
from provenir.provenance.ledger.tensors import leaf_root
from provenir.train.governing.draws import Draw, draw
from provenir.train.governing.guards import SpikeGuard, StarvationGuard
from provenir.train.governing.optimizer_state import optimizer_root
from provenir.train.governing.rng import rng_digest
from provenir.train.governing.rows import kinds_of
from provenir.train.governing.tensors import leaves_of
from provenir.train.routing import block_norms, clip_blocks, still_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from provenir.core.findings import Finding
    from provenir.eval.memorization.monitor import Flag
    from provenir.provenance.ledger.records import Skipped
    from provenir.provenance.ledger.sampler import Sampler
    from provenir.provenance.ledger.writer import LedgerWriter
    from provenir.train.governing.rows import AdmittedRows
    from provenir.train.governing.settings import Governance
    from provenir.train.governing.tensors import ModelTensors
    from provenir.train.routing import Router

torch: Any = require("train", "torch")

__all__ = ["Governor"]


@dataclass(slots=True)
class _Step:
    """What is known of the step that is being made."""

    draw: Draw
    param_pre: str | None = None
    before: dict[int, Any] = field(default_factory=dict)
    rng: str | None = None
    losses: list[float] = field(default_factory=list)
    norms: list[dict[str, list[float]]] = field(default_factory=list)
    clips: dict[str, float] = field(default_factory=dict)
    skipped: Skipped | None = None
    flags: list[Flag] = field(default_factory=list)
    is_judged: bool = False
    is_updated: bool = False


class Governor:
    """Conducts one training.

    Args:
        governance: What was asked for.
        router: Routes the gradients of the model.
        tensors: The model's parameters.
        optimizer: Moves them; its state is hashed where it is saved.
        rows: Decides for the rows.
        sampler: Draws them.
        writer: Writes the ledger.
        micro: Most rows of a microbatch.
        reference: Loss of each content under the base, for the memorization monitor.
        note: Told of findings.

    Attributes:
        mean_loss: Mean loss of the last judged step's rows; NaN where there were none.
        gradient_norm: Norm of the last judged step's gradient, before clipping.
        halted: Why the training is to end before its next step; None while it is not.
        monitor: The memorization monitor; None where nobody asked for it.
    """

    def __init__(
        self,
        governance: Governance,
        *,
        router: Router,
        tensors: ModelTensors,
        optimizer: Any,
        rows: AdmittedRows,
        sampler: Sampler,
        writer: LedgerWriter,
        micro: int,
        reference: Mapping[str, float],
        note: Callable[[Finding], None],
    ) -> None:
        self.governance = governance
        self.router = router
        self.tensors = tensors
        self.optimizer = optimizer
        self.rows = rows
        self.sampler = sampler
        self.writer = writer
        self.micro = micro
        self.mean_loss = math.nan
        self.gradient_norm = 0.0
        self.halted: str | None = None
        self._note = note
        self._trained = tensors.of(trainable=True)
        table = writer.table
        self._columns = [table.blocks.index(block) for block in router.blocks]
        watched = governance.memorization
        self.monitor = (
            MemorizationMonitor(reference, watched, kinds_of(governance.metadata))
            if watched is not None
            else None
        )
        self._spike = SpikeGuard(governance.spike) if governance.spike is not None else None
        self._starvation = (
            StarvationGuard(governance.starvation, sorted(table.trained))
            if governance.starvation is not None
            else None
        )
        self._step: _Step | None = None
        inner = getattr(optimizer, "optimizer", optimizer)  # accelerate wraps torch's own
        self._hook = inner.register_step_pre_hook(self._before_update)

    @property
    def next_step(self) -> int:
        """Number of the step that comes next, from 1."""
        return self.writer.chain.step + 1

    def begin(self) -> Draw:
        """Draw the next step's batch, by the date that it is now.

        Raises:
            UsageError: The step before was not recorded, or the sampler has no more.
        """
        if self._step is not None:
            raise UsageError(f"step {self._step.draw.step} was begun and not recorded")
        time = self.writer.stamp(self.governance.clock.now())
        chain = self.writer.chain
        drawn = draw(
            self.next_step, time, self.sampler, self.rows, chain.standing, micro=self.micro
        )
        self._step = _Step(drawn)
        return drawn

    def _look(self, step: _Step) -> None:
        """See what the step begins with, as late as can be: a callback may have changed it."""
        step.rng = rng_digest()
        if self.writer.chain.open_steps == 0:
            step.param_pre = self.param_root()
        if self.tensors.adapter:  # of a whole model a copy would double the memory
            step.before = {id(one.tensor): one.tensor.detach().clone() for one in self._trained}

    def backward(self, losses_of: Callable[[], Any]) -> float:
        """Run forward and backward of the next microbatch under its rows' weights.

        Args:
            losses_of: Runs the forward pass; returns [rows], each row's mean loss.

        Returns:
            The sum of the rows' losses, unweighted.

        Raises:
            UsageError: Another number of losses than rows.
        """
        step = self._current()
        micro = step.draw.micros[len(step.norms)]
        if step.rng is None:
            self._look(step)
        weights = self._weights(micro.weights)
        with self.router.routed(weights, norms=self.governance.norms) as routed:
            losses = losses_of()
            if tuple(losses.shape) != (len(micro.rows),):
                raise UsageError(
                    f"losses of shape {list(losses.shape)} for {len(micro.rows)} rows",
                    mend="return the mean loss of each row",
                )
            (losses.sum() / step.draw.drawn).backward()
        # The router measured gradients of the loss divided by the rows that were drawn.
        step.norms.append(
            {block: (norm * step.draw.drawn).tolist() for block, norm in routed.norms().items()}
        )
        told = [float(loss) for loss in losses.detach().tolist()]
        step.losses += told
        return sum(told)

    def judge(self) -> str | None:
        """Clip the gradients block by block, or take them all away.

        Returns:
            Why no update is to be made, or None. An optimizer leaves parameters without a
            gradient as they are, so that its step may be called all the same.
        """
        step = self._current()
        if step.rng is None:
            self._look(step)
        step.skipped = self._reason(step)
        if step.skipped is None:
            still_blocks(self.router, self._weights(step.draw.weights))
            if self.governance.clip is not None:
                step.clips = clip_blocks(self.router, self.governance.clip)
        else:
            for slot in self.router.slots:
                slot.parameter.grad = None
        step.flags = self._visit(step)
        step.is_judged = True
        return step.skipped

    def _reason(self, step: _Step) -> Skipped | None:
        self.gradient_norm = 0.0
        self.mean_loss = sum(step.losses) / len(step.losses) if step.losses else math.nan
        if not step.draw.rows:
            return "empty-batch"
        self.gradient_norm = total = math.hypot(*block_norms(self.router).values())
        if not math.isfinite(total) or not all(map(math.isfinite, step.losses)):
            return "non-finite"
        if self._spike is not None and self._spike.is_spike(total):
            return "gradient-spike"
        return None

    def _visit(self, step: _Step) -> list[Flag]:
        if self.monitor is None or not step.draw.rows:
            return []
        losses = {
            self.rows.contents[row]: loss
            for row, loss in zip(step.draw.rows, step.losses, strict=True)
        }
        return self.monitor.visit(step.draw.step, losses)

    def _before_update(self, *_: Any) -> None:
        """Refuse an update that nobody judged, or a second one in a step."""
        step = self._step
        if step is None or not step.is_judged or step.is_updated:
            raise UsageError(
                "the optimizer was to make a step that is not governed",
                mend="call optimizer.step() once, between judge() and record()",
            )
        step.is_updated = True

    def record(self, *, lr: float, ends: bool = False, saves: bool = False) -> None:
        """Write the step down, and what follows from it for the next one.

        Args:
            lr: The learning rate that the update was made with.
            ends: Whether this is the last step.
            saves: Whether a snapshot is taken after it.

        Raises:
            OSError: The ledger cannot be written; the training must not go on.
        """
        step, self._step = self._current(), None
        policy = self.governance.memorization
        halts = bool(step.flags) and policy is not None and policy.action == "halt"
        ends = ends or saves or halts
        due = self.writer.chain.open_steps + 1 >= self.governance.hash_every
        self.writer.step(
            StepOutcome(
                step=step.draw.step,
                time=step.draw.time,
                epoch=step.draw.epoch,
                micro=[len(micro.rows) for micro in step.draw.micros],
                dropped=step.draw.drawn - len(step.draw.rows),
                batch=self._outcomes(step),
                blocks=self._blocks(step),
                lr=lr,
                rng_digest=step.rng,
                opt_root=self.optimizer_root() if ends else None,
                param_pre=step.param_pre,
                param_post=self.param_root() if due or ends else None,
                mem_flags=[row for flag in step.flags for row in self.rows.rows_of[flag.content]],
                skipped=step.skipped,
            )
        )
        self._intervene(step)
        self._look_for_starved(step)

    def settle(self, *, lr: float) -> bool:
        """After a step was broken off: write it down if its update was made, else forget it.

        Returns:
            Whether the ledger can be closed here: its last segment has ended.
        """
        step = self._step
        if step is not None and step.is_updated:
            self.record(lr=lr, ends=True)
        self._step = None
        return self.writer.chain.open_steps == 0

    def _intervene(self, step: _Step) -> None:
        policy = self.governance.memorization
        if policy is None:
            return
        for flag in step.flags:
            for row in self.rows.rows_of[flag.content]:
                self.writer.intervention(
                    time=self.writer.stamp(self.governance.clock.now()),
                    row=row,
                    action=policy.action,
                    factor=policy.factor if policy.action == "lower" else None,
                    reason="memorized",
                    measure=flag.measure,
                )
            if policy.action == "halt":
                self.halted = f"{flag.content} was memorized, z = {flag.z:.1f}"

    def _look_for_starved(self, step: _Step) -> None:
        if self._starvation is None or not step.draw.rows:
            return
        blocks, sent = self.writer.table.blocks, {}
        norms = self._norms(step)
        for place, block in enumerate(blocks):
            if block not in self.writer.table.trained:
                continue
            pairs = [
                (weights[place] / FULL_WEIGHT, 1.0 if row[place] is None else row[place])
                for weights, row in zip(step.draw.weights, norms, strict=True)
            ]
            sent[block] = (sum(w * (n or 0.0) for w, n in pairs), sum(n or 0.0 for _, n in pairs))
        for finding in self._starvation.take(step.draw.step, sent):
            self._note(finding)

    def _outcomes(self, step: _Step) -> list[RowOutcome]:
        drawn = step.draw
        norms = self._norms(step)
        parts = zip(drawn.rows, drawn.routes, drawn.factors, step.losses, norms, strict=True)
        return [
            RowOutcome(row=row, route=route, factor=factor, loss=loss, norms=measured)
            for row, route, factor, loss, measured in parts
        ]

    def _norms(self, step: _Step) -> list[list[float | None]]:
        """For each row of the batch a norm for each block, None where it was not measured."""
        found: list[list[float | None]] = []
        for micro, norms in zip(step.draw.micros, step.norms, strict=True):
            columns = [norms.get(block) for block in self.writer.table.blocks]
            found += [
                [None if column is None else column[i] for column in columns]
                for i in range(len(micro.rows))
            ]
        return found

    def _blocks(self, step: _Step) -> dict[str, BlockOutcome]:
        moved = self._moved(step)
        return {
            block: BlockOutcome(delta_norm=moved.get(block), clip=step.clips.get(block))
            for block in self.writer.table.blocks
        }

    def _moved(self, step: _Step) -> dict[str, float]:
        """Norm of each block's change, where a copy of it was kept."""
        squares: dict[str, float] = {}
        for slot in self.router.slots if step.before else ():
            change = slot.parameter.detach() - step.before[id(slot.parameter)]
            block = self.router.blocks[slot.block]
            squares[block] = squares.get(block, 0.0) + float(change.double().square().sum())
        return {block: math.sqrt(square) for block, square in squares.items()}

    def _weights(self, weights: Sequence[Sequence[int]]) -> Any:
        """[rows, blocks of the router], each in [0, 1]."""
        thousandths = torch.tensor(weights, dtype=torch.float64)
        return thousandths[:, self._columns] / FULL_WEIGHT

    @property
    def drawn(self) -> Draw:
        """The batch of the step that is being made.

        Raises:
            UsageError: No step was begun.
        """
        return self._current().draw

    def _current(self) -> _Step:
        if self._step is None:
            raise UsageError("no step was begun", mend="call begin() first")
        return self._step

    def release(self) -> None:
        """Give the model back unrouted and let others write the ledger."""
        self._hook.remove()
        self.router.close()
        self.writer.release()

    def param_root(self) -> str:
        """Digest of the trained parameters as they are now."""
        return leaf_root(leaves_of(self._trained, threads=torch.get_num_threads())).root

    def optimizer_root(self) -> str:
        """Digest of the optimizer's state as it is now."""
        return optimizer_root(self.optimizer, self._trained)

    def state(self) -> dict[str, Any]:
        """What a resumed training needs besides weights, optimizer and generators."""
        return {
            "step": self.writer.chain.step,
            "monitor": None if self.monitor is None else self.monitor.state(),
            "reference": None if self.monitor is None else dict(self.monitor.reference),
            "spike": None if self._spike is None else self._spike.state(),
            "starvation": None if self._starvation is None else self._starvation.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        if self.monitor is not None and state["monitor"] is not None:
            self.monitor.reference = state["reference"]
            self.monitor.restore(state["monitor"])
        if self._spike is not None and state["spike"] is not None:
            self._spike.restore(state["spike"])
        if self._starvation is not None and state["starvation"] is not None:
            self._starvation.restore(state["starvation"])
