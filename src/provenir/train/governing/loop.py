"""Governed training in a plain torch loop.

::

    with GovernedLoop(model, optimizer, rows, governance, collate=…, batch=8, epochs=3) as loop:
        for step in loop:                       # each step is made and recorded
            if step.number % 100 == 0:
                loop.save(folder / f"step-{step.number}")

The loop owns forward, loss, backward, clipping and the optimizer's step, as the governed trainers
do; what stands in the body of the `for` happens between two steps. The end of the `with` closes the
ledger: as completed, as halted where steps are left, as interrupted after an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from provenir.core.errors import UsageError
from provenir.core.extras import require
from provenir.eval.entropy import base_losses, present_losses
from provenir.train.governing.closing import end_training
from provenir.train.governing.opening import open_ledger
from provenir.train.governing.place import Place
from provenir.train.governing.preparing import Prepared, Shape, prepare
from provenir.train.governing.rng import rng_state, set_rng_state
from provenir.train.governing.rows import example_digests
from provenir.train.governing.snapshots import read_state, take_snapshot
from provenir.train.routing import check_support, per_example_mean_loss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from provenir.train.governing.closing import Status
    from provenir.train.governing.governor import Governor
    from provenir.train.governing.settings import Governance

torch: Any = require("train", "torch")

__all__ = ["GovernedLoop", "MadeStep"]

_WEIGHTS: Final = "weights.pt"
_TRAINER: Final = "trainer.pt"
_REFERENCE_ROWS: Final = 8
"""Rows of a forward pass under the base; no gradients are kept, so that memory is no matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeStep:
    """A step that was made and recorded.

    Attributes:
        number: From 1.
        rows: The rows that were trained on.
        loss: Their mean loss; NaN where there were none.
        gradient_norm: Norm of the gradient before clipping.
        skipped: Why no update was made, None where one was.
    """

    number: int
    rows: tuple[int, ...]
    loss: float
    gradient_norm: float
    skipped: str | None


