"""What meets a trainer: a callback and a reward wrapper that feed a tracked run, and determinism.

Nothing here trains. TRL, or whatever loop the user has, does; this room listens to it and sets the
process up so that it can be repeated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.train.callback import TrackingCallback
    from provenir.train.determinism import AppliedDeterminism, apply_determinism
    from provenir.train.reward import tracked_reward

__all__ = ["AppliedDeterminism", "TrackingCallback", "apply_determinism", "tracked_reward"]

_EXPORTS: Final = {
    "AppliedDeterminism": "provenir.train.determinism",
    "TrackingCallback": "provenir.train.callback",
    "apply_determinism": "provenir.train.determinism",
    "tracked_reward": "provenir.train.reward",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
