"""`length_explosion`: responses grow much longer within a few steps.

A leap to several times the baseline, or a sustained rise by CUSUM. Growth at a steady pace, as when
a model learns to reason, is part of the baseline and is not reported.

False alarms and power as measured: `measured` in `observability.kinds`.
"""

from __future__ import annotations

from provenir.observability.detectors.hit import Hit, Observation, grew


def length_explosion(seen: Observation) -> Hit | None:
    """Judge the mean response length for being too large."""
    return grew(seen, leap=2.5, huge=5.0)