class GovernedLoop:
    """Makes the steps of a governed training, one after the other.

    Args:
        model: A causal language model on its device, what is trained requiring gradients.
        optimizer: Adam, AdamW or SGD of torch over the trained parameters.
        rows: The rows, each a dict, in a list or anything else with a length and an order.
        governance: Under which policy is trained, and what is recorded.
        collate: Makes a batch of rows: `input_ids` and `labels`, and what else the model takes.
        batch: Rows of one step.
        micro: Rows of a microbatch; None for all of the step's.
        epochs: How often every row is drawn.
        max_steps: How many steps there shall be, in place of `epochs`.
        drop_last: Whether an epoch's last, shorter batch is left out.
        scheduler: Moves the learning rate after each step.
        resume: A folder that `save` wrote, to go on from; the model is given as it was before the
            first step, and is loaded from there.

    Raises:
        UsageError: The model or the optimizer cannot be governed, or the parts do not fit.
    """

    def __init__(
        self,
        model: Any,
        optimizer: Any,
        rows: Sequence[dict[str, Any]],
        governance: Governance,
        *,
        collate: Callable[[list[dict[str, Any]]], dict[str, Any]],
        batch: int,
        micro: int | None = None,
        epochs: float = 1.0,
        max_steps: int | None = None,
        drop_last: bool = False,
        scheduler: Any = None,
        resume: str | Path | None = None,
    ) -> None:
        check_support(model)
        self.model = model
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.governance = governance
        self._rows = rows
        self._collate = collate
        self._device = next(model.parameters()).device
        self._place = Place.of(governance)
        self._prepared: Prepared = prepare(
            governance,
            Shape(
                batch=batch,
                micro=batch if micro is None else micro,
                epochs=epochs,
                max_steps=max_steps,
                drop_last=drop_last,
            ),
            place=self._place,
            model=model,
            examples=example_digests(rows),
            losses_of=self._base_losses,
        )
        self._place.check_dataset(self._prepared.dataset.root)
        self._governor: Governor | None = None
        self._resume = resume

    @property
    def total_steps(self) -> int:
        """How many steps the training has."""
        return self._prepared.total_steps

    def __enter__(self) -> Self:
        """Begin the ledger, or go on with it.

        Raises:
            UsageError: The ledger here was closed, or is of another training.
            OSError: The ledger cannot be written.
        """
        resumed = None if self._resume is None else self._load(Path(self._resume))
        self._governor = open_ledger(
            self.governance,
            self._prepared,
            model=self.model,
            optimizer=self.optimizer,
            scheduler=self.scheduler,
            resumed=resumed,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        governor, self._governor = self._going_on(), None
        done = governor.next_step > self.total_steps
        status: Status = "completed" if done else "halted"
        rate = float(self.optimizer.param_groups[0]["lr"])
        end_training(
            governor,
            self._prepared,
            "interrupted" if kind else status,
            lr=rate,
            losses_of=self._present_losses,
        )

    def __iter__(self) -> Iterator[MadeStep]:
        """Make the steps that are left, one each time.

        Raises:
            UsageError: Outside of the `with`.
            OSError: The ledger cannot be written: an ungoverned step is worse than none.
        """
        governor = self._going_on()
        while governor.next_step <= self.total_steps and governor.halted is None:
            yield self._make(governor)

    def run(self) -> int:
        """Make all steps; return how many were made."""
        return sum(1 for _ in self)

    def save(self, folder: str | Path) -> None:
        """Take a snapshot between two steps: weights, optimizer, scheduler, generators.

        Args:
            folder: A new folder, or one that may be overwritten.

        Raises:
            UsageError: No training is going on, or the last step is inside a segment of
                `hash_every` steps.
            OSError: The disk refuses it.
        """
        governor = self._going_on()
        if governor.writer.chain.open_steps:
            every = self.governance.hash_every
            raise UsageError(
                f"a snapshot after step {governor.writer.chain.step}, inside a segment",
                mend=f"save where step.number is a multiple of hash_every={every}",
            )
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        trained = self._prepared.tensors.of(trainable=True)
        torch.save({one.name: one.tensor.detach() for one in trained}, place / _WEIGHTS)
        scheduler = None if self.scheduler is None else self.scheduler.state_dict()
        state = {"optimizer": self.optimizer.state_dict(), "scheduler": scheduler}
        torch.save({**state, "rng": rng_state()}, place / _TRAINER)
        take_snapshot(governor, place)

    def _load(self, folder: Path) -> dict[str, Any]:
        """Take up a snapshot; the ledger compares what was loaded before a step is made with it."""
        state = read_state(folder)
        saved = torch.load(folder / _WEIGHTS, map_location=self._device, weights_only=True)
        with torch.no_grad():
            for one in self._prepared.tensors.of(trainable=True):
                one.tensor.copy_(saved[one.name])
        trainer = torch.load(folder / _TRAINER, map_location="cpu", weights_only=True)
        self.optimizer.load_state_dict(trainer["optimizer"])
        if self.scheduler is not None:
            self.scheduler.load_state_dict(trainer["scheduler"])
        set_rng_state(trainer["rng"])
        return state

    def _going_on(self) -> Governor:
        if self._governor is None:
            raise UsageError(
                "no governed training is going on", mend='use "with GovernedLoop(…) as loop:"'
            )
        return self._governor

    def _make(self, governor: Governor) -> MadeStep:
        drawn = governor.begin()
        self.model.train()
        for micro in drawn.micros:
            self._backward(governor, micro.rows)
        skipped = governor.judge()
        rate = float(self.optimizer.param_groups[0]["lr"])
        self.optimizer.step()
        if self.scheduler is not None:
            self.scheduler.step()
        self.optimizer.zero_grad()
        made = MadeStep(
            number=drawn.step,
            rows=drawn.rows,
            loss=governor.mean_loss,
            gradient_norm=governor.gradient_norm,
            skipped=skipped,
        )
        governor.record(lr=rate, ends=drawn.step == self.total_steps)
        if self._place.run is not None:
            values = {"step": made.number, "loss": made.loss, "grad_norm": made.gradient_norm}
            self._place.run.log_step({**values, "learning_rate": rate})
        return made

    def _backward(self, governor: Governor, rows: Sequence[int]) -> None:
        batch = self._collated([self._rows[row] for row in rows])
        labels = batch.pop("labels")

        def losses() -> Any:
            return per_example_mean_loss(self.model(**batch, use_cache=False).logits, labels)

        governor.backward(losses)

    def _collated(self, rows: Sequence[Any]) -> dict[str, Any]:
        batch = dict(self._collate(list(rows)))
        if "labels" not in batch:
            raise UsageError("collate makes batches without labels", mend="add labels")
        return {key: value.to(self._device) for key, value in batch.items()}

    def _base_losses(self, rows: Sequence[int]) -> list[float]:
        return base_losses(self.model, self._batches([self._rows[row] for row in rows]))

    def _present_losses(self, rows: Sequence[Any]) -> list[float]:
        return present_losses(self.model, self._batches(rows))

    def _batches(self, rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
        for start in range(0, len(rows), _REFERENCE_ROWS):
            yield self._collated(rows[start : start + _REFERENCE_ROWS])
