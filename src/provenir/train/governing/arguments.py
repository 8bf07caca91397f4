"""Which arguments of a trainer a governed training cannot honour, each by its name.

What routing does not work with is refused by `provenir.train.routing.check_support`; here is the
rest. What the trainer's loop does itself (logging, evaluation, saving, the scheduler) is left to
it. The order of the rows, the loss, its division, clipping and skipping are the governor's; an
argument that would change one of them is refused, and never left aside in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["check_arguments"]

_TESTED_OPTIMIZERS: Final = frozenset({"adamw_torch", "adamw_torch_fused", "sgd"})
_TESTED_SCHEDULERS: Final = frozenset(
    {
        "linear",
        "cosine",
        "cosine_with_restarts",
        "polynomial",
        "constant",
        "constant_with_warmup",
        "inverse_sqrt",
    }
)
_DEFAULT_MAX_NORM: Final = 1.0

_REFUSED: Final[tuple[tuple[str, Callable[[Any], bool], str], ...]] = (
    ("shuffle_dataset", bool, "the ledger's own sampler orders the rows"),
    (
        "train_sampling_strategy",
        lambda v: v != "random",
        "the ledger's own sampler orders the rows",
    ),
    ("torch_empty_cache_steps", lambda v: v is not None, "a governed step empties no cache"),
    ("dataloader_num_workers", bool, "a batch is drawn when it is due, by that day's admission"),
    ("auto_find_batch_size", bool, "the ledger commits to the batch before the start"),
    ("ignore_data_skip", bool, "a resumed training goes on with the step that comes next"),
    ("label_smoothing_factor", bool, "the loss is each example's mean"),
    ("loss_type", lambda v: v != "nll", "the loss is each example's mean"),
    ("activation_offloading", bool, "it has not been tested with routing"),
    ("load_best_model_at_end", bool, "what is released must be what the last step left"),
    ("parallelism_config", lambda v: v is not None, "parameters must lie whole on one device"),
)
"""Name, which values are refused, and why. An argument that a trainer does not have passes."""


def check_arguments(args: Any, *, clip: float | None) -> None:
    """Refuse what a governed training cannot honour.

    Args:
        args: `TrainingArguments` or `SFTConfig`.
        clip: What each block's gradient is clipped to.

    Raises:
        UsageError: An argument that would change what is governed, by its name.
    """
    for name, refuses, why in _REFUSED:
        value = getattr(args, name, None)
        if hasattr(args, name) and refuses(value):
            _refuse(name, value, f"leave it out: {why}")
    optimizer, scheduler = _word(args.optim), _word(args.lr_scheduler_type)
    if optimizer not in _TESTED_OPTIMIZERS:
        _refuse("optim", optimizer, f"one of {', '.join(sorted(_TESTED_OPTIMIZERS))}")
    if scheduler not in _TESTED_SCHEDULERS:
        _refuse("lr_scheduler_type", scheduler, f"one of {', '.join(sorted(_TESTED_SCHEDULERS))}")
    if args.max_grad_norm not in (0, 0.0, _DEFAULT_MAX_NORM, clip):
        mend = "a norm over all blocks would let one act on another; give Governance(clip=…)"
        _refuse("max_grad_norm", args.max_grad_norm, mend)


def _refuse(name: str, value: Any, mend: str) -> None:
    raise UsageError(f"{name}={value!r} cannot be governed", mend=mend)


def _word(value: Any) -> str:
    return str(getattr(value, "value", value))
