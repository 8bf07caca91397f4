"""Stopping a `transformers` trainer before its next update, on all processes at once.

The trainer looks at its control right after each update, and after what it logs of it
(`Trainer._inner_training_loop`, transformers 5.23). So a stop that is asked for in `on_step_end` or
in `on_log` is in time. It does not hand the control to other processes: one that stops alone leaves
the others waiting in their next collective call. So the first process decides, and tells the others
at two points that all of them reach: the end of a step, and the log of a step's loss.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TrainerHalt", "is_step_log"]

GO_ON, STOP, STOP_AND_SAVE = 0, 1, 2
_OPTIMIZER_BYTES: Final = 8
"""Two moments of each trained parameter, 32 bits each."""


class TrainerHalt:
    """Stops one trainer when its run asks for it.

    Args:
        run: The run; one without `should_stop` stops nothing.
    """

    def __init__(self, run: Any) -> None:
        self._run = run
        self._has_saved = False

    def consult(self, args: Any, control: Any, model: Any, *, is_first: bool) -> None:
        """Stop the trainer if the run asks for it, with a snapshot once where one can be kept."""
        if not getattr(self._run, "halts", False):
            return
        decided = self._decide(args, model) if is_first else GO_ON
        told = told_by_the_first(decided, args)
        if told == GO_ON:
            return
        control.should_training_stop = True
        if told == STOP_AND_SAVE:
            control.should_save = True
            self._has_saved = True

    def _decide(self, args: Any, model: Any) -> int:
        if not getattr(self._run, "should_stop", False):
            return GO_ON
        if self._has_saved:
            return STOP
        hindrance = _hindrance(args, model)
        if hindrance is None:
            return STOP_AND_SAVE
        self._has_saved = True  # it is not tried again
        unsaved = Finding(
            kind="snapshot_not_saved",
            severity="warning",
            detail=f"the training is stopped without a snapshot: {hindrance}",
        )
        with suppress(Exception):  # a run that cannot take it must not keep the trainer going
            self._run.add_finding(unsaved)
        return STOP


def is_step_log(logs: Mapping[str, Any]) -> bool:
    """Whether a log entry is what a trainer tells of a step itself, which it does everywhere.

    What a person logs may be logged on the first process alone.
    """
    return "loss" in logs and "learning_rate" in logs


def told_by_the_first(flag: int, args: Any) -> int:
    """The flag of the first process, on each of them; every process has to call this."""
    import torch.distributed as dist

    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return flag
    import torch

    told = torch.tensor([flag], device=args.device)
    dist.broadcast(told, src=0)
    return int(told.item())


def _hindrance(args: Any, model: Any) -> str | None:
    """`save_hindrance`, whatever the model or the arguments are: the stop must not fail by it.

    On several processes a fault here would also leave the others waiting for what is decided.
    """
    try:
        return save_hindrance(args, model)
    except Exception as fault:  # noqa: BLE001 - a model's parameters may fail in any way
        return f"whether it can be kept cannot be told ({type(fault).__name__})"


def save_hindrance(args: Any, model: Any) -> str | None:
    """Why a snapshot cannot be kept, None where it probably can.

    A trainer that fails to save ends in an exception; so it is not asked to where the folder cannot
    be written or the disk has less room than the weights and the optimizer's moments take.
    """
    folder = Path(args.output_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as fault:
        return f"its folder cannot be written ({fault.strerror})"
    needed = 0
    for parameter in model.parameters() if model is not None else ():
        needed += parameter.numel() * parameter.element_size()
        if parameter.requires_grad and not args.save_only_model:
            needed += parameter.numel() * _OPTIMIZER_BYTES
    return f"it takes {needed:,} bytes and {free:,} are free" if needed > free else None
