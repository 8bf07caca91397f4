"""Whether a change came at once or gradually: the better of two least-squares fits."""

from __future__ import annotations

_FEWEST_AFTER = 3


def is_step(away: list[float], scale: float, *, doubt: float) -> bool:
    """Tell a step from a ramp.

    Both fits are level until some value of the list and leave it there, the one for another level,
    the other on a straight line.

    Args:
        away: Distances of the newest values from the level before, some from before the change.
        scale: Standard deviation of a value.
        doubt: Squared standard deviations by which the step must fit better.
    """
    best_step = best_ramp = float("inf")
    before = 0.0
    for place in range(len(away) - _FEWEST_AFTER + 1):
        after = away[place:]
        count = len(after)
        square = sum(value * value for value in after)
        total = sum(after)
        moment = sum((row + 1) * value for row, value in enumerate(after))
        squares = count * (count + 1) * (2 * count + 1) / 6
        best_step = min(best_step, before + square - total * total / count)
        best_ramp = min(best_ramp, before + square - moment * moment / squares)
        before += away[place] * away[place]
    return best_step + doubt * scale * scale <= best_ramp
