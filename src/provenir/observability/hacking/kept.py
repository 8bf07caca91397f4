"""The signals of a run that are kept, and the counts of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provenir.observability.hacking.signal import HackingSignal


class KeptSignals:
    """Signals up to a limit, and counts by kind without one.

    Args:
        limit: How many about rollouts, and how many about groups. The first of each kind and grade
            is kept beyond it, so that no kind is counted without an example.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.counts: dict[str, int] = {}
        self._about_rollouts: list[HackingSignal] = []
        self._about_groups: list[HackingSignal] = []
        self._known: set[tuple[str, str, bool]] = set()

    def keep_all(self, signals: Iterable[HackingSignal]) -> None:
        """Count signals, and keep them as far as there is room."""
        for signal in signals:
            self.counts[signal.kind] = self.counts.get(signal.kind, 0) + 1
            kept = self._about_groups if signal.index is None else self._about_rollouts
            sort = (signal.kind, signal.severity, signal.confirmed)
            if len(kept) < self.limit or sort not in self._known:
                kept.append(signal)
                self._known.add(sort)

    def copy(self) -> KeptSignals:
        """Return an independent copy."""
        copied = KeptSignals(self.limit)
        copied.counts = dict(self.counts)
        copied._about_rollouts = list(self._about_rollouts)
        copied._about_groups = list(self._about_groups)
        copied._known = set(self._known)
        return copied

    @property
    def signals(self) -> tuple[HackingSignal, ...]:
        """Those that were kept: about rollouts first, then about groups."""
        return (*self._about_rollouts, *self._about_groups)

    @property
    def dropped(self) -> int:
        """How many were counted and not kept."""
        return sum(self.counts.values()) - len(self._about_rollouts) - len(self._about_groups)
