"""The router: gives each trained module of a model its rule, and takes it away again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from provenir.core.errors import UsageError
from provenir.core.extras import require
from provenir.train.routing.microbatch import Microbatch
from provenir.train.routing.rules import RULES, Site, class_name
from provenir.train.routing.slots import Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

torch: Any = require("train", "torch")

__all__ = ["Router"]


class Router:
    """Routes the gradients of a model's trained parameters, block by block, row by row.

    While a router is open, gradients reach trained parameters through its rules alone: a backward
    pass outside of `routed`, or a use of a parameter that no rule covers, is an error and not an
    ungoverned gradient.

    Args:
        model: The model; what is to be trained requires gradients already.
        block_of: Gives each parameter's name its block.

    Attributes:
        blocks: Names of all blocks, in the order of the model; one column of weights for each.
        slots: The trained parameters.

    Raises:
        UsageError: A trained parameter has no rule, or nothing is trained.
    """

    def __init__(self, model: Any, *, block_of: Callable[[str], str]) -> None:
        self.model = model
        names = {name: block_of(name) for name, _ in model.named_parameters()}
        self.blocks = tuple(dict.fromkeys(names.values()))
        self.slots = tuple(
            Slot(name, parameter, self.blocks.index(names[name]))
            for name, parameter in model.named_parameters()
            if parameter.requires_grad
        )
        if not self.slots:
            raise UsageError("no parameter of the model is trained", where="Router(model)")
        self._current: Microbatch | None = None
        self._device = self.slots[0].parameter.device
        sites = self._sites()
        self._hooks = [slot.parameter.register_hook(_refusal(slot.name)) for slot in self.slots]
        self._modules = [site.module for site in sites]
        for site in sites:
            site.module.forward = _routed_forward(site)

    def _sites(self) -> list[Site]:
        by_tensor = {id(slot.parameter): slot for slot in self.slots}
        sites, covered = [], set()
        for name, module in self.model.named_modules():
            slots = {
                attribute: by_tensor[id(parameter)]
                for attribute, parameter in module.named_parameters(recurse=False)
                if id(parameter) in by_tensor
            }
            if not slots:
                continue
            if class_name(module) not in RULES or not slots.keys() <= {"weight", "bias"}:
                slot = next(iter(slots.values()))
                raise UsageError(
                    f"no rule routes the gradient of {slot.name} in {class_name(module)}",
                    where="Router(model)",
                    mend="freeze it with requires_grad_(False)",
                )
            covered |= {slot.name for slot in slots.values()}
            sites.append(Site(name, module, slots, lambda: self._current))
        return sites

    @contextmanager
    def routed(self, weights: Tensor, *, norms: bool = False) -> Iterator[Microbatch]:
        """Route the forward and the backward pass of one microbatch.

        Args:
            weights: [B, blocks], each in [0, 1]; row i is the i-th row of the batch.
            norms: Measure each row's gradient, block by block, before its weight.

        Yields:
            The microbatch; its `norms()` after the backward pass.

        Raises:
            UsageError: The weights are not such, or another microbatch is being routed.
        """
        if self._current is not None:
            raise UsageError(
                "routed() inside of routed()", mend="end the microbatch before the next"
            )
        measured = [norms] * len(self.blocks)
        self._current = Microbatch(weights, self.blocks, self._device, measured)
        try:
            yield self._current
        finally:
            self._current = None

    def close(self) -> None:
        """Give the model back as it was. Gradients that are there stay."""
        for module in self._modules:
            del module.forward
        for hook in self._hooks:
            hook.remove()
        self._modules, self._hooks = [], []


def _routed_forward(site: Site) -> Callable[..., Any]:
    rule, plain = RULES[class_name(site.module)], site.module.forward

    def forward(value: Any) -> Any:
        microbatch = site.current()
        return plain(value) if microbatch is None else rule(site, microbatch, value)

    return forward


def _refusal(name: str) -> Callable[[Tensor | None], None]:
    def refuse(gradient: Tensor | None) -> None:
        # The rules return no gradient of their parameters to autograd.
        if gradient is not None:
            raise UsageError(
                f"{name} got a gradient outside of its rule",
                mend="run forward and backward inside of routed(), or close the router",
            )

    return refuse
