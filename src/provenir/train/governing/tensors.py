"""The parameters of a model as the ledger names and hashes them.

Names are those of the file in which a tensor is released: an adapter's without the adapter's name,
as peft writes them; a frozen base parameter's as the base model's own file has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.core.extras import require
from provenir.governance.blocks import BlockMap, Parameter, block_of
from provenir.provenance.ledger.records import FinalTensor, TensorLeaf
from provenir.provenance.ledger.tensors import hash_tensors

if TYPE_CHECKING:
    from collections.abc import Iterable

torch: Any = require("train", "torch")

__all__ = ["ModelTensors", "NamedTensor", "tensor_bytes"]

DTYPES: Final = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
"""Element types by their names in safetensors."""

_WRAPPER: Final = "base_model.model."
_WRAPPED_LAYER: Final = ".base_layer."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NamedTensor:
    """A tensor under the ledger's name.

    Attributes:
        name: The name.
        tensor: The tensor itself; its values change while it is trained.
        trainable: Whether the run trains it.
        released: Whether it stands in the released file.
    """

    name: str
    tensor: Any
    trainable: bool
    released: bool


def tensor_bytes(tensor: Any) -> memoryview:
    """The bytes of a tensor, row by row; those of a tensor in main memory are not copied.

    Raises:
        UsageError: It is sparse, quantised or on no device.
    """
    try:
        flat = tensor.detach().contiguous().reshape(-1).view(torch.uint8).cpu()
        return memoryview(flat.numpy())
    except (RuntimeError, TypeError, NotImplementedError) as fault:
        raise UsageError(
            f"a tensor of layout {tensor.layout} and dtype {tensor.dtype} cannot be hashed",
            mend="train dense parameters",
        ) from fault


class ModelTensors:
    """All parameters of a model, by what the run does with them.

    Args:
        model: A model, or a peft model over one.

    Attributes:
        adapter: Whether an adapter is trained.
        tensors: Sorted by name.

    Raises:
        UsageError: A trained tensor that is not released or a released one that nobody knows, a
            persistent buffer, or a name twice.
    """

    def __init__(self, model: Any) -> None:
        self.adapter = hasattr(model, "peft_config")
        released = _released(model, adapter=self.adapter)
        found = {
            id(parameter): NamedTensor(
                name=released.get(parameter.data_ptr(), _own_name(name)),
                tensor=parameter,
                trainable=parameter.requires_grad,
                released=parameter.data_ptr() in released,
            )
            for name, parameter in model.named_parameters()
        }
        self.tensors = tuple(sorted(found.values(), key=lambda one: one.name))
        self._check(released)

    def _check(self, released: dict[int, str]) -> None:
        names = [one.name for one in self.tensors]
        if len(set(names)) < len(names):
            raise UsageError("two parameters of the model have one name in its file")
        if not any(one.trainable for one in self.tensors):
            raise UsageError("no parameter of the model is trained")
        for one in self.tensors:
            if one.trainable and not one.released:
                raise UsageError(
                    f"{one.name} is trained and is not in the file that is released",
                    mend="train one adapter, or the whole model",
                )
        unknown = set(released.values()) - set(names)
        if unknown:
            raise UsageError(
                f"{min(unknown)} is released and is no parameter of the model",
                mend="a model with persistent buffers cannot be governed",
            )

    def of(self, *, trainable: bool) -> list[NamedTensor]:
        """The tensors that are trained, or those that are frozen."""
        return [one for one in self.tensors if one.trainable is trainable]

    def base(self) -> list[NamedTensor]:
        """The tensors of the model that the run began with: all, or all but the adapter's."""
        return [one for one in self.tensors if not (self.adapter and one.released)]

    def block_map(self) -> BlockMap:
        """The blocks and the parameters in each.

        Raises:
            UsageError: A parameter belongs to no known block.
        """
        return BlockMap.of(
            [
                Parameter(
                    name=one.name,
                    block=block_of(one.name),
                    dtype=_dtype(one.tensor),
                    shape=tuple(one.tensor.shape),
                    trainable=one.trainable,
                    released=one.released,
                )
                for one in self.tensors
            ],
            adapter=self.adapter,
        )

    def at_the_end(self, *, threads: int) -> list[FinalTensor]:
        """What each tensor is now, with what it was to the run."""
        leaves = {leaf.name: leaf for leaf in leaves_of(self.tensors, threads=threads)}
        return [
            FinalTensor(
                **leaves[one.name].model_dump(), trainable=one.trainable, released=one.released
            )
            for one in self.tensors
        ]


def leaves_of(tensors: Iterable[NamedTensor], *, threads: int = 1) -> list[TensorLeaf]:
    """The leaves of tensors as they are now."""
    return hash_tensors(
        (
            (t.name, _dtype(t.tensor), tuple(t.tensor.shape), tensor_bytes(t.tensor))
            for t in tensors
        ),
        threads=threads,
    )


def _released(model: Any, *, adapter: bool) -> dict[int, str]:
    """Address of each tensor in the file that would be saved now, and its name there."""
    if adapter:
        peft: Any = require("train", "peft")
        state = peft.get_peft_model_state_dict(model)
    else:
        state = model.state_dict()
    names: dict[int, str] = {}
    parameters = {name for name, _ in model.named_parameters()}
    for name, tensor in state.items():
        # Of tied tensors the one that named_parameters() tells of is the one that is kept.
        if tensor.data_ptr() not in names or name in parameters:
            names[tensor.data_ptr()] = name
    return names


def _own_name(name: str) -> str:
    return name.removeprefix(_WRAPPER).replace(_WRAPPED_LAYER, ".")


def _dtype(tensor: Any) -> str:
    try:
        return DTYPES[tensor.dtype]
    except KeyError:
        raise UsageError(
            f"{tensor.dtype} has no name in a safetensors file", mend="train in float32 or bfloat16"
        ) from None
