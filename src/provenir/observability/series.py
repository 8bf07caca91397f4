"""The course of one channel in bounded memory: buckets with minimum, maximum and last value.

While a run is short every value is a bucket of its own. When the buckets are full, neighbours are
joined in pairs and each new bucket takes twice as many values, so that no spike is ever lost.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Bucket = tuple[int, int, float, float, float]
"""First step, last step, minimum, maximum, last value."""


class Series:
    """Buckets of one channel, oldest first.

    Args:
        limit: Most buckets that are held, at least 2.
    """

    __slots__ = ("_filled", "_limit", "_width", "count", "final", "first", "high", "last", "low")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._width = 1
        self._filled = 1
        self.count = 0
        self.first = array("q")
        self.final = array("d")
        # While every bucket holds one value these stay empty: they would repeat the two above.
        self.last = array("q")
        self.low = array("d")
        self.high = array("d")

    def append(self, step: int, value: float) -> None:
        """Add one finite value."""
        self.count += 1
        if self.count <= self._limit:  # every bucket holds one value
            self.first.append(step)
            self.final.append(value)
            return
        if self._filled >= self._width and len(self.first) >= self._limit:
            self._join_pairs()
        if self._filled < self._width:
            self._filled += 1
            self.last[-1] = step
            self.final[-1] = value
            if value < self.low[-1]:
                self.low[-1] = value
            elif value > self.high[-1]:
                self.high[-1] = value
            return
        self._filled = 1
        self.first.append(step)
        self.final.append(value)
        if self._width > 1:
            self.last.append(step)
            self.low.append(value)
            self.high.append(value)

    def buckets(self) -> list[Bucket]:
        """Return the buckets, oldest first."""
        if self._width == 1:
            return list(
                zip(self.first, self.first, self.final, self.final, self.final, strict=True)
            )
        return list(zip(self.first, self.last, self.low, self.high, self.final, strict=True))

    def __len__(self) -> int:
        return len(self.first)

    def _join_pairs(self) -> None:
        if self._width == 1:
            self.last, self.low, self.high = self.first[:], self.final[:], self.final[:]
        odd = len(self.first) % 2
        self.low = _pairs(self.low, min)
        self.high = _pairs(self.high, max)
        self.first = self.first[::2]
        for name in ("last", "final"):
            part = getattr(self, name)
            joined = part[1::2]
            if odd:
                joined.append(part[-1])
            setattr(self, name, joined)
        # An odd bucket at the end is only half as wide as the others are now.
        self._filled = self._width if odd else 2 * self._width
        self._width *= 2


def _pairs(part: array[float], choose: Callable[[float, float], float]) -> array[float]:
    joined = array("d", map(choose, part[::2], part[1::2]))
    if len(part) % 2:
        joined.append(part[-1])
    return joined
