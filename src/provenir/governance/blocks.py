"""Blocks: the parts of a model that a depth profile can weigh, by the names of its parameters.

The embedding, each layer, the final norm, the head; a LoRA adapter belongs to the block that it
adapts. The names are those that Hugging Face gives to Llama, Qwen2, Qwen3, Mistral and GPT-2. A
name without a block is an error: a parameter that nobody has placed is one that nobody governs.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from provenir.core.document import Document, Part
from provenir.core.errors import UsageError
from provenir.governance.components import Few, Name

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MAX_BLOCKS", "Block", "BlockMap", "Parameter", "block_of", "block_order", "ordered"]

MAX_BLOCKS: Final = 4_096
"""Most blocks of a model."""

_LAYER: Final = r"layer\.(0|[1-9][0-9]{0,3})"
Block = Annotated[str, Field(pattern=rf"^(embedding|{_LAYER}|final_norm|head)$", max_length=16)]
"""A block's name."""

_NAME: Final = re.compile(
    r"(?:base_model\.model\.)?(?:model\.|transformer\.)?"
    r"(?:(?P<embedding>embed_tokens|wte|wpe)|(?:layers|h)\.(?P<layer>0|[1-9][0-9]{0,3})"
    r"|(?P<final_norm>norm|ln_f)|(?P<head>lm_head))\.[!-~]+"
)
_PLACES: Final = {"embedding": 0, "final_norm": 2, "head": 3}


def block_of(parameter: str) -> str:
    """Return the block of a parameter, by its name.

    Raises:
        UsageError: No block is known for the name.
    """
    match = _NAME.fullmatch(parameter)
    if match is None:
        raise UsageError(
            f"the parameter {parameter[:200]!r} belongs to no known block",
            mend="the families are Llama, Qwen2, Qwen3, Mistral and GPT-2, with LoRA or without",
        )
    layer = match["layer"]
    return f"layer.{layer}" if layer is not None else str(match.lastgroup)


def block_order(parameters: Iterable[str]) -> tuple[str, ...]:
    """Return the blocks of some parameters, each once, in the order of the model.

    Raises:
        UsageError: A parameter without a block.
    """
    return ordered({block_of(name) for name in parameters})


def ordered(blocks: Iterable[str]) -> tuple[str, ...]:
    """Return names of blocks from the embedding to the head."""
    return tuple(sorted(blocks, key=_place))


def _place(block: str) -> tuple[int, int]:
    place = _PLACES.get(block)
    return (1, int(block.rpartition(".")[2])) if place is None else (place, 0)


class Parameter(Part):
    """One parameter of a model.

    Attributes:
        name: Its name, as in the released file.
        block: Where it belongs: `block_of` its name.
        dtype: Element type, by its name in safetensors, such as ``BF16``.
        shape: Sizes; empty for a scalar.
        trainable: Whether the run trains it.
        released: Whether it stands in the released file.
    """

    name: Name
    block: Block
    dtype: Name
    shape: Few[Annotated[int, Field(ge=0, le=2**60)]]
    trainable: bool
    released: bool

    @model_validator(mode="after")
    def _is_where_it_says(self) -> Self:
        if block_of(self.name) != self.block:
            raise ValueError(f"{self.name[:200]} belongs to {block_of(self.name)}")
        return self


class BlockMap(Document):
    """The blocks of a model and the parameters in each (`block-map/1`).

    Attributes:
        blocks: Names in the order of the model.
        adapter: Whether what is trained is an adapter.
        parameters: Sorted by name; a tied parameter stands once.
    """

    schema_version: Literal["block-map/1"] = "block-map/1"
    blocks: Annotated[Few[Block], Field(min_length=1, max_length=MAX_BLOCKS)]
    adapter: bool
    parameters: Annotated[Few[Parameter], Field(min_length=1)]

    @model_validator(mode="after")
    def _blocks_are_those_of_the_parameters(self) -> Self:
        names = [parameter.name for parameter in self.parameters]
        if any(left >= right for left, right in pairwise(names)):
            raise ValueError("the parameters are not sorted by name, or a name stands twice")
        if tuple(self.blocks) != ordered({parameter.block for parameter in self.parameters}):
            raise ValueError("the blocks are not those of the parameters, in the model's order")
        return self

    @classmethod
    def of(cls, parameters: Iterable[Parameter], *, adapter: bool = False) -> BlockMap:
        """Return the map of some parameters, given in any order.

        Raises:
            UsageError: No parameter, or a name twice.
        """
        sorted_ = tuple(sorted(parameters, key=lambda one: one.name))
        blocks = ordered({one.block for one in sorted_})
        return cls.made_of(blocks=blocks, adapter=adapter, parameters=sorted_)
