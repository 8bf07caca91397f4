"""A trained parameter, its block, and how rows' gradients are added to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from provenir.core.extras import require

if TYPE_CHECKING:
    from torch import Tensor

    from provenir.train.routing.microbatch import Microbatch

torch: Any = require("train", "torch")

__all__ = ["Slot"]


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """A trained parameter.

    Gradients are added to `parameter.grad` from inside the backward pass, not handed to autograd:
    what reaches the parameter another way is then seen, and refused.

    Attributes:
        name: The model's own name of it.
        parameter: The tensor.
        block: Index of its block.
    """

    name: str
    parameter: Any
    block: int

    def add(self, gradient: Tensor) -> None:
        """Add a gradient of the parameter's shape; it may be kept, and is not to be used again."""
        if self.parameter.grad is None:
            self.parameter.grad = gradient.to(self.parameter.dtype)
        else:
            self.parameter.grad += gradient

    def add_vectors(self, microbatch: Microbatch, rows: Tensor) -> None:
        """Add each row's gradient, [B, n], of a parameter of shape [n]."""
        column = microbatch.columns[self.block]
        if microbatch.measured[self.block]:
            microbatch.add_squares(self.block, rows.square().sum(1))
        if not column.still:
            self.add(column.total(rows))

    def add_products(self, microbatch: Microbatch, left: Tensor, right: Tensor) -> None:
        """Add `left[i]ᵀ · right[i]` of each row i, [B, T, m] and [B, T, n], to a [m, n]."""
        column = microbatch.columns[self.block]
        if microbatch.measured[self.block]:
            products = torch.bmm(left.transpose(1, 2), right)
            microbatch.add_squares(self.block, products.flatten(1).square().sum(1))
            if not column.still:
                self.add(column.total(products))
        elif not column.still:
            left, right = column.keep(left), column.keep(right)
            if left.shape[-1] <= right.shape[-1]:
                left = column.scaled(left)
            else:
                right = column.scaled(right)
            self.add(left.flatten(0, 1).t() @ right.flatten(0, 1))
