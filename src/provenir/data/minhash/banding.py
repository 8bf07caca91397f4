"""Which signatures to compare: those that agree in all rows of some band.

With b bands of r rows two signatures of Jaccard similarity J meet with probability
1 - (1 - J^r)^b (Broder et al. 1998; Leskovec, Rajaraman and Ullman, "Mining of massive datasets",
section 3.4). Every pair that meets is verified, so bands are chosen for recall alone.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from provenir.core.errors import UsageError
from provenir.data.minhash.kernels import SIZE

LEAST_RECALL: Final = 0.99
"""How probably a pair right at the threshold meets."""
LEAST_THRESHOLD: Final = 0.2
"""Below it nearly all rows would meet."""


def check_threshold(threshold: Any) -> float:
    """Return the threshold.

    Raises:
        UsageError: It is no number from `LEAST_THRESHOLD` to 1.
    """
    known = isinstance(threshold, (int, float)) and not isinstance(threshold, bool)
    if not known or not LEAST_THRESHOLD <= threshold <= 1:
        raise UsageError(
            f"the threshold {threshold!r} is no number from {LEAST_THRESHOLD} to 1",
            mend="0.8 finds rows that share most of their text",
        )
    return float(threshold)


def shape(threshold: float) -> tuple[int, int]:
    """The number of bands and the rows of each, for a threshold.

    The rows are as many as `LEAST_RECALL` allows; more of them mean fewer pairs to verify.
    """
    for rows in range(SIZE, 1, -1):
        bands = SIZE // rows
        if 1 - (1 - threshold**rows) ** bands >= LEAST_RECALL:
            return bands, rows
    return SIZE, 1


def margin(threshold: float) -> float:
    """How far an estimate may be from the truth: three standard errors at the threshold."""
    return 3 * math.sqrt(max(threshold * (1 - threshold), 1 / SIZE) / SIZE)


_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
_MORE: Final = np.uint64(0xBF58476D1CE4E5B9)


def band_keys(sketches: Any, rows: int, band: int) -> Any:
    """One key (uint64) a signature for a band: equal where all its rows are equal."""
    keys: Any = np.zeros(len(sketches), np.uint64)
    for row in range(rows * band, rows * (band + 1)):
        keys = (keys + sketches[:, row]) * _ODD
        keys = (keys ^ (keys >> np.uint64(29))) * _MORE
    return keys ^ (keys >> np.uint64(32))
