"""What makes a `transformers` trainer a governed one; shared by `Trainer` and TRL's `SFTTrainer`.

The trainer's own loop goes on as it is. It is given the governor's microbatches in place of its
loader's, `training_step` runs them under their weights, and before the optimizer's step the
governor clips in place of the trainer (`Trainer._run_epoch`, transformers 5.23). The step is
written down by a callback that comes last, when it is known whether the trainer saves after it.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenir.core.errors import UsageError
from provenir.core.extras import require
from provenir.core.findings import Finding
from provenir.eval.entropy import base_losses, present_losses
from provenir.train.callback import TrackingCallback, framework_of, told_arguments
from provenir.train.governing.arguments import check_arguments
from provenir.train.governing.batches import GovernedBatches, governed_loader
from provenir.train.governing.closing import end_training
from provenir.train.governing.opening import GO_ON_WITH_THE_RUN, open_ledger
from provenir.train.governing.place import Place
from provenir.train.governing.preparing import Prepared, Shape, prepare
from provenir.train.governing.rows import example_digests
from provenir.train.governing.snapshots import FILES, known_snapshots, read_state, take_snapshot
from provenir.train.routing import check_support, per_example_mean_loss

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.tracking.run import Run
    from provenir.train.governing.closing import Status
    from provenir.train.governing.governor import Governor
    from provenir.train.governing.settings import Governance

torch: Any = require("train", "torch")
transformers: Any = require("train", "transformers")

__all__ = ["GovernedTraining"]


class GovernedTraining:
    """Stands before a trainer class: `class GovernedTrainer(GovernedTraining, Trainer)`.

    Args:
        *args: As the trainer takes them.
        governance: Under which policy is trained, and what is recorded.
        **kwargs: As the trainer takes them.

    Raises:
        UsageError: An argument that cannot be governed, by its name.
    """

    def __init__(self, *args: Any, governance: Governance, **kwargs: Any) -> None:
        given = inspect.signature(super().__init__).bind_partial(*args, **kwargs).arguments
        rows = given.get("train_dataset")
        if rows is None:
            raise UsageError("there is nothing to train on", mend="give train_dataset=")
        if given.get("model_init") is not None or given.get("compute_loss_func") is not None:
            raise UsageError(
                "model_init and compute_loss_func cannot be governed",
                mend="give the model itself; the loss is each example's mean",
            )
        if given.get("args") is not None:  # before the trainer acts on them, or stumbles
            check_arguments(given["args"], clip=governance.clip)
        examples = example_digests(rows)
        super().__init__(*args, **kwargs)
        self.governance = governance
        self._examples = examples
        self._prepared: Prepared | None = None
        self._governor: Governor | None = None
        self._resumed_from: Path | None = None
        self._rate = 0.0
        self._tracked: Run | None = None
        me: Any = self
        check_support(me.model, me.args)
        check_arguments(me.args, clip=governance.clip)
        if len(me.train_dataset) != len(examples):
            raise UsageError(
                f"the trainer left {len(me.train_dataset)} of {len(examples)} rows",
                mend="leave out before what it drops: rows without a token that counts",
            )

    # -- the training ----------------------------------------------------------------------------

    def train(self, resume_from_checkpoint: str | bool | None = None, **kwargs: Any) -> Any:
        """Train under governance; as `Trainer.train`.

        Args:
            resume_from_checkpoint: A folder that this trainer saved, or True for the last one that
                the ledger knows; where there is none yet, the training begins again.
            **kwargs: As `Trainer.train` takes them.

        Raises:
            UsageError: The ledger here is of another training, or was closed.
            OSError: The ledger cannot be written: an ungoverned step is worse than none.
        """
        if kwargs.get("trial") is not None:
            raise UsageError("a search over hyperparameters cannot be governed")
        me: Any = self
        place = Place.of(self.governance)
        self._resumed_from = self._snapshot_of(resume_from_checkpoint, place)
        self._prepared = self._prepare(place)
        self._tracked = self._tracked_by(place)
        recorder = _Recorder(self)
        me.add_callback(recorder)  # the last: what the others ask for is known to it
        status: Status = "interrupted"
        try:
            # str, because the trainer asks the folder's name for its parts as text
            resumed = None if self._resumed_from is None else str(self._resumed_from)
            parent: Any = super()
            result = parent.train(resume_from_checkpoint=resumed, **kwargs)
            done = self._active().writer.chain.step == self._prepared.total_steps
            status = "completed" if done else "halted"
            return result
        finally:
            me.remove_callback(recorder)
            self._end(status)

    def _tracked_by(self, place: Place) -> Run | None:
        """The run that is to be told of each step; None where a callback does that already."""
        me: Any = self
        listening = any(isinstance(one, TrackingCallback) for one in me.callback_handler.callbacks)
        return None if listening else place.run

    def _snapshot_of(self, asked: str | bool | None, place: Place) -> Path | None:
        if asked is None or asked is False:
            return None
        if asked is not True:
            return Path(asked)
        me: Any = self
        output = Path(me.args.output_dir)
        if not place.has_ledger:
            _refuse_orphans(output, place)
            return None
        known = known_snapshots(place.folder)
        folders = [output / f"checkpoint-{step}" for step in sorted(known)]
        found = [folder for folder in folders if folder.is_dir()]
        return found[-1] if found else None

    def _prepare(self, place: Place) -> Prepared:
        me: Any = self
        args = me.args
        prepared = prepare(
            self.governance,
            Shape(
                batch=me._train_batch_size * args.gradient_accumulation_steps,
                micro=me._train_batch_size,
                epochs=args.num_train_epochs,
                max_steps=args.max_steps if args.max_steps > 0 else None,
                drop_last=args.dataloader_drop_last,
            ),
            place=place,
            model=me.model,
            examples=self._examples,
            losses_of=self._base_losses,
        )
        place.check_dataset(prepared.dataset.root)
        return prepared

    def _base_losses(self, rows: Sequence[int]) -> list[float]:
        me: Any = self
        collated, size = self._collator(), me._train_batch_size
        starts = range(0, len(rows), size)
        batches = (collated(rows[start : start + size]) for start in starts)
        return base_losses(me.model, (me._prepare_inputs(batch) for batch in batches))

    def _present_losses(self, rows: Sequence[Any]) -> list[float]:
        me: Any = self
        starts = range(0, len(rows), me._train_batch_size)
        parts = (list(rows[start : start + me._train_batch_size]) for start in starts)
        batches = (dict(me.data_collator(part)) for part in parts)
        return present_losses(me.model, (me._prepare_inputs(batch) for batch in batches))

    def _begin(self, state: Any) -> None:
        """Open the ledger; everything is as the first step will find it."""
        me: Any = self
        prepared = self._prepared
        if prepared is None or state.max_steps != prepared.total_steps:
            raise UsageError(f"the trainer plans {state.max_steps} steps, the ledger others")
        resumed = None
        if self._resumed_from is not None:
            me._load_rng_state(str(self._resumed_from))
            resumed = read_state(self._resumed_from)
        self._governor = open_ledger(
            self.governance,
            prepared,
            model=me.model,
            optimizer=me.optimizer,
            scheduler=me.lr_scheduler,
            resumed=resumed,
        )
        if self._tracked is not None:
            self._tracked.log_config(
                {**told_arguments(me.args), "framework": framework_of(me.args)}
            )

    def _end(self, status: Status) -> None:
        governor, self._governor = self._governor, None
        if governor is not None and self._prepared is not None:
            end_training(
                governor,
                self._prepared,
                status,
                lr=self._rate,
                losses_of=self._present_losses,
            )

    def _active(self) -> Governor:
        if self._governor is None:
            raise UsageError("no governed training is going on", mend="call train()")
        return self._governor

    # -- what the trainer's loop calls -----------------------------------------------------------

    def get_train_dataloader(self) -> Any:
        """The governor's microbatches in place of a loader's."""
        if self._prepared is None:
            raise UsageError("the order of the rows is not drawn yet", mend="call train()")
        me: Any = self
        return governed_loader(
            GovernedBatches(
                self._active,
                self._collator(),
                per_epoch=self._prepared.sampler.per_epoch,
                accumulation=me.args.gradient_accumulation_steps,
            )
        )

    def _collator(self) -> Any:
        """Makes a batch of row numbers as the trainer's own loader would."""
        me: Any = self
        rows, collate = me.train_dataset, me.data_collator
        datasets: Any = require("train", "datasets")
        if isinstance(rows, datasets.Dataset):
            rows = me._remove_unused_columns(rows, description="Training")
        else:
            collate = me._get_collator_with_removed_columns(collate, description="Training")

        def collated(numbers: Sequence[int]) -> dict[str, Any]:
            batch = dict(collate([rows[number] for number in numbers]))
            if "labels" not in batch:
                raise UsageError(
                    "the collator makes batches without labels",
                    mend="give data_collator= of a causal language model",
                )
            return batch

        return collated

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
        """Forward and backward of one microbatch under its rows' weights."""
        del num_items_in_batch
        me: Any = self
        governor = self._active()
        if not inputs:
            return torch.zeros((), device=me.args.device)
        model.train()
        if callable(getattr(me.optimizer, "train", None)):
            me.optimizer.train()
        batch = dict(me._prepare_inputs(inputs))
        labels = batch.pop("labels")

        def losses() -> Any:
            return per_example_mean_loss(model(**batch, use_cache=False).logits, labels)

        total = governor.backward(losses)
        return torch.tensor(total / len(governor.drawn.rows), device=me.args.device)

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: Any) -> None:
        """None: a loss is each example's mean, and the governor divides by the rows drawn."""
        del batch_samples, device

    def floating_point_ops(self, inputs: Any) -> int:
        """As `Trainer`; an empty microbatch has none."""
        parent: Any = super()
        return int(parent.floating_point_ops(inputs)) if inputs else 0

    def _track_num_input_tokens(self, inputs: Any) -> None:
        parent: Any = super()
        if inputs:
            parent._track_num_input_tokens(inputs)

    def _clip_grad_norm(self, model: Any) -> None:
        """Nothing: the governor clips block by block, in `_get_grad_norm`, which always comes."""
        del model

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> float:
        del model, grad_norm
        governor = self._active()
        governor.judge()
        me: Any = self
        self._rate = float(me.optimizer.param_groups[0]["lr"])
        return governor.gradient_norm

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        me: Any = self
        parent: Any = super()
        parent._save_checkpoint(model, trial)
        governor = self._governor
        if governor is None or me.args.save_only_model:
            return
        if governor.writer.chain.open_steps:
            detail = "a folder was saved inside a segment; the training cannot go on from it"
            self._note(Finding(kind="snapshot_inside_segment", severity="info", detail=detail))
            return
        folder = Path(me.args.output_dir) / f"checkpoint-{me.state.global_step}"
        take_snapshot(governor, folder)

    def _note(self, finding: Finding) -> None:
        if self._prepared is not None:
            self._prepared.place.note(finding)

    def _record(self, args: Any, state: Any, control: Any) -> None:
        """Write the step down, which the optimizer has made."""
        governor = self._active()
        per_epoch = governor.sampler.per_epoch
        by_epoch = str(getattr(args.save_strategy, "value", args.save_strategy)) == "epoch"
        if self._tracked is not None:
            told = {"step": state.global_step, "loss": governor.mean_loss}
            told |= {"grad_norm": governor.gradient_norm, "learning_rate": self._rate}
            self._tracked.log_step(told)
        governor.record(
            lr=self._rate,
            ends=control.should_training_stop or state.global_step >= state.max_steps,
            saves=control.should_save or (by_epoch and state.global_step % per_epoch == 0),
        )
        if governor.halted is not None:
            control.should_training_stop = True


def _refuse_orphans(output: Path, place: Place) -> None:
    """Refuse to begin again in silence where snapshots show that there was a ledger."""
    if any(output.glob(f"checkpoint-*/{FILES}")):
        raise UsageError(
            f"the snapshots in {output} are of a ledger that is not in {place.folder}",
            mend=f"{GO_ON_WITH_THE_RUN}; to begin again, leave resume_from_checkpoint out",
        )


class _Recorder(transformers.TrainerCallback):  # type: ignore[misc]
    """Tells a governed training when its trainer has begun, and when a step is made."""

    def __init__(self, training: GovernedTraining) -> None:
        self._training = training

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Weights, optimizer and scheduler are as the first step will find them."""
        del args, control, kwargs
        self._training._begin(state)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The step is made, and what the other callbacks ask for is known."""
        del kwargs
        self._training._record(args, state, control)
