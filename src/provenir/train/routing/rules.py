"""How a module's trained parameters are routed: one rule for each class of module, and no other.

A rule computes what the module computes, and in the backward pass hands on the unweighted gradient
of the input while each row's gradient of the parameters is taken with the row's weight. Weights
are local: scaling the gradient on its way down would multiply them along the stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.core.extras import require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from provenir.train.routing.microbatch import Microbatch
    from provenir.train.routing.slots import Slot

torch: Any = require("train", "torch")
functional: Any = torch.nn.functional
_Function: Any = torch.autograd.Function

__all__ = ["RULES", "Site", "class_name"]


class Site:
    """A module with trained parameters, under its rule.

    Args:
        name: The module's name in the model.
        module: The module.
        slots: Its trained parameters, by attribute.
        current: Returns the microbatch that is being routed; None outside of one.
    """

    def __init__(
        self,
        name: str,
        module: Any,
        slots: Mapping[str, Slot],
        current: Callable[[], Microbatch | None],
    ) -> None:
        self.name = name
        self.module = module
        self.weight = slots.get("weight")
        self.bias = slots.get("bias")
        self.current = current

    def begin_backward(self, microbatch: Microbatch) -> None:
        """Check that the backward pass is the one of the microbatch.

        Raises:
            UsageError: It runs outside of `routed`, or a second time.
        """
        if self.current() is not microbatch:
            raise UsageError(
                f"the backward pass of {self.name} ran outside of its routed()",
                mend="call backward() before the with block ends",
            )
        microbatch.use(self.name)


class _Linear(_Function):  # type: ignore[misc]
    """y = x Wᵀ + b, and with `transposed` y = x W + b."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, site: Site, microbatch: Microbatch
    ) -> Tensor:
        ctx.site, ctx.microbatch = site, microbatch
        ctx.save_for_backward(x if site.weight else None, weight)
        return functional.linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, gy: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        site, microbatch = ctx.site, ctx.microbatch
        site.begin_backward(microbatch)
        gx = gy @ weight if ctx.needs_input_grad[0] else None
        rows = gy.reshape(microbatch.rows, -1, gy.shape[-1])
        if site.bias:
            site.bias.add_vectors(microbatch, rows.sum(1))
        if site.weight:
            x = x.reshape(microbatch.rows, -1, x.shape[-1])
            site.weight.add_products(microbatch, rows, x)
        return gx, None, None, None, None


class _Embedding(_Function):  # type: ignore[misc]
    """Rows of a table."""

    @staticmethod
    def forward(
        ctx: Any, weight: Tensor, indices: Tensor, site: Site, microbatch: Microbatch
    ) -> Tensor:
        ctx.site, ctx.microbatch = site, microbatch
        ctx.save_for_backward(indices)
        return functional.embedding(indices, weight, site.module.padding_idx)

    @staticmethod
    def backward(ctx: Any, gy: Tensor) -> tuple[Tensor | None, ...]:
        (indices,) = ctx.saved_tensors
        site, microbatch = ctx.site, ctx.microbatch
        site.begin_backward(microbatch)
        column = microbatch.columns[site.weight.block]
        if not column.still:
            parameter = site.weight.parameter
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            rows, kept = column.scaled(column.keep(gy)), column.keep(indices)
            rows, kept = rows.reshape(-1, rows.shape[-1]), kept.reshape(-1)
            if site.module.padding_idx is not None:
                real = kept != site.module.padding_idx
                rows, kept = rows[real], kept[real]
            parameter.grad.index_add_(0, kept, rows)
        return None, None, None, None


class _Gain(_Function):  # type: ignore[misc]
    """y = x ⊙ γ over the last dimension."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, gain: Tensor, site: Site, microbatch: Microbatch) -> Tensor:
        ctx.site, ctx.microbatch = site, microbatch
        ctx.save_for_backward(x, gain)
        return gain * x

    @staticmethod
    def backward(ctx: Any, gy: Tensor) -> tuple[Tensor | None, ...]:
        x, gain = ctx.saved_tensors
        ctx.site.begin_backward(ctx.microbatch)
        gx = gy * gain if ctx.needs_input_grad[0] else None
        rows = (gy * x).reshape(ctx.microbatch.rows, -1, gy.shape[-1]).sum(1)
        ctx.site.weight.add_vectors(ctx.microbatch, rows)
        return gx, None, None, None


def _linear(site: Site, microbatch: Microbatch, x: Tensor) -> Any:
    microbatch.check_rows(site.name, x)
    return _Linear.apply(x, site.module.weight, site.module.bias, site, microbatch)


def _embedding(site: Site, microbatch: Microbatch, indices: Tensor) -> Any:
    microbatch.check_rows(site.name, indices)
    return _Embedding.apply(site.module.weight, indices, site, microbatch)


def _huggingface_rms_norm(site: Site, microbatch: Microbatch, x: Tensor) -> Any:
    microbatch.check_rows(site.name, x)
    wide = x.to(torch.float32)
    variance = wide.pow(2).mean(-1, keepdim=True)
    normed = (wide * torch.rsqrt(variance + site.module.variance_epsilon)).to(x.dtype)
    return _Gain.apply(normed, site.module.weight, site, microbatch)


def class_name(module: Any) -> str:
    """The module's class with the Python module that it comes from."""
    return f"{type(module).__module__}.{type(module).__qualname__}"


RULES: Final[Mapping[str, Callable[[Site, Microbatch, Any], Any]]] = {
    "torch.nn.modules.linear.Linear": _linear,
    "torch.nn.modules.sparse.Embedding": _embedding,
    "transformers.models.llama.modeling_llama.LlamaRMSNorm": _huggingface_rms_norm,
    "transformers.models.mistral.modeling_mistral.MistralRMSNorm": _huggingface_rms_norm,
    "transformers.models.qwen2.modeling_qwen2.Qwen2RMSNorm": _huggingface_rms_norm,
    "transformers.models.qwen3.modeling_qwen3.Qwen3RMSNorm": _huggingface_rms_norm,
}
"""Class of a module → what it computes while routed. A class is named exactly: a subclass may
compute something else."""
