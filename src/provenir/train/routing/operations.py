"""The operations of autograd that the rules are made of.

Each computes in the forward pass what the plain module computes; its backward returns the gradient
of the input as autograd would, and none of its parameters: theirs go into the slots, row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from provenir.core.extras import require

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from provenir.train.routing.microbatch import Microbatch
    from provenir.train.routing.site import Site

torch: Any = require("train", "torch")
functional: Any = torch.nn.functional
_Function: Any = torch.autograd.Function
_Backward = TypeVar("_Backward", bound="Callable[..., tuple[Tensor | None, ...]]")
_once: Callable[[_Backward], _Backward] = torch.autograd.function.once_differentiable

__all__ = ["Embed", "Gain", "LayerNorm", "Linear"]


def _tokens(value: Tensor, rows: int) -> Tensor:
    """[B, …, n] → [B, T, n]."""
    return value.reshape(rows, -1, value.shape[-1])


class Linear(_Function):  # type: ignore[misc]
    """y = x Wᵀ + b; where `transposed`, as in GPT-2's Conv1D, y = x W + b."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        site: Site,
        microbatch: Microbatch,
        transposed: bool,
    ) -> Any:
        """Compute the plain module's output."""
        ctx.site, ctx.microbatch, ctx.transposed = site, microbatch, transposed
        ctx.save_for_backward(x if site.needs_input(microbatch) else None, weight)
        if transposed:
            return torch.addmm(bias, x.reshape(-1, x.shape[-1]), weight).view(*x.shape[:-1], -1)
        return functional.linear(x, weight, bias)

    @staticmethod
    @_once
    def backward(ctx: Any, gy: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradient of x alone."""
        x, weight = ctx.saved_tensors
        site, microbatch = ctx.site, ctx.microbatch
        site.begin_backward(microbatch)
        gx = None
        if ctx.needs_input_grad[0]:
            gx = gy @ (weight.t() if ctx.transposed else weight)
        rows = _tokens(gy, microbatch.rows)
        if site.bias is not None:
            site.bias.add_vectors(microbatch, rows.sum(1))
        if x is not None:
            x = _tokens(x, microbatch.rows)
            left, right = (x, rows) if ctx.transposed else (rows, x)
            site.weight.add_products(microbatch, left, right)
            if site.weight.tied and microbatch.measured[site.weight.block]:
                microbatch.tied[site.weight.name] = (rows, x)
        return gx, None, None, None, None, None


class Embed(_Function):  # type: ignore[misc]
    """Rows of a table."""

    @staticmethod
    def forward(
        ctx: Any, weight: Tensor, indices: Tensor, site: Site, microbatch: Microbatch
    ) -> Any:
        """Look the rows up."""
        ctx.site, ctx.microbatch = site, microbatch
        ctx.save_for_backward(indices)
        return functional.embedding(indices, weight, site.module.padding_idx)

    @staticmethod
    @_once
    def backward(ctx: Any, gy: Tensor) -> tuple[None, ...]:
        """Return nothing: indices have no gradient."""
        (indices,) = ctx.saved_tensors
        slot, microbatch = ctx.site.weight, ctx.microbatch
        ctx.site.begin_backward(microbatch)
        if ctx.site.module.padding_idx is not None:
            gy = gy.masked_fill((indices == ctx.site.module.padding_idx).unsqueeze(-1), 0)
        if microbatch.measured[slot.block]:
            squares = _embedding_squares(indices, gy, microbatch.tied.pop(slot.name, None))
            microbatch.add_squares(slot.block, squares)
        column = microbatch.columns[slot.block]
        if not column.still:
            rows = column.scaled(column.keep(gy))
            kept = column.keep(indices).reshape(-1)
            slot.gradient().index_add_(0, kept, rows.reshape(-1, rows.shape[-1]))
        return None, None, None, None


def _embedding_squares(indices: Tensor, gy: Tensor, head: tuple[Tensor, Tensor] | None) -> Tensor:
    """Squared norms of the rows' gradients of a table, [B]; twice its product with the head's."""
    same = indices.unsqueeze(2) == indices.unsqueeze(1)
    squares = (torch.bmm(gy, gy.transpose(1, 2)) * same).sum((1, 2))
    if head is None:
        return squares
    logits, x = head
    looked_up = logits.gather(2, indices.unsqueeze(1).expand(-1, logits.shape[1], -1))
    return squares + 2 * (looked_up * torch.bmm(x, gy.transpose(1, 2))).sum((1, 2))


class Gain(_Function):  # type: ignore[misc]
    """y = γ ⊙ x over the last dimension."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, gain: Tensor, site: Site, microbatch: Microbatch) -> Any:
        """Multiply."""
        ctx.site, ctx.microbatch = site, microbatch
        ctx.save_for_backward(x if site.needs_input(microbatch) else None, gain)
        return gain * x

    @staticmethod
    @_once
    def backward(ctx: Any, gy: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradient of x alone."""
        x, gain = ctx.saved_tensors
        ctx.site.begin_backward(ctx.microbatch)
        if x is not None:
            rows = _tokens(gy * x, ctx.microbatch.rows).sum(1)
            ctx.site.weight.add_vectors(ctx.microbatch, rows)
        return gy * gain if ctx.needs_input_grad[0] else None, None, None, None


class LayerNorm(_Function):  # type: ignore[misc]
    """y = γ ⊙ (x - mean) / std + β over the last dimension."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        gain: Tensor | None,
        bias: Tensor | None,
        eps: float,
        site: Site,
        microbatch: Microbatch,
    ) -> Any:
        """Compute the plain module's output."""
        ctx.site, ctx.microbatch = site, microbatch
        y, mean, rstd = torch.native_layer_norm(x, x.shape[-1:], gain, bias, eps)
        ctx.save_for_backward(x, gain, bias, mean, rstd)
        return y

    @staticmethod
    @_once
    def backward(ctx: Any, gy: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradient of x alone."""
        x, gain, bias, mean, rstd = ctx.saved_tensors
        site, microbatch = ctx.site, ctx.microbatch
        site.begin_backward(microbatch)
        gx = None
        if ctx.needs_input_grad[0]:
            gx, _, _ = torch.ops.aten.native_layer_norm_backward(
                gy, x, x.shape[-1:], mean, rstd, gain, bias, (True, False, False)
            )
        if site.bias is not None:
            site.bias.add_vectors(microbatch, _tokens(gy, microbatch.rows).sum(1))
        if site.needs_input(microbatch):
            normed = (x - mean) * rstd
            rows = _tokens(normed.mul_(gy), microbatch.rows).sum(1)
            site.weight.add_vectors(microbatch, rows)
        return gx, None, None, None, None, None
