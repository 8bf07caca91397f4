"""Reward hacking seen from rollouts.

`RewardHackingDetector` judges one rollout, group or batch, `HackingMonitor` a whole run in bounded
memory, and `HackingReport` says what was found, what was examined and what was not.
"""

from __future__ import annotations

from provenir.observability.hacking.detector import RewardHackingDetector
from provenir.observability.hacking.monitor import HackingMonitor
from provenir.observability.hacking.report import HackingReport
from provenir.observability.hacking.signal import HACKING_KINDS, HackingSignal

__all__ = [
    "HACKING_KINDS",
    "HackingMonitor",
    "HackingReport",
    "HackingSignal",
    "RewardHackingDetector",
]
