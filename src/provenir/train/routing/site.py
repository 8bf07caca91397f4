"""A module with trained parameters, while its gradients are routed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from provenir.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from provenir.train.routing.microbatch import Microbatch
    from provenir.train.routing.slots import Slot

__all__ = ["Rule", "Site"]


class Site:
    """A module with trained parameters, under its rule.

    Args:
        name: The module's name in the model.
        module: The module.
        slots: Its trained parameters, by attribute.
        rule: What it computes while routed.
        current: Returns the microbatch that is being routed; None outside of one.
    """

    def __init__(
        self,
        name: str,
        module: Any,
        slots: Mapping[str, Slot],
        rule: Rule,
        current: Callable[[], Microbatch | None],
    ) -> None:
        self.name = name
        self.module = module
        self.weight = slots.get("weight")
        self.bias = slots.get("bias")
        self._current = current
        self._rule = rule
        self._plain = module.forward

    def open(self) -> None:
        """Put the rule in the place of the module's forward."""
        self.module.forward = self._forward

    def close(self) -> None:
        """Give the module its forward back."""
        del self.module.forward

    def _forward(self, value: Any) -> Any:
        microbatch = self._current()
        return self._plain(value) if microbatch is None else self._rule(self, microbatch, value)

    def needs_input(self, microbatch: Microbatch) -> bool:
        """Whether the gradient of the weight will be taken, so that the input must be kept."""
        return self.weight is not None and (
            microbatch.measured[self.weight.block]
            or not microbatch.columns[self.weight.block].still
        )

    def begin_backward(self, microbatch: Microbatch) -> None:
        """Check that the backward pass is the one of the microbatch.

        Raises:
            UsageError: It runs outside of `routed`, or a second time.
        """
        if self._current() is not microbatch:
            raise UsageError(
                f"the backward pass of {self.name} ran outside of its routed()",
                mend="call backward() before the with block ends",
            )
        microbatch.use(self.name)


Rule: TypeAlias = "Callable[[Site, Microbatch, Any], Any]"
