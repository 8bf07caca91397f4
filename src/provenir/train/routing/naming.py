"""Which name each parameter has in the released file, and the block map that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.core.extras import require
from provenir.governance.blocks import BlockMap, Parameter, block_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DTYPES", "block_map", "dtype_name", "public_names", "released_names"]

DTYPES: Final[Mapping[str, str]] = {
    "torch.float64": "F64",
    "torch.float32": "F32",
    "torch.float16": "F16",
    "torch.bfloat16": "BF16",
}
"""Element types of torch and what safetensors calls them."""

_WRAPPER: Final = "base_model.model."
_WRAPPED_LAYER: Final = ".base_layer."


def released_names(model: Any) -> dict[str, str]:
    """Map the name of each released parameter to its name in the released file.

    With an adapter of peft the adapter alone is released, and its file leaves out the adapter's
    name; otherwise everything is, under the model's own names. A tied parameter stands once.

    Raises:
        UsageError: The adapter's file would hold a tensor that is no parameter of the model.
    """
    parameters = dict(model.named_parameters())
    if not hasattr(model, "peft_config"):
        return {name: name for name in parameters}
    peft: Any = require("train", "peft")
    own = {parameter.data_ptr(): name for name, parameter in parameters.items()}
    names = {}
    for released, tensor in peft.get_peft_model_state_dict(
        model, save_embedding_layers=False
    ).items():
        if tensor.data_ptr() not in own:
            raise UsageError(
                f"{released} of the adapter is no parameter of the model",
                mend="train a plain LoRA adapter",
            )
        names[own[tensor.data_ptr()]] = released
    return names


def public_names(model: Any) -> dict[str, str]:
    """Map the name of each parameter to the one that it goes by outside of this process.

    That of the released file; of a parameter that an adapter leaves frozen, the base model's own,
    so that the base has the same tensor root with an adapter over it as without.
    """
    released = released_names(model)
    return {
        name: released.get(name, name.removeprefix(_WRAPPER).replace(_WRAPPED_LAYER, "."))
        for name, _ in model.named_parameters()
    }


def dtype_name(tensor: Any, name: str) -> str:
    """What safetensors calls a tensor's element type.

    Args:
        tensor: The tensor.
        name: What to call it in an error.

    Raises:
        UsageError: It has none of `DTYPES`.
    """
    try:
        return DTYPES[str(tensor.dtype)]
    except KeyError:
        raise UsageError(
            f"{name} has the element type {tensor.dtype}", mend=f"one of {', '.join(DTYPES)}"
        ) from None


def block_map(model: Any) -> BlockMap:
    """Return the blocks of a model and every parameter in them, under `public_names`.

    Raises:
        UsageError: A parameter has no block, or an element type that is not released.
    """
    released, public = released_names(model), public_names(model)
    parameters = [
        Parameter(
            name=public[name],
            block=block_of(public[name]),
            dtype=dtype_name(parameter, name),
            shape=tuple(parameter.shape),
            trainable=parameter.requires_grad,
            released=name in released,
        )
        for name, parameter in model.named_parameters()
    ]
    return BlockMap.of(parameters, adapter=hasattr(model, "peft_config"))
