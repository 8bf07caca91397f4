"""The router: gives each trained module of a model its rule, and takes it away again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from provenir.core.errors import UsageError
from provenir.core.extras import require
from provenir.governance.blocks import block_of, block_order
from provenir.train.routing.coverage import find_sites
from provenir.train.routing.microbatch import Microbatch
from provenir.train.routing.naming import block_map, released_names
from provenir.train.routing.slots import Slot
from provenir.train.routing.support import check_support

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from provenir.governance.blocks import BlockMap

torch: Any = require("train", "torch")

__all__ = ["Router"]


class Router:
    """Routes the gradients of a model's trained parameters, block by block, row by row.

    While a router is open, gradients reach trained parameters through its rules alone: a backward
    pass outside of `routed`, or a use of a parameter that no rule covers, is an error and not an
    ungoverned gradient.

    Args:
        model: The model; what is to be trained requires gradients already.

    Attributes:
        model: As given.
        blocks: Names of all blocks, in the order of the model; one column of weights for each.
        slots: The trained parameters.

    Raises:
        UsageError: A trained parameter has no rule, a parameter has no block, nothing is trained,
            or the model uses something that `check_support` refuses.
    """

    def __init__(self, model: Any) -> None:
        check_support(model)
        self.model = model
        self.blocks = block_order(name for name, _ in model.named_parameters())
        self.slots = tuple(
            Slot(name, parameter, self.blocks.index(block_of(name)))
            for name, parameter in model.named_parameters()
            if parameter.requires_grad
        )
        self._device = _only_device(self.slots)
        self._current: Microbatch | None = None
        self._sites = find_sites(model, self.slots, lambda: self._current)
        self._hooks = [slot.parameter.register_hook(_refusal(slot.name)) for slot in self.slots]
        for site in self._sites:
            site.open()

    @property
    def trained(self) -> tuple[str, ...]:
        """The blocks of which a parameter is trained, in order."""
        trained = {slot.block for slot in self.slots}
        return tuple(name for index, name in enumerate(self.blocks) if index in trained)

    def released_names(self) -> dict[str, str]:
        """Map the name of each parameter that is released to its name in the released file."""
        return released_names(self.model)

    def block_map(self) -> BlockMap:
        """Return the blocks and every parameter in them, under their public names."""
        return block_map(self.model)

    @contextmanager
    def routed(
        self, weights: Tensor, *, norms: bool = False, head_norms: bool = False
    ) -> Iterator[Microbatch]:
        """Route the forward and the backward pass of one microbatch.

        Args:
            weights: [B, blocks], each in [0, 1]; row i is the i-th row of the batch.
            norms: Measure each row's gradient, block by block, before its weight; all but the head
                and a tied embedding.
            head_norms: Measure these as well, which costs most where the vocabulary is large.

        Yields:
            The microbatch; its `norms()` after the backward pass.

        Raises:
            UsageError: The weights are not such, or another microbatch is being routed.
        """
        if self._current is not None:
            raise UsageError("routed() inside of routed()", mend="end one microbatch first")
        if not self._sites:
            raise UsageError("the router is closed", mend="make a new one")
        measured = self._measured(norms, head_norms)
        self._current = Microbatch(weights, self.blocks, self._device, measured)
        try:
            yield self._current
        finally:
            self._current = None

    def _measured(self, norms: bool, head_norms: bool) -> list[bool]:
        large = {slot.block for slot in self.slots if slot.tied}
        return [
            norms and (head_norms or not (index in large or name == "head"))
            for index, name in enumerate(self.blocks)
        ]

    def close(self) -> None:
        """Give the model back as it was. Gradients that are there stay."""
        for site in self._sites:
            site.close()
        for hook in self._hooks:
            hook.remove()
        self._sites, self._hooks = [], []


def _only_device(slots: tuple[Slot, ...]) -> Any:
    devices = {slot.parameter.device for slot in slots}
    if not devices:
        raise UsageError(
            "no parameter of the model is trained", mend="set requires_grad before routing"
        )
    if len(devices) > 1:
        raise UsageError("trained parameters on several devices", mend="put the model on one")
    return devices.pop()


def _refusal(name: str) -> Callable[[Tensor | None], None]:
    def refuse(gradient: Tensor | None) -> None:
        # The rules return no gradient of their parameters to autograd.
        if gradient is not None:
            raise UsageError(
                f"{name} got a gradient outside of its rule",
                mend="run forward and backward inside of routed(), or close the router",
            )

    return refuse
