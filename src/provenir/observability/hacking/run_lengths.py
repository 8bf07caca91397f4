"""`RunLengths`: whether the texts of a run grow while what they earn does not.

Rollouts are taken in blocks of 64. The first four blocks after a warm-up of two are the baseline:
the median of the logarithm of the length, and the mean reward. From then on a one-sided CUSUM
(Page 1954) adds up by how many standard errors a block's median exceeds the baseline's. It alarms
when the sum passes its bound, the median length is one and a half times the baseline's in four
blocks in a row, and the mean reward of those blocks is not above the baseline's by a standard
error. One alarm is raised per episode.

It cannot tell padding from harder prompts: a curriculum that makes answers longer and rewards
smaller looks the same. Growth that earns more never alarms.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from statistics import fmean, median, pstdev
from typing import Final

from provenir.observability.hacking.signal import HackingSignal

__all__ = ["BLOCK", "RunLengths"]

BLOCK: Final = 64
"""Rollouts in a block."""

_WARM_UP: Final = 2
_BASELINE: Final = 4
_RECENT: Final = 4
_DRIFT: Final = 1.0
_BOUND: Final = 12.0
_LONGER: Final = 1.5
_OVER: Final = 1.2
_LEAST_ERROR: Final = 0.03
_MOST_REWARD: Final = 1e150
"""Of larger rewards the squares are no numbers; such a rollout is left out."""
_SE_OF_MEDIAN: Final = 1.2533  # of the mean's, for normal values


@dataclass(frozen=True, slots=True)
class _Block:
    length: float
    spread: float
    reward: float
    error: float


class RunLengths:
    """Watches the lengths of a run's texts in memory of a fixed size."""

    def __init__(self) -> None:
        self._lengths: list[float] = []
        self._rewards: list[float] = []
        self._seen = 0
        self._first: list[_Block] = []
        self._recent: deque[_Block] = deque(maxlen=_RECENT)
        self._sum = 0.0
        self._open = False

    def add(
        self, chars: int, reward: float | None, true: float | None = None
    ) -> list[HackingSignal]:
        """Take one rollout; return the alarm that its block raises, if any. Never raises.

        Args:
            chars: Length of its text.
            reward: What it earned in training; without any reward it is left out.
            true: The reward that was meant, which decides where it is known.
        """
        earned = reward if true is None else true
        if earned is None or not abs(earned) <= _MOST_REWARD or chars < 0:
            return []
        self._lengths.append(math.log(chars + 1))
        self._rewards.append(earned)
        if len(self._lengths) < BLOCK:
            return []
        block = _Block(
            length=median(self._lengths),
            spread=pstdev(self._lengths),
            reward=fmean(self._rewards),
            error=pstdev(self._rewards) / math.sqrt(BLOCK),
        )
        self._lengths.clear()
        self._rewards.clear()
        self._seen += 1
        return self._take(block)

    def _take(self, block: _Block) -> list[HackingSignal]:
        if self._seen <= _WARM_UP:
            return []
        if len(self._first) < _BASELINE:
            self._first.append(block)
            return []
        self._recent.append(block)
        base = fmean(first.length for first in self._first)
        error = max(
            _LEAST_ERROR,
            _SE_OF_MEDIAN * fmean(first.spread for first in self._first) / math.sqrt(BLOCK),
        )
        self._sum = max(0.0, self._sum + (block.length - base) / error - _DRIFT)
        ratio = math.exp(block.length - base)
        if self._open and ratio < _OVER:
            self._open, self._sum = False, 0.0
        if self._open or self._sum < _BOUND or not self._grown(base):
            return []
        self._open = True
        return [
            HackingSignal(
                kind="length_inflation",
                severity="warning",
                detail=(
                    f"the run's texts are {ratio:.1f} times as long as at its start "
                    f"and earn {self._recent[-1].reward:.4g}, not more"
                ),
                data={"ratio": ratio, "reward": block.reward, "rollouts": self._seen * BLOCK},
            )
        ]

    def _grown(self, base: float) -> bool:
        """Whether the last blocks are all longer and together earn no more."""
        if len(self._recent) < _RECENT:
            return False
        if any(block.length - base < math.log(_LONGER) for block in self._recent):
            return False
        before = fmean(first.reward for first in self._first)
        error = math.sqrt(fmean(first.error**2 for first in self._first) * 2 / _BASELINE)
        return fmean(block.reward for block in self._recent) - before <= error
