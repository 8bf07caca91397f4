"""Which channel a training framework's metric name belongs to.

Frameworks name the same quantity differently and different quantities alike; `kl` alone has three
meanings, which stay apart here: against the reference model (`kl`), against the actor that made the
rollouts (`kl_old`), and of the trainer against the inference engine (`kl_mismatch`).

The names are in `framework_names`, those without a channel in `kept_names`. When one step carries
several names of one channel, the name that stands first in `NAMES` wins, then the order of
`CHANNEL_PATTERNS`, then the alphabet; a name whose value is None counts as absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from provenir.observability.framework_names import CHANNEL_PATTERNS, EVALUATION, NAMES, STEP
from provenir.observability.kept_names import KEPT, KEPT_PATTERNS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EVALUATION", "EXACT", "NAMES", "SEEN", "STEP", "Target", "channel_of", "lookup"]


class Target(NamedTuple):
    """Where a name leads: a channel, or None for a known name without one; lower rank wins."""

    channel: str | None
    rank: int


_PREFIX: Final = "train/"
_CACHE_SIZE: Final = 4096
_MAX_NAME: Final = 256


def _exact_targets() -> dict[str, Target]:
    targets: dict[str, Target] = {}
    for names in NAMES.values():
        for name, channel in names.items():
            targets.setdefault(name, Target(channel, len(targets)))
    for kept in KEPT.values():
        for name in kept:
            targets.setdefault(name, Target(None, len(targets)))
    return targets


EXACT: Final[Mapping[str, Target]] = _exact_targets()
SEEN: Final[dict[str, Target | None]] = dict(EXACT)
"""Exact names and, in bounded number, other names that were looked up before."""


def lookup(name: str) -> Target | None:
    """Return where a metric name leads, or None for a name that no framework is known to use.

    A leading ``train/``, which Weights & Biases and TensorBoard put before the names of a
    `transformers` trainer, is looked through.
    """
    try:
        return SEEN[name]
    except KeyError:
        target = _search(name)
        # A longer name is known by its length alone, and keeping it would cost that much memory.
        if len(name) <= _MAX_NAME and len(SEEN) < len(EXACT) + _CACHE_SIZE:
            SEEN[name] = target
        return target


def channel_of(name: str) -> str | None:
    """Return the channel of a metric name, None when it has none (`lookup` tells why)."""
    target = lookup(name)
    return target.channel if target else None


def _search(name: str) -> Target | None:
    if len(name) > _MAX_NAME:
        return None
    bare = name.removeprefix(_PREFIX)
    if bare in EXACT:
        return EXACT[bare]
    if EVALUATION.fullmatch(bare):
        return Target(None, len(EXACT))
    for place, (pattern, channel) in enumerate(CHANNEL_PATTERNS):
        if pattern.fullmatch(bare):
            return Target(channel, len(EXACT) + place)
    kept = any(pattern.fullmatch(bare) for pattern, _ in KEPT_PATTERNS)
    return Target(None, len(EXACT)) if kept else None
