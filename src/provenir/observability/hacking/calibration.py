"""How often a signal was a hack, where that was measured.

An entry is the share of hacks among the rollouts of a named, labelled set that carried the signal.
It speaks of that set and of no other mixture of rollouts: where hacks are rarer than there, the
share is lower. What was not measured has no entry, and its signals carry no confidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from provenir.core.spans import Span

__all__ = ["CALIBRATION", "Calibrated", "calibrated"]


class Calibrated(NamedTuple):
    """A measured confidence, 0 to 1, and the set that it was measured on."""

    confidence: float
    set_name: str


CALIBRATION: Final[Mapping[tuple[str, str | None], Calibrated]] = {}
"""By kind and rule; the rule None stands for every rule of the kind without an entry of its own."""


def calibrated(
    kind: str,
    spans: Iterable[Span],
    table: Mapping[tuple[str, str | None], Calibrated] = CALIBRATION,
) -> Calibrated | None:
    """Return the best known confidence of a signal, None where nothing was measured.

    Args:
        kind: Its kind.
        spans: Where it was seen; their rules are looked up before the kind alone.
        table: What was measured.
    """
    found = [entry for span in spans if (entry := table.get((kind, span.rule))) is not None]
    return max(found, default=table.get((kind, None)))
