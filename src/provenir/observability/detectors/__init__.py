"""Detectors of the flight recorder.

Pure functions that judge one value against its baseline, one module per group of faults, filled
into the table in `registry`.
"""

from __future__ import annotations

from provenir.observability.detectors.registry import KINDS, WATCHES, Watch

__all__ = ["KINDS", "WATCHES", "Watch"]
