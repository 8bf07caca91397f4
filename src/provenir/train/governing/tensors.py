"""The parameters of a model as the ledger names and hashes them.

Names are those of the file in which a tensor is released: an adapter's without the adapter's name,
as peft writes them; a frozen base parameter's as the base model's own file has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from provenir.core.errors import UsageError
from provenir.core.extras import require
from provenir.provenance.ledger.records import FinalTensor, TensorLeaf
from provenir.provenance.ledger.tensors import hash_tensors
from provenir.train.routing.naming import block_map, dtype_name, public_names, released_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provenir.governance.blocks import BlockMap

torch: Any = require("train", "torch")

__all__ = ["ModelTensors", "NamedTensor", "tensor_bytes"]


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
        UsageError: Nothing is trained, something trained is not released, or a persistent buffer
            is.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self.adapter = hasattr(model, "peft_config")
        public, released = public_names(model), released_names(model)
        self.tensors = tuple(
            sorted(
                (
                    NamedTensor(
                        name=public[name],
                        tensor=parameter,
                        trainable=parameter.requires_grad,
                        released=name in released,
                    )
                    for name, parameter in model.named_parameters()
                ),
                key=lambda one: one.name,
            )
        )
        self._check()

    def _check(self) -> None:
        if not any(one.trainable for one in self.tensors):
            raise UsageError("no parameter of the model is trained")
        for one in self.tensors:
            if one.trainable and not one.released:
                raise UsageError(
                    f"{one.name} is trained and is not in the file that is released",
                    mend="train one adapter, or the whole model",
                )
        known = {one.tensor.data_ptr() for one in self.tensors}
        for name, tensor in () if self.adapter else self._model.state_dict().items():
            if tensor.data_ptr() not in known:
                raise UsageError(
                    f"{name} is released and is no parameter of the model",
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
        return block_map(self._model)

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
            (t.name, dtype_name(t.tensor, t.name), tuple(t.tensor.shape), tensor_bytes(t.tensor))
            for t in tensors
        ),
        threads=threads,
    )
