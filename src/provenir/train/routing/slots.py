"""A trained parameter, its block, and how the rows' gradients are added to it.

A row's gradient of a matrix is the product of what entered and what came back, `leftᵀ · right`
over its tokens. Of a narrow matrix, such as LoRA's, all rows' products are made at once, and norms
cost next to nothing. A wide one gets one product over all rows, the narrower operand scaled by the
weights; where norms are asked for, it gets each row's product in turn while it is in the cache, or
its norm without its product, whichever costs less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.core.extras import require

if TYPE_CHECKING:
    from torch import Tensor

    from provenir.train.routing.microbatch import Microbatch

torch: Any = require("train", "torch")

__all__ = ["Slot", "ghost_squares"]

_NARROW: Final = 64
"""Ranks up to this make a matrix narrow."""

_PRODUCT_COST: Final = 32
"""What an element of a row's product costs to measure and add, in multiplications of a matrix
product: 17 to 36 on one core of an x86 server, for matrices of 256² to 768²."""


def ghost_squares(left: Tensor, right: Tensor) -> Tensor:
    """Squared norms of `left[i]ᵀ · right[i]` without the products, [B, T, m], [B, T, n] → [B].

    `‖Σ_t l_t r_tᵀ‖² = Σ_st (l_s·l_t)(r_s·r_t)` (Goodfellow 2015, arXiv:1510.01799; Li et al. 2022,
    arXiv:2110.05679, section 4).
    """
    grams = torch.bmm(left, left.transpose(1, 2))
    return grams.mul_(torch.bmm(right, right.transpose(1, 2))).sum((1, 2)).clamp_min_(0)


@dataclass(slots=True, eq=False)
class Slot:
    """A trained parameter.

    Gradients are added to `parameter.grad` from inside the backward pass, not handed to autograd:
    what reaches the parameter another way is then seen, and refused.

    Attributes:
        name: The model's own name of it.
        parameter: The tensor.
        block: Index of its block.
        tied: An embedding and a linear layer share it.
    """

    name: str
    parameter: Any
    block: int
    tied: bool = False

    def gradient(self) -> Any:
        """The parameter's gradient, zeros where it had none."""
        if self.parameter.grad is None:
            self.parameter.grad = torch.zeros_like(self.parameter)
        return self.parameter.grad

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
        column, measured = microbatch.columns[self.block], microbatch.measured[self.block]
        if column.still and not measured:
            return
        tokens, m, n = left.shape[1], left.shape[2], right.shape[2]
        if min(m, n) <= _NARROW and m * n <= tokens * (m + n):
            self._add_all(microbatch, left, right)
        elif measured and tokens * tokens * (m + n) > _PRODUCT_COST * m * n:
            self._add_one_by_one(microbatch, left, right)
        else:
            if measured:
                microbatch.add_squares(self.block, ghost_squares(left, right))
            if not column.still:
                self._add_scaled(microbatch, left, right)

    def _add_all(self, microbatch: Microbatch, left: Tensor, right: Tensor) -> None:
        column = microbatch.columns[self.block]
        products = torch.bmm(left.transpose(1, 2), right)
        if microbatch.measured[self.block]:
            norms = torch.linalg.vector_norm(products.flatten(1), dim=1)
            microbatch.add_squares(self.block, norms.square())
        if not column.still:
            self.add(column.total(products))

    def _add_one_by_one(self, microbatch: Microbatch, left: Tensor, right: Tensor) -> None:
        column = microbatch.columns[self.block]
        product = left.new_empty(left.shape[2], right.shape[2])
        elements = product.view(-1)
        squares = []
        for weight, one, other in zip(column.listed, left, right, strict=True):
            torch.mm(one.t(), other, out=product)
            squares.append(torch.dot(elements, elements))
            if weight:
                self.gradient().add_(product, alpha=weight)
        microbatch.add_squares(self.block, torch.stack(squares))

    def _add_scaled(self, microbatch: Microbatch, left: Tensor, right: Tensor) -> None:
        column = microbatch.columns[self.block]
        left, right = column.keep(left), column.keep(right)
        if left.shape[-1] <= right.shape[-1]:
            left = column.scaled(left)
        else:
            right = column.scaled(right)
        self.add(left.flatten(0, 1).t() @ right.flatten(0, 1))
