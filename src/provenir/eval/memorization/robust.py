"""Median and median absolute deviation of a sample that changes one value at a time."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Final

__all__ = ["CONSISTENCY", "ChangingSample"]

CONSISTENCY: Final = 1.4826
"""Times this the median absolute deviation estimates a normal sample's standard deviation
(Rousseeuw and Croux 1993, *Alternatives to the median absolute deviation*)."""


class ChangingSample:
    """A sorted sample; adding, removing and asking cost no pass over it.

    The deviations from the median are two sorted runs, those below it and those above it, so their
    median is found by bisection. A sample of an even size has its lower middle value as median: it
    stays one of the values, and the two halves stay exact.
    """

    def __init__(self) -> None:
        self._values: list[float] = []

    def __len__(self) -> int:
        return len(self._values)

    def add(self, value: float) -> None:
        """Take a value; it must not be NaN."""
        insort(self._values, value)

    def remove(self, value: float) -> None:
        """Give back a value that was added; exactly that one.

        Raises:
            ValueError: It is not there.
        """
        place = bisect_left(self._values, value)
        if place == len(self._values) or self._values[place] != value:
            raise ValueError("the value is not in the sample")
        del self._values[place]

    def median(self) -> float:
        """The lower median.

        Raises:
            ValueError: The sample is empty.
        """
        if not self._values:
            raise ValueError("an empty sample has no median")
        return self._values[(len(self._values) - 1) // 2]

    def deviation(self) -> float:
        """The lower median of the distances from `median`.

        Raises:
            ValueError: The sample is empty.
        """
        middle = self.median()
        values, below = self._values, (len(self._values) - 1) // 2 + 1
        wanted = (len(values) - 1) // 2 + 1  # so many distances are no larger than the answer
        least, most = max(0, wanted - (len(values) - below)), min(below, wanted)
        while least < most:  # how many of the wanted ones lie at or below the median
            taken = (least + most) // 2
            nearest_left_out = middle - values[below - 1 - taken]
            farthest_taken = values[below + wanted - taken - 1] - middle
            if nearest_left_out < farthest_taken:
                least = taken + 1
            else:
                most = taken
        left = middle - values[below - least] if least else 0.0
        right = values[below + wanted - least - 1] - middle if wanted > least else 0.0
        return max(left, right)

    def z(self, value: float, *, floor: float) -> float:
        """How many robust standard deviations a value lies above the median.

        Args:
            value: The value, of the sample or not.
            floor: The least standard deviation, for samples whose values nearly all agree.
        """
        return (value - self.median()) / max(CONSISTENCY * self.deviation(), floor)
