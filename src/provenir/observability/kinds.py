"""The kinds of anomalies: how each is found, after which source, and what it cannot show.

These sentences stand in reports and pages beside a verdict, so that a reader knows what a healthy
run is healthy in. False alarms and power of all kinds together are measured by
`benchmarks/observability/false_alarms.py`.
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
    """

    method: str
    source: str
    blind_spot: str


KIND_NOTES: Final[Mapping[str, KindNote]] = {
    "kl_blowup": KindNote(
        "bound; leap to 5 times the baseline; sustained rise",
        _CUSUM,
        "growth at a steady pace below the bound; a KL below 0.001",
    ),
    "kl_collapse": KindNote(
        "leap to 5% of the baseline; sustained fall",
        _CUSUM,
        "a run that never moved; a KL below 0.001",
    ),
    "kl_mismatch": KindNote(
        "bound; leap to 5 times the baseline; sustained rise",
        f"{_CUSUM}; Yao et al. 2025",
        "a mismatch that is there from the first step on",
    ),
    "entropy_collapse": KindNote(
        "bound; sudden or sustained fall; a fifth of the start",
        f"{_CUSUM}; arXiv:2505.22617",
        "why: a solved task and a collapse look alike",
    ),
    "entropy_explosion": KindNote(
        "leap to 2.5 times the baseline; sustained rise",
        _CUSUM,
        "a rise at a steady pace; an entropy that is high from the start",
    ),
    "length_explosion": KindNote(
        "leap to 2.5 times the baseline; sustained rise",
        _CUSUM,
        "growth at a steady pace",
    ),
    "truncation": KindNote(
        "95% cut off three steps in a row; leap to 3 times the baseline; sustained rise",
        f"{_CUSUM}; arXiv:2503.14476",
        "a share below the bound that is high from the start",
    ),
    "advantage_collapse": KindNote(
        "zero spread; leap to 10% of the baseline; sustained fall",
        f"{_CUSUM}; arXiv:2503.14476",
        "single groups",
    ),
    "zero_advantage_groups": KindNote(
        "95% of the groups three steps in a row; leap to 3 times the baseline; sustained rise",
        f"{_CUSUM}; arXiv:2503.14476",
        "which groups; a share below the bound that is high from the start",
    ),
    "reward_std_collapse": KindNote(
        "zero spread; leap to 10% of the baseline; sustained fall",
        f"{_CUSUM}; arXiv:2503.14476",
        "a spread that shrinks at a steady pace while the task is learnt",
    ),
    "reward_spike": KindNote(
        "leap in one step or two; sustained fall; sustained rise that came at once",
        _CUSUM,
        "a slow climb of an exploited reward; whether a jump is an exploit",
    ),
    "grad_explosion": KindNote(
        "bound; leap to 4 times the baseline; sustained rise; a positive loss at 3 times",
        _CUSUM,
        "what clipping hides, if the norm is logged after it",
    ),
    "clip_saturation": KindNote(
        "90% clipped three steps in a row; leap to 3 times the baseline; sustained rise",
        f"{_CUSUM}; arXiv:1707.06347",
        "a share below the bound that is high from the start",
    ),
    "stall": KindNote(
        "zero gradient three steps in a row; channels bit-identical for five; 10 times the time",
        "exact rules",
        "slow learning; a run without noise from its first step on",
    ),
    "nonfinite": KindNote(
        "NaN or infinity in a channel; the trainer's own count",
        "IEEE 754",
        "names without a channel",
    ),
    "lr_anomaly": KindNote(
        "below zero; zero without decay; a jump that is no warm-up and no new cycle",
        "exact rules",
        "a rate that is wrong from the start; a set-back by less than half",
    ),
}
"""Every kind of anomaly that the recorder can report."""

KINDS: Final[tuple[str, ...]] = tuple(KIND_NOTES)
