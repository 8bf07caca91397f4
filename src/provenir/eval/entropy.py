"""How surprising contents are to a frozen base model: its mean loss of a token.

The same numbers serve twice: as the entropy score by which a content's band is chosen
(`provenir.governance.depth`), and as the reference loss of `provenir.eval.memorization`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError
from provenir.core.extras import require

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import torch

__all__ = [
    "IGNORED",
    "MILLIONTHS",
    "base_losses",
    "in_millionths",
    "mean_losses",
    "present_losses",
]

IGNORED: Final = -100
"""The label of a token that no loss counts."""

MILLIONTHS: Final = 1_000_000


def mean_losses(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean negative log-likelihood of each example's tokens.

    Args:
        logits: [B, T, V].
        labels: [B, T]; position t is predicted at t - 1, and -100 is left out.

    Returns:
        [B], in nats a token, in float64; NaN for an example without a token that counts.
    """
    functional: Any = require("train", "torch.nn.functional")
    told = labels[:, 1:].to(logits.device)
    losses = functional.cross_entropy(
        logits[:, :-1].float().transpose(1, 2), told, ignore_index=IGNORED, reduction="none"
    )
    return losses.double().sum(1) / (told != IGNORED).sum(1)


def base_losses(model: Any, batches: Iterable[Mapping[str, torch.Tensor]]) -> list[float]:
    """Mean loss of each example under the base model, adapters switched off.

    Args:
        model: A causal language model, or a peft model over one.
        batches: Collated batches with `input_ids` and `labels`, in the order of the examples.

    Returns:
        One loss in nats a token for each example.

    Raises:
        InputError: An example has no token that counts, or its loss is not finite.
    """
    switched_off = getattr(model, "disable_adapter", contextlib.nullcontext)
    with switched_off():
        found = present_losses(model, batches)
    for place, loss in enumerate(found):
        if not 0 <= loss < float("inf"):
            raise InputError(
                "no mean loss: it has no token that counts, or the base gives none",
                where=f"example {place}",
                mend="leave it out, or give labels other than -100",
            )
    return found


def present_losses(model: Any, batches: Iterable[Mapping[str, torch.Tensor]]) -> list[float]:
    """Mean loss of each example under a model as it is now.

    Args:
        model: A causal language model; its mode is the same afterwards.
        batches: Collated batches with `input_ids` and `labels`, in the order of the examples.

    Returns:
        One loss in nats a token for each example; NaN for one without a token that counts.
    """
    torch_module: Any = require("train", "torch")
    training = model.training
    model.eval()
    found: list[float] = []
    try:
        with torch_module.no_grad():
            for batch in batches:
                inputs = {key: value for key, value in batch.items() if key != "labels"}
                found += mean_losses(model(**inputs).logits, batch["labels"]).tolist()
    finally:
        model.train(training)
    return found


def in_millionths(loss: float) -> int:
    """An entropy score as admission records it: millionths of a nat, rounded to even."""
    return round(loss * MILLIONTHS)
