"""The value axis of a chart: where it begins and ends, and which values are written at it.

On a logarithmic axis the powers of ten are the landmarks, so that they come first: each of them is
written, or every second or third over many decades; over fewer than three decades 2 and 5 stand
between them. A grid line belongs to a written value, and the axis ends where the data do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

_ROOM: Final = 0.03
"""Share of the axis that stays free at either end."""

_FEW: Final = 3
_MANY: Final = 6
_FARTHEST: Final = 307.0
"""Largest power of ten that a double holds on either side of 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAxis:
    """A logarithmic axis.

    Attributes:
        domain: Its lower and upper end.
        ticks: The values that are written at it.
    """

    domain: tuple[float, float]
    ticks: tuple[float, ...]

    @property
    def scale(self) -> dict[str, Any]:
        """The Vega-Lite scale."""
        return {"type": "log", "domain": list(self.domain), "nice": False}


def log_axis(low: float, high: float) -> LogAxis:
    """Lay a logarithmic axis around positive values from ``low`` to ``high``."""
    bottom, top = math.log10(low), math.log10(high)
    room = min(max(_ROOM * (top - bottom), _ROOM), 1.0)
    bottom, top = max(bottom - room, -_FARTHEST), min(top + room, _FARTHEST)
    decades = range(math.ceil(bottom), math.floor(top) + 1)
    if len(decades) < _FEW:
        ticks = _between(bottom, top)
    else:
        stride = -(-len(decades) // _MANY)
        ticks = [10.0**power for power in decades if power % stride == 0]
    return LogAxis(domain=(10.0**bottom, 10.0**top), ticks=tuple(ticks))


def _between(bottom: float, top: float) -> list[float]:
    powers = range(math.floor(bottom), math.floor(top) + 1)
    # Dividing by a whole power keeps 0.2 what it is; 2 * 10**-1 is the same, 5 * 10**-3 is not.
    found = [
        leading / 10.0**-power if power < 0 else leading * 10.0**power
        for power in powers
        for leading in (1.0, 2.0, 5.0)
    ]
    return [value for value in found if bottom <= math.log10(value) <= top]
