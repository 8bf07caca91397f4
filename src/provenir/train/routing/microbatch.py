"""The weights of one microbatch, block by block, and what its backward pass measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.core.errors import UsageError
from provenir.core.extras import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

torch: Any = require("train", "torch")

__all__ = ["Column", "Microbatch"]


class Column:
    """The weights that the rows of a microbatch have in one block.

    Rows of weight 0 are left out before any arithmetic, so that nothing of theirs, not even a NaN,
    enters a sum: their contribution is zero bit by bit.

    Args:
        weights: One weight in [0, 1] for each row, float64, on the CPU.
        device: Where the gradients are.

    Attributes:
        still: All weights are 0.
        listed: The weights of all rows.
        kept: Indices of the rows with a weight; None where every row has one.
    """

    __slots__ = ("_scales", "_weights", "kept", "listed", "still")

    def __init__(self, weights: Tensor, device: Any) -> None:
        kept = weights.nonzero().squeeze(1)
        self.still = not len(kept)
        self.listed: list[float] = weights.tolist()
        self.kept: Tensor | None = None
        if len(kept) < len(weights):
            weights = weights[kept]
            self.kept = kept.to(device)
        self._weights = None if bool((weights == 1).all()) else weights.to(device)
        self._scales: dict[Any, Tensor] = {}

    def scale(self, dtype: Any) -> Tensor | None:
        """The weights of the kept rows in a dtype, shape [kept]; None where all are 1."""
        if self._weights is None:
            return None
        if dtype not in self._scales:
            self._scales[dtype] = self._weights.to(dtype)
        return self._scales[dtype]

    def keep(self, rows: Tensor) -> Tensor:
        """Leave out the rows of weight 0."""
        return rows if self.kept is None else rows.index_select(0, self.kept)

    def scaled(self, kept: Tensor) -> Tensor:
        """Multiply rows that were kept by their weights."""
        scale = self.scale(kept.dtype)
        return kept if scale is None else kept * scale.view(-1, *(1,) * (kept.dim() - 1))

    def total(self, rows: Tensor) -> Tensor:
        """Sum all rows, [B, …], by their weights, to […]."""
        kept, scale = self.keep(rows), self.scale(rows.dtype)
        if scale is None:
            return kept.sum(0)
        return (scale @ kept.flatten(1)).view(rows.shape[1:])


class Microbatch:
    """One forward and backward pass under weights.

    Args:
        weights: [B, blocks], each in [0, 1].
        blocks: Names of the blocks, one for each column.
        device: Where the gradients are.
        measured: For each block whether norms of the rows' gradients are taken.

    Attributes:
        rows: B.
        columns: The weights of each block.
        measured: As given.
        tied: What the head has for the norms of a tied embedding, by name of the parameter: the
            gradients of its outputs and its inputs, [B, T, V] and [B, T, d].

    Raises:
        UsageError: The weights have another shape, or one of them is not in [0, 1].
    """

    def __init__(
        self, weights: Tensor, blocks: Sequence[str], device: Any, measured: Sequence[bool]
    ) -> None:
        weights = weights.detach().to("cpu", torch.float64)
        if weights.dim() != 2 or weights.shape[1] != len(blocks) or not len(weights):
            raise UsageError(
                f"weights of shape {list(weights.shape)}",
                mend=f"give [rows, {len(blocks)}], a column for each of {', '.join(blocks)}",
            )
        outside = ~((weights >= 0) & (weights <= 1))
        if bool(outside.any()):
            row, block = outside.nonzero()[0].tolist()
            raise UsageError(
                f"weight {weights[row, block].item()!r}",
                where=f"row {row}, block {blocks[block]}",
                mend="a weight is a number from 0 to 1",
            )
        self.rows = len(weights)
        self.blocks = tuple(blocks)
        self.measured = tuple(measured)
        self.columns = tuple(Column(column, device) for column in weights.unbind(1))
        self._squares: list[Tensor | None] = [None] * len(blocks)
        self._used: set[str] = set()
        self.tied: dict[str, tuple[Tensor, Tensor]] = {}

    def use(self, module: str) -> None:
        """Note that a module's backward has run.

        Raises:
            UsageError: It has run before in this microbatch.
        """
        if module in self._used:
            raise UsageError(
                f"{module} got gradients twice in one routed pass",
                mend="call a module once in a pass, and route each backward pass by itself",
            )
        self._used.add(module)

    def check_rows(self, module: str, value: Tensor, *, dimensions: int = 3) -> None:
        """Refuse a value that is not [B, T, …], or is computed in another way than was tested.

        Raises:
            UsageError: It has fewer dimensions, or another number of rows than the weights; or
                autocast is on.
        """
        if value.dim() < dimensions or value.shape[0] != self.rows:
            raise UsageError(
                f"{module} was given {list(value.shape)} where the weights have {self.rows} rows",
                mend="an example is one row of the batch, and the batch comes first",
            )
        if torch.is_autocast_enabled(value.device.type):
            raise UsageError(
                "gradients are routed without autocast", mend="set bf16=False and fp16=False"
            )

    def add_squares(self, block: int, squares: Tensor) -> None:
        """Add squared norms of the rows' gradients, [B], to those of a block."""
        former = self._squares[block]
        squares = squares.detach().double()
        self._squares[block] = squares if former is None else former + squares

    def norms(self) -> dict[str, Tensor]:
        """Norms of what each row sends to each measured block, before its weight.

        Returns:
            Block → [B] float64 on the CPU: the Euclidean norm of the gradient of the loss that was
            handed to `backward`, row by row. A block that is not measured, or of which nothing is
            trained, is not there.
        """
        return {
            name: squares.sqrt().cpu()
            for name, squares in zip(self.blocks, self._squares, strict=True)
            if squares is not None
        }
