"""The loss of each example by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.core.extras import require

if TYPE_CHECKING:
    from torch import Tensor

torch: Any = require("train", "torch")

__all__ = ["IGNORED", "per_example_mean_loss"]

IGNORED: Final = -100
"""A label that is not predicted: torch's own `ignore_index`."""


def per_example_mean_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean negative log-likelihood of each row's labels, position t predicting label t + 1.

    A mean over all tokens of a batch would let the length of one example rescale the others; here
    each row is divided by its own number of labels. A row without labels has the loss 0.

    Args:
        logits: [B, T, V].
        labels: [B, T] integers; -100 is ignored.

    Returns:
        [B], nats a token, in float32 (float64 where the logits are).

    Raises:
        UsageError: The shapes do not belong together.
    """
    if logits.dim() != 3 or logits.shape[:2] != labels.shape:
        raise UsageError(
            f"logits of shape {list(logits.shape)} with labels of shape {list(labels.shape)}",
            mend="give [B, T, V] and [B, T]",
        )
    functional = torch.nn.functional
    shifted = functional.pad(labels[:, 1:], (0, 1), value=IGNORED)
    if logits.dtype in (torch.float16, torch.bfloat16):
        logits = logits.float()
    losses = functional.cross_entropy(
        logits.flatten(0, 1), shifted.flatten(), reduction="none", ignore_index=IGNORED
    ).view(shifted.shape)
    return losses.sum(1) / (shifted != IGNORED).sum(1).clamp_min(1)
