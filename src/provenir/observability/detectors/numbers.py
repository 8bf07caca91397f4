"""`nonfinite`: NaN or infinity in a channel, or counted by the trainer itself.

Certain and immediate; there is nothing to tune. A missing value is not a non-finite one.

False alarms and power as measured: `measured` in `observability.kinds`.
"""

from __future__ import annotations

from typing import Final

from provenir.observability.detectors.hit import Hit, Observation

SECONDARY: Final = frozenset(
    {
        "reward_std",
        "chosen_reward",
        "rejected_reward",
        "reward_margin",
        "preference_accuracy",
        "chosen_logp",
        "rejected_logp",
        "token_accuracy",
        "true_reward_mean",
        "importance_ratio_mean",
        "importance_ratio_min",
        "importance_ratio_max",
        "step_time",
        "num_tokens",
        "epoch",
    }
)
"""Channels that trainers also leave undefined for harmless reasons, such as an empty half batch."""


def nonfinite(channel: str, spelled: str) -> Hit:
    """Judge a value that is NaN or infinite."""
    return Hit("warning" if channel in SECONDARY else "critical", f"{channel} is {spelled}")


def counted_nonfinite(seen: Observation) -> Hit | None:
    """Judge the trainer's own count of values that are not finite."""
    if seen.value <= 0:
        return None
    return Hit("critical", f"the trainer counted {seen.value:g} values that are not finite")
