"""How a module's trained parameters are routed: one rule for each class of module, and no other.

A rule computes what the module computes, and in the backward pass hands on the unweighted gradient
of the input while each row's gradient of the parameters is taken with the row's weight. Weights
are local: scaling the gradient on its way down would multiply them along the stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.core.extras import require
from provenir.train.routing.operations import Embed, Gain, LayerNorm, Linear

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from provenir.train.routing.microbatch import Microbatch
    from provenir.train.routing.site import Rule, Site

torch: Any = require("train", "torch")

__all__ = ["RULES", "class_name", "refusal"]


def class_name(module: Any) -> str:
    """The module's class with the Python module that it comes from."""
    return f"{type(module).__module__}.{type(module).__qualname__}"


def _linear(site: Site, microbatch: Microbatch, x: Tensor) -> Any:
    microbatch.check_rows(site.name, x)
    return Linear.apply(x, site.module.weight, site.module.bias, site, microbatch, False)


def _conv1d(site: Site, microbatch: Microbatch, x: Tensor) -> Any:
    microbatch.check_rows(site.name, x)
    return Linear.apply(x, site.module.weight, site.module.bias, site, microbatch, True)


def _embedding(site: Site, microbatch: Microbatch, indices: Tensor) -> Any:
    # Positions are the same for all rows, and GPT-2 looks them up once.
    if indices.dim() == 2 and indices.shape[0] == 1:
        indices = indices.expand(microbatch.rows, -1)
    microbatch.check_rows(site.name, indices, dimensions=2)
    return Embed.apply(site.module.weight, indices, site, microbatch)


def _layer_norm(site: Site, microbatch: Microbatch, x: Tensor) -> Any:
    microbatch.check_rows(site.name, x)
    module = site.module
    return LayerNorm.apply(x, module.weight, module.bias, module.eps, site, microbatch)


def _rms_norm(site: Site, microbatch: Microbatch, x: Tensor) -> Any:
    microbatch.check_rows(site.name, x)
    module = site.module
    normed = torch.nn.functional.rms_norm(x, module.normalized_shape, None, module.eps)
    return Gain.apply(normed, module.weight, site, microbatch)


def _float32_rms_norm(site: Site, microbatch: Microbatch, x: Tensor) -> Any:
    microbatch.check_rows(site.name, x)
    wide = x.to(torch.float32)
    variance = wide.pow(2).mean(-1, keepdim=True)
    normed = (wide * torch.rsqrt(variance + site.module.variance_epsilon)).to(x.dtype)
    return Gain.apply(normed, site.module.weight, site, microbatch)


RULES: Final[Mapping[str, Rule]] = {
    "torch.nn.modules.linear.Linear": _linear,
    "torch.nn.modules.normalization.LayerNorm": _layer_norm,
    "torch.nn.modules.normalization.RMSNorm": _rms_norm,
    "torch.nn.modules.sparse.Embedding": _embedding,
    "transformers.models.llama.modeling_llama.LlamaRMSNorm": _float32_rms_norm,
    "transformers.models.mistral.modeling_mistral.MistralRMSNorm": _float32_rms_norm,
    "transformers.models.qwen2.modeling_qwen2.Qwen2RMSNorm": _float32_rms_norm,
    "transformers.models.qwen3.modeling_qwen3.Qwen3RMSNorm": _float32_rms_norm,
    "transformers.pytorch_utils.Conv1D": _conv1d,
}
"""Class of a module → what it computes while routed. A class is named exactly: a subclass may
compute something else."""


def refusal(module: Any, attributes: set[str]) -> str | None:
    """Say why the rule of a module's class does not hold for it; None where it does.

    Args:
        module: The module.
        attributes: Names of its trained parameters.
    """
    if class_name(module) not in RULES or not attributes <= {"weight", "bias"}:
        return "no rule"
    if "forward" in vars(module):
        return "its forward is replaced"
    if module._backward_hooks or module._backward_pre_hooks:
        return "it has backward hooks"
    if isinstance(module, torch.nn.Embedding) and (
        module.max_norm is not None or module.scale_grad_by_freq or module.sparse
    ):
        return "max_norm, scale_grad_by_freq and sparse mix rows"
    if len(getattr(module, "normalized_shape", (1,))) != 1:
        return "it norms over several dimensions"
    return None
