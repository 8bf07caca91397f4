"""What the flight recorder watches for, and how strictly.

The defaults suit reinforcement learning with KL and entropy averaged per token. A trainer that sums
KL over the sequence, such as TRL's PPO, needs a larger `kl_max`.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from provenir.core.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightRecorderConfig:
    """Bounds and sensitivity of the flight recorder.

    Attributes:
        kl_max: KL at which every run is in trouble, nats per token.
        entropy_min: Entropy at which sampling is deterministic, nats per token.
        zero_std: Standard deviations up to here count as zero.
        reward_resolution: Reward differences of this size are taken for noise in any run.
        window: Past values that make a channel's baseline.
        lag: Most recent values that are kept out of the baseline, so that a fault does not hide
            itself.
        warmup: Values before the test for sustained shifts begins.
        slack: Shift, in robust standard deviations, that the sustained test ignores.
        threshold: Accumulated excess over `slack` at which the sustained test fires.
        leap: Distance, in robust standard deviations, that is an event in a single step.
        log_leap: The same for channels that are judged by their logarithm.
        recover_after: Steps without the condition that end an episode.
        max_buckets: Buckets of a channel's recorded course.
        max_anomalies: Episodes that are kept; later ones are only counted.
    """

    kl_max: float = 10.0
    entropy_min: float = 0.005
    zero_std: float = 1e-6
    reward_resolution: float = 0.03
    window: int = 64
    lag: int = 8
    warmup: int = 24
    slack: float = 1.5
    threshold: float = 13.0
    leap: float = 10.0
    log_leap: float = 5.0
    recover_after: int = 5
    max_buckets: int = 2_000
    max_anomalies: int = 1_000

    def __post_init__(self) -> None:
        """Refuse bounds that could never or would always fire.

        Raises:
            UsageError: naming the field and the values that it takes.
        """
        for name in ("kl_max", "reward_resolution", "slack", "threshold", "leap", "log_leap"):
            value = getattr(self, name)
            if not _is_number(value) or value <= 0:
                raise UsageError(f"{name}={value!r}", mend="give a number greater than 0")
        for name in ("entropy_min", "zero_std"):
            value = getattr(self, name)
            if not _is_number(value) or value < 0:
                raise UsageError(f"{name}={value!r}", mend="give a number, 0 or greater")
        for name, least, most in _INTEGERS:
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise UsageError(f"{name}={value!r}", mend=f"give an integer, {least} to {most}")
        if self.warmup > self.window:
            raise UsageError(
                f"warmup={self.warmup} is longer than window={self.window}",
                mend="give a warmup of at most the window",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)


_INTEGERS = (
    ("window", 16, 4_096),
    ("lag", 0, 1_024),
    ("warmup", 8, 4_096),
    ("recover_after", 1, 10_000),
    ("max_buckets", 2, 2_000),
    ("max_anomalies", 1, 100_000),
)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
