"""Detectors of the flight recorder.

Pure functions that judge one value against its baseline, and small sensors that judge whole steps;
one module per group of faults, filled into the tables in `registry`.
"""

from __future__ import annotations

from provenir.observability.detectors.registry import STEP_WATCHES, WATCHES, Watch
from provenir.observability.kinds import KINDS

__all__ = ["KINDS", "STEP_WATCHES", "WATCHES", "Watch"]
