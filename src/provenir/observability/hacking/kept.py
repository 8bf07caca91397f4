"""The signals of a run that are kept, and the counts of all of them.

Where there is no room for all, what weighs more is kept: a confirmed signal before a suspicion, the
severer before the milder, and of equals those of a kind of which fewer are kept. So a loop that is
flagged in every rollout leaves room for the one that was caught cheating later on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.core.findings import severity_rank

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provenir.observability.hacking.signal import HackingSignal

_Weight = tuple[bool, int]
_Sort = tuple[_Weight, str]


class KeptSignals:
    """Signals up to a limit, and counts by kind without one.

    Args:
        limit: How many about rollouts, and how many about groups. The first of each kind and grade
            is kept beyond it, so that no kind is counted without an example.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.counts: dict[str, int] = {}
        self._about_rollouts = _Shelf(limit)
        self._about_groups = _Shelf(limit)

    def keep_all(self, signals: Iterable[HackingSignal]) -> None:
        """Count signals, and keep them as far as there is room."""
        for signal in signals:
            self.counts[signal.kind] = self.counts.get(signal.kind, 0) + 1
            shelf = self._about_groups if signal.index is None else self._about_rollouts
            shelf.put(signal)

    def copy(self) -> KeptSignals:
        """Return an independent copy."""
        copied = KeptSignals(self.limit)
        copied.counts = dict(self.counts)
        copied._about_rollouts = self._about_rollouts.copy()
        copied._about_groups = self._about_groups.copy()
        return copied

    @property
    def signals(self) -> tuple[HackingSignal, ...]:
        """Those that were kept: about rollouts first, then about groups, each as they came."""
        return (*self._about_rollouts.signals, *self._about_groups.signals)

    @property
    def dropped(self) -> int:
        """How many were counted and not kept."""
        return sum(self.counts.values()) - self._about_rollouts.size - self._about_groups.size


class _Shelf:
    """Signals by kind and weight, each with its place among all that came."""

    def __init__(self, limit: int) -> None:
        self.size = 0
        self._limit = limit
        self._came = 0
        self._sorts: dict[_Sort, list[tuple[int, HackingSignal]]] = {}

    def put(self, signal: HackingSignal) -> None:
        sort = ((signal.confirmed, severity_rank(signal.severity)), signal.kind)
        self._came += 1
        alike = self._sorts.get(sort)
        if alike is None:
            alike = self._sorts[sort] = []
        elif self.size >= self._limit and not self._makes_room(sort):
            return
        alike.append((self._came, signal))
        self.size += 1

    def copy(self) -> _Shelf:
        copied = _Shelf(self._limit)
        copied.size, copied._came = self.size, self._came
        copied._sorts = {sort: list(alike) for sort, alike in self._sorts.items()}
        return copied

    @property
    def signals(self) -> list[HackingSignal]:
        placed = sorted(
            (entry for alike in self._sorts.values() for entry in alike), key=lambda entry: entry[0]
        )
        return [signal for _, signal in placed]

    def _makes_room(self, sort: _Sort) -> bool:
        """Whether something gave way that weighs less, or of which there is more than enough."""
        spare = [known for known, alike in self._sorts.items() if len(alike) > 1]
        if not spare:
            return False
        least = min(spare, key=lambda known: (known[0], -len(self._sorts[known])))
        is_lighter = least[0] < sort[0]
        has_more = len(self._sorts[least]) > len(self._sorts[sort]) + 1
        if not (is_lighter or (least[0] == sort[0] and has_more)):
            return False
        self._sorts[least].pop()
        self.size -= 1
        return True
