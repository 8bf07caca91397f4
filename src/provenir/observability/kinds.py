"""The kinds of anomalies: how each is found, after which source, and what it cannot show.

These sentences stand in reports and pages beside a verdict, so that a reader knows what a healthy
run is healthy in. False alarms and power of each kind are measured by
`benchmarks/observability/by_kind.py`, those of all together by `false_alarms.py` beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_CUSUM: Final = "CUSUM of a robust score (Page 1954; Johnson and Bagshaw 1974)"


@dataclass(frozen=True, slots=True)
class KindNote:
    """What a reader should know about one kind.

    Attributes:
        method: How it is found.
        source: Where the method or the fault is described.
        blind_spot: What it cannot see.
        measured: False alarms per 1,000 steps, pooled over white, AR(.5) and t4 noise and a slow
            trend at a scatter of 10%, with a 95% interval; share of planted faults found within ten
            steps in white and t4 noise: rise and fall are shifts by three standard deviations.
    """

    method: str
    source: str
    blind_spot: str
    measured: str


KIND_NOTES: Final[Mapping[str, KindNote]] = {
    "kl_blowup": KindNote(
        "bound; leap to 5 times the baseline; sustained rise",
        _CUSUM,
        "growth at a steady pace below the bound; a KL below 0.001",
        "0.008 [0.000, 0.048]; rise 0.98, t4 1.00; KL of 10: 1.00, t4 1.00",
    ),
    "kl_collapse": KindNote(
        "leap to 5% of the baseline; sustained fall",
        _CUSUM,
        "a run that never moved; a KL below 0.001",
        "0.025 [0.005, 0.074]; fall 0.99, t4 0.99; KL of 0: 1.00, t4 1.00",
    ),
    "kl_mismatch": KindNote(
        "bound; leap to 5 times the baseline; sustained rise",
        f"{_CUSUM}; Yao et al. 2025",
        "a mismatch that is there from the first step on",
        "0.008 [0.000, 0.048]; rise 0.98, t4 1.00; mismatch x 5: 1.00, t4 1.00",
    ),
    "entropy_collapse": KindNote(
        "bound; sudden or sustained fall; a fifth of the start",
        f"{_CUSUM}; arXiv:2505.22617",
        "why: a solved task and a collapse look alike; an entropy logged with its sign turned",
        "0.008 [0.000, 0.048]; fall 0.96, t4 0.98; entropy of 0: 1.00, t4 1.00",
    ),
    "entropy_explosion": KindNote(
        "leap to 2.5 times the baseline; sustained rise",
        _CUSUM,
        "a rise at a steady pace; an entropy that is high from the start",
        "0.008 [0.000, 0.048]; rise 0.96, t4 0.99; entropy x 2.5: 1.00, t4 1.00",
    ),
    "length_explosion": KindNote(
        "leap to 2.5 times the baseline; sustained rise",
        _CUSUM,
        "growth at a steady pace",
        "0.000 [0.000, 0.033]; rise 0.98, t4 0.99; length x 2.5: 1.00, t4 1.00",
    ),
    "truncation": KindNote(
        "95% cut off three steps in a row; leap to 3 times the baseline; sustained rise",
        f"{_CUSUM}; arXiv:2503.14476",
        "a share below the bound that is high from the start",
        "0.000 [0.000, 0.033]; rise 0.99, t4 1.00; 95% cut off: 1.00, t4 1.00",
    ),
    "advantage_collapse": KindNote(
        "zero spread; leap to 10% of the baseline; sustained fall",
        f"{_CUSUM}; arXiv:2503.14476",
        "single groups",
        "0.017 [0.002, 0.061]; fall 0.96, t4 0.98; advantages of 0: 1.00, t4 0.99",
    ),
    "zero_advantage_groups": KindNote(
        "95% of the groups three steps in a row; leap to 3 times the baseline; sustained rise",
        f"{_CUSUM}; arXiv:2503.14476",
        "which groups; a share below the bound that is high from the start",
        "0.000 [0.000, 0.033]; rise 0.99, t4 0.99; all groups equal: 1.00, t4 1.00",
    ),
    "reward_std_collapse": KindNote(
        "zero spread; leap to 10% of the baseline; sustained fall",
        f"{_CUSUM}; arXiv:2503.14476",
        "a spread that shrinks at a steady pace; a collapse that comes with a rise of the reward",
        "0.000 [0.000, 0.033]; fall 0.99, t4 1.00; all rewards equal: 1.00, t4 1.00",
    ),
    "reward_spike": KindNote(
        "leap in one step or two; sustained fall; sustained rise that came at once",
        _CUSUM,
        "a slow climb of an exploited reward; whether a jump is an exploit",
        "0.042 [0.013, 0.098]; rise 0.94, t4 0.99; fall 0.97, t4 1.00; reward of 1: 1.00, t4 1.00",
    ),
    "grad_explosion": KindNote(
        "bound; leap to 4 times the baseline; sustained rise; a positive loss at 3 times",
        _CUSUM,
        "what clipping hides, if the norm is logged after it",
        "0.008 [0.000, 0.048]; rise 0.98, t4 1.00; norm x 10: 1.00, t4 1.00",
    ),
    "clip_saturation": KindNote(
        "90% clipped three steps in a row; leap to 3 times the baseline; sustained rise",
        f"{_CUSUM}; arXiv:1707.06347",
        "a share below the bound that is high from the start",
        "0.025 [0.005, 0.074]; rise 0.97, t4 1.00; 90% clipped: 1.00, t4 1.00",
    ),
    "stall": KindNote(
        "zero gradient three steps in a row; channels bit-identical for five; 10 times the time",
        "exact rules",
        "slow learning; a run without noise from its first step on",
        "0.000 [0.000, 0.033]; gradient of 0: 1.00, t4 1.00; step time x 10: 1.00, t4 1.00; "
        "steps repeated: 1.00, t4 1.00",
    ),
    "nonfinite": KindNote(
        "NaN or infinity in a channel; the trainer's own count",
        "IEEE 754",
        "names without a channel",
        "0.000 [0.000, 0.033]; a NaN: 1.00, t4 1.00; a counted NaN: 1.00, t4 1.00",
    ),
    "lr_anomaly": KindNote(
        "below zero; zero without decay; a jump that is no warm-up and no new cycle",
        "exact rules",
        "a rate that is wrong from the start; a set-back by less than half",
        "0.000 [0.000, 0.033]; rate x 10: 1.00, t4 1.00; rate of 0: 1.00, t4 1.00",
    ),
}
"""Every kind of anomaly that the recorder can report."""

KINDS: Final[tuple[str, ...]] = tuple(KIND_NOTES)
