"""Exact gradient routing: each example moves each block of a model by the weight it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.train.routing.losses import per_example_mean_loss
    from provenir.train.routing.microbatch import Microbatch
    from provenir.train.routing.router import Router
    from provenir.train.routing.support import SUPPORT, check_support
    from provenir.train.routing.updates import block_norms, clip_blocks, still_blocks

__all__ = [
    "SUPPORT",
    "Microbatch",
    "Router",
    "block_norms",
    "check_support",
    "clip_blocks",
    "per_example_mean_loss",
    "still_blocks",
]

_EXPORTS: Final = {
    "SUPPORT": "provenir.train.routing.support",
    "Microbatch": "provenir.train.routing.microbatch",
    "Router": "provenir.train.routing.router",
    "block_norms": "provenir.train.routing.updates",
    "check_support": "provenir.train.routing.support",
    "clip_blocks": "provenir.train.routing.updates",
    "per_example_mean_loss": "provenir.train.routing.losses",
    "still_blocks": "provenir.train.routing.updates",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
