"""Observability of a training run.

`FlightRecorder` watches the metrics of each step under any framework's names; `HackingMonitor` and
`RewardHackingDetector` watch rollouts and their rewards. All return findings and never raise into
the training loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.observability.anomaly import Anomaly
    from provenir.observability.config import FlightRecorderConfig
    from provenir.observability.hacking import (
        HackingMonitor,
        HackingReport,
        HackingSignal,
        RewardHackingDetector,
    )
    from provenir.observability.metrics import RLStepMetrics, map_metrics
    from provenir.observability.recorder import FlightRecorder

_EXPORTS = {
    "Anomaly": "provenir.observability.anomaly",
    "FlightRecorder": "provenir.observability.recorder",
    "FlightRecorderConfig": "provenir.observability.config",
    "HackingMonitor": "provenir.observability.hacking",
    "HackingReport": "provenir.observability.hacking",
    "HackingSignal": "provenir.observability.hacking",
    "RLStepMetrics": "provenir.observability.metrics",
    "RewardHackingDetector": "provenir.observability.hacking",
    "map_metrics": "provenir.observability.metrics",
}

__all__ = [
    "Anomaly",
    "FlightRecorder",
    "FlightRecorderConfig",
    "HackingMonitor",
    "HackingReport",
    "HackingSignal",
    "RLStepMetrics",
    "RewardHackingDetector",
    "map_metrics",
]

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
