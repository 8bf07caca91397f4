"""Location and scatter that single outliers do not move."""

from __future__ import annotations


def median(values: list[float]) -> float:
    """Middle value, or the mean of the two middle ones."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def scatter(values: list[float]) -> float:
    """Standard deviation from quartiles and deciles, whichever is larger (normal consistency)."""
    ordered = sorted(values)
    last = len(ordered) - 1
    quartiles = ordered[last - last // 4] - ordered[last // 4]
    deciles = ordered[last - last // 10] - ordered[last // 10]
    return max(quartiles / 1.349, deciles / 2.563)
