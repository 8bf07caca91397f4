"""What routing works with: checked before the first step, everything untested refused by name.

The table `SUPPORT` is the one in the guide to routing. A feature is looked for in the model and,
where they are given, in the trainer's arguments; what is found and not supported is refused in one
message, with how to do without each.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.core.extras import require

if TYPE_CHECKING:
    from collections.abc import Callable

torch: Any = require("train", "torch")

__all__ = ["SUPPORT", "Feature", "check_support"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A feature of training, and whether routing works with it.

    Attributes:
        name: What it is called.
        mend: How to do without it; None where it is supported.
        in_model: Whether a model uses it; None where a model does not show it.
        in_arguments: Whether a trainer's arguments ask for it; None where they do not say.
    """

    name: str
    mend: str | None
    in_model: Callable[[Any], bool] | None = None
    in_arguments: Callable[[Any], bool] | None = None

    def found(self, model: Any, arguments: Any | None) -> bool:
        """Whether the model or the arguments use the feature."""
        if self.in_model is not None and self.in_model(model):
            return True
        return (
            arguments is not None and self.in_arguments is not None and self.in_arguments(arguments)
        )


def _set(*names: str) -> Callable[[Any], bool]:
    """Whether one of some arguments is there and neither empty nor off."""
    return lambda arguments: any(bool(getattr(arguments, name, None)) for name in names)


def _classes(*parts: str) -> Callable[[Any], bool]:
    """Whether a module's class, or the Python module it is defined in, has a part in its name."""

    def found(model: Any) -> bool:
        classes = {type(module) for module in model.modules()}
        names = [f"{one.__module__}.{one.__qualname__}".lower() for one in classes]
        return any(part in name for name in names for part in parts)

    return found


def _compiled(model: Any) -> bool:
    return any(
        type(module).__name__ == "OptimizedModule"
        or getattr(module, "_compiled_call_impl", None) is not None
        for module in model.modules()
    )


def _experts(model: Any) -> bool:
    config = getattr(model, "config", None)
    counts = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
    return any(getattr(config, name, None) for name in counts) or _classes("moe", "experts")(model)


def _quantised(model: Any) -> bool:
    if getattr(model, "is_quantized", False) or getattr(model, "hf_quantizer", None) is not None:
        return True
    return any(not parameter.dtype.is_floating_point for parameter in model.parameters())


def _sharded(model: Any) -> bool:
    return _classes("fsdp", "fullyshardeddataparallel")(model) or any(
        hasattr(parameter, "device_mesh") for parameter in model.parameters()
    )


def _ranks(_model: Any) -> bool:
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return int(distributed.get_world_size()) > 1
    return os.environ.get("WORLD_SIZE", "1") not in ("", "1")


def _adapter_variants(model: Any) -> bool:
    return any(getattr(module, "lora_variant", None) for module in model.modules())


def _batch_norm(model: Any) -> bool:
    # SyncBatchNorm and the lazy classes are subclasses too.
    kind = torch.nn.modules.batchnorm._BatchNorm
    return any(isinstance(module, kind) for module in model.modules())


SUPPORT: Final = (
    Feature(name="gradient accumulation", mend=None),
    Feature(name="gradient checkpointing", mend=None),
    Feature(name="LoRA (peft)", mend=None),
    Feature(
        name="bf16 or fp16 autocast",
        mend="set bf16=False and fp16=False",
        in_model=lambda model: bool(
            torch.is_autocast_enabled("cpu") or torch.is_autocast_enabled()
        ),
        in_arguments=_set("bf16", "fp16"),
    ),
    Feature(
        name="packing",
        mend="set packing=False and padding_free=False: an example is a row",
        in_arguments=_set("packing", "padding_free"),
    ),
    Feature(
        name="torch.compile",
        mend="train the model as it is, with torch_compile=False",
        in_model=_compiled,
        in_arguments=_set("torch_compile"),
    ),
    Feature(
        name="Liger kernels",
        mend="set use_liger_kernel=False",
        in_model=_classes("liger"),
        in_arguments=_set("use_liger_kernel", "use_liger_loss"),
    ),
    Feature(
        name="quantised weights (QLoRA)",
        mend="load the base without quantization_config",
        in_model=_quantised,
    ),
    Feature(
        name="FSDP",
        mend="train on one rank",
        in_model=_sharded,
        in_arguments=_set("fsdp"),
    ),
    Feature(
        name="DeepSpeed",
        mend="train on one rank",
        in_model=_classes("deepspeed"),
        in_arguments=_set("deepspeed"),
    ),
    Feature(
        name="more than one rank or GPU",
        mend="train on one rank, and show it one GPU",
        in_model=lambda model: (
            _ranks(model) or _classes("data_parallel", "torch.nn.parallel")(model)
        ),
        in_arguments=lambda given: max(_number(given, "world_size"), _number(given, "n_gpu")) > 1,
    ),
    Feature(
        name="mixture of experts",
        mend="its balance loss and its routing mix examples; take a dense model",
        in_model=_experts,
    ),
    Feature(
        name="BatchNorm",
        mend="it mixes examples; take another norm",
        in_model=_batch_norm,
    ),
    Feature(
        name="variants of LoRA (DoRA and others)",
        mend="take plain LoRA, rank-stabilised or not",
        in_model=_adapter_variants,
    ),
    Feature(
        name="NEFTune noise",
        mend="set neftune_noise_alpha=None",
        in_arguments=_set("neftune_noise_alpha"),
    ),
)
"""Every feature that was looked at. `check_support` refuses those that have a `mend`."""


def _number(arguments: Any, name: str) -> int:
    value = getattr(arguments, name, 1)
    return value if isinstance(value, int) else 1


def check_support(model: Any, arguments: Any | None = None) -> None:
    """Refuse a model or a trainer's arguments that use what routing was not tested with.

    Args:
        model: The model that is to be trained.
        arguments: `transformers.TrainingArguments`, or TRL's; None where there are none.

    Raises:
        UsageError: Something is not supported; all of it is named, each with how to do without.
    """
    refused = [one for one in SUPPORT if one.mend and one.found(model, arguments)]
    if refused:
        raise UsageError(
            "gradients are not routed with " + ", ".join(one.name for one in refused),
            mend="; ".join(str(one.mend) for one in refused),
        )
