"""What happens to routed gradients before the optimizer's step, block by block.

A norm over all blocks would let an example act on a block in which it has no weight; AdamW moves
a parameter by momentum and decay even where its gradient is zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.core.errors import UsageError
from provenir.core.extras import require

if TYPE_CHECKING:
    from torch import Tensor

    from provenir.train.routing.router import Router

torch: Any = require("train", "torch")

__all__ = ["block_norms", "clip_blocks", "still_blocks"]


def _gradients(router: Router) -> dict[str, list[Any]]:
    """Block → the gradients that its parameters have."""
    gradients: dict[str, list[Any]] = {}
    for slot in router.slots:
        if slot.parameter.grad is not None:
            gradients.setdefault(router.blocks[slot.block], []).append(slot.parameter.grad)
    return gradients


def block_norms(router: Router) -> dict[str, float]:
    """Euclidean norm of each block's gradient; blocks without a gradient are not there."""
    return {
        block: float(torch.nn.utils.get_total_norm(gradients))
        for block, gradients in _gradients(router).items()
    }


def clip_blocks(router: Router, max_norm: float) -> dict[str, float]:
    """Scale the gradient of each block whose norm is above a bound down to it.

    Args:
        router: The router whose gradients are there.
        max_norm: The bound of each block, above 0.

    Returns:
        Block → the coefficient that its gradient was multiplied by; 1.0 where the norm is not above
        the bound, `nan` where it is not a finite number (the gradient is then left as it is, and no
        step should be made with it). Blocks without a gradient are not there.

    Raises:
        UsageError: The bound is not a positive number.
    """
    if not 0 < max_norm < float("inf"):
        raise UsageError(f"max_norm of {max_norm!r}", mend="give a number above 0")
    coefficients = {}
    for block, gradients in _gradients(router).items():
        norm = float(torch.nn.utils.get_total_norm(gradients))
        coefficient = 1.0 if norm <= max_norm else max_norm / norm
        if not norm < float("inf"):
            coefficient = float("nan")
        elif coefficient < 1.0:
            torch._foreach_mul_(gradients, coefficient)
        coefficients[block] = coefficient
    return coefficients


def still_blocks(router: Router, weights: Tensor) -> tuple[str, ...]:
    """Take the gradients away from blocks that nobody may move in this step.

    An optimizer passes over parameters whose gradient is None, momentum and decay included, so
    that these blocks stay as they are, bit by bit.

    Args:
        router: The router.
        weights: [rows, blocks] of the whole step, the rows of all its microbatches.

    Returns:
        The trained blocks that stay still, in order.

    Raises:
        UsageError: The weights have another number of blocks.
    """
    if weights.dim() != 2 or weights.shape[1] != len(router.blocks):
        raise UsageError(
            f"weights of shape {list(weights.shape)}", mend=f"give [rows, {len(router.blocks)}]"
        )
    still = ~(weights != 0).any(0)
    moved = {slot.block for slot in router.slots}
    for slot in router.slots:
        if still[slot.block]:
            slot.parameter.grad = None
    return tuple(name for i, name in enumerate(router.blocks) if i in moved and still[i])
