"""Memorization: what a model keeps of single training contents, and how to tell it cheaply.

`MemorizationMonitor` watches the losses of a training that goes on; `ProbeSet` plants strings whose
exposure is an absolute measure; `prefix_extraction` tells whether a text comes out of the model by
its beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.eval.memorization.extraction import Extraction, prefix_extraction
    from provenir.eval.memorization.monitor import Flag, MemorizationMonitor, MemorizationPolicy
    from provenir.eval.memorization.probes import ProbeSet, exposure, probe_report

__all__ = [
    "Extraction",
    "Flag",
    "MemorizationMonitor",
    "MemorizationPolicy",
    "ProbeSet",
    "exposure",
    "prefix_extraction",
    "probe_report",
]

_EXPORTS = {
    "Extraction": "provenir.eval.memorization.extraction",
    "Flag": "provenir.eval.memorization.monitor",
    "MemorizationMonitor": "provenir.eval.memorization.monitor",
    "MemorizationPolicy": "provenir.eval.memorization.monitor",
    "ProbeSet": "provenir.eval.memorization.probes",
    "exposure": "provenir.eval.memorization.probes",
    "prefix_extraction": "provenir.eval.memorization.extraction",
    "probe_report": "provenir.eval.memorization.probes",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
