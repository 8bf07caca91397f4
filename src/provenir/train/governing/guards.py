"""What is watched of the gradients of a governed training: spikes and starved blocks."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import TYPE_CHECKING, Any

from provenir.core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from provenir.train.governing.settings import SpikePolicy, StarvationPolicy

__all__ = ["SpikeGuard", "StarvationGuard"]


class SpikeGuard:
    """Tells a gradient that is out of all proportion to those of the steps before.

    Args:
        policy: When that is.
    """

    def __init__(self, policy: SpikePolicy) -> None:
        self.policy = policy
        self._norms: deque[float] = deque(maxlen=policy.window)

    def is_spike(self, norm: float) -> bool:
        """Judge the norm of a step's gradient, before clipping; a spike is not remembered."""
        if len(self._norms) == self.policy.window:
            usual = median(self._norms)
            if usual > 0 and norm > self.policy.ratio * usual:
                return True
        self._norms.append(norm)
        return False

    def state(self) -> list[float]:
        """The norms that are remembered; `restore` takes them back."""
        return list(self._norms)

    def restore(self, state: Sequence[float]) -> None:
        """Go on from a `state`."""
        self._norms.clear()
        self._norms.extend(state)


class StarvationGuard:
    """Tells trained blocks which the weights let nearly nothing reach.

    A block's share is what the rows' weights let through of what the rows sent to it, each row
    counting by the norm of its gradient there where that is measured, else by 1.

    Args:
        policy: From which share on a block counts as starved.
        blocks: The trained blocks.
    """

    def __init__(self, policy: StarvationPolicy, blocks: Sequence[str]) -> None:
        self.policy = policy
        self._watched = [block for block in blocks if block not in policy.frozen]
        self._steps: deque[dict[str, tuple[float, float]]] = deque(maxlen=policy.window)
        self._told: set[str] = set()

    def take(self, step: int, sent: Mapping[str, tuple[float, float]]) -> list[Finding]:
        """Take a step; return findings about blocks that are starved from now on.

        Args:
            step: The step.
            sent: Block to what was let through and what was sent.
        """
        self._steps.append({b: sent[b] for b in self._watched if b in sent})
        if len(self._steps) < self.policy.window:
            return []
        shares = {block: self.share(block) for block in self._watched}
        starved = {b: s for b, s in shares.items() if s is not None and s < self.policy.share}
        fresh = [block for block in starved if block not in self._told]
        self._told = set(starved)
        return [self._finding(step, block, starved[block]) for block in fresh]

    def share(self, block: str) -> float | None:
        """What was let through to a block in the window, 0 to 1; None where nothing was sent."""
        pairs = [step[block] for step in self._steps if block in step]
        sent = sum(pair[1] for pair in pairs)
        return sum(pair[0] for pair in pairs) / sent if sent > 0 else None

    def _finding(self, step: int, block: str, share: float) -> Finding:
        return Finding(
            kind="starved_block",
            severity="warning",
            detail=f"the weights let {100 * share:.2g}% of the gradient reach {block} in the last"
            f" {self.policy.window} steps",
            subject=block,
            data={"step": step, "share": share, "window": self.policy.window},
        )

    def state(self) -> dict[str, Any]:
        """All that a resumed training needs, as JSON values; `restore` takes it back."""
        steps = [{block: list(pair) for block, pair in step.items()} for step in self._steps]
        return {"steps": steps, "told": sorted(self._told)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self._steps.clear()
        for step in state["steps"]:
            self._steps.append({block: (pair[0], pair[1]) for block, pair in step.items()})
        self._told = set(state["told"])
