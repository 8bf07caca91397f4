"""What a detector says about one step, and the tests that several detectors share."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from provenir.observability.detectors.baseline import HOLD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.core.findings import Severity
    from provenir.observability.config import FlightRecorderConfig
    from provenir.observability.detectors.baseline import Baseline


class Hit(NamedTuple):
    """A detector's condition holds at this step.

    Attributes:
        severity: How bad it is taken by itself.
        detail: One sentence with the numbers.
        growing: Severity after that many hits in one episode, shortest first.
    """

    severity: Severity
    detail: str
    growing: tuple[tuple[int, Severity], ...] = ()


@dataclass(slots=True)
class Observation:
    """What a detector may look at: one value, its baseline, and the step that it came with.

    One of these serves a channel for the whole run; detectors read it and keep nothing.
    """

    channel: str
    baseline: Baseline
    config: FlightRecorderConfig
    value: float = 0.0
    step: Mapping[str, float] = field(default_factory=dict)


def leapt_up(seen: Observation, ratio: float) -> bool:
    """Tell whether the value lies above its baseline by far, in scatter and as a multiple."""
    baseline = seen.baseline
    least = seen.config.log_leap if baseline.log else seen.config.leap
    return baseline.score >= least and _times(baseline) >= ratio


def shifted_up(seen: Observation, ratio: float) -> bool:
    """Tell whether the values have moved up for several steps, and by a multiple that matters.

    During an episode it is enough that the value has not come back.
    """
    baseline = seen.baseline
    if baseline.held:
        return baseline.score >= HOLD
    return (
        baseline.rise >= seen.config.threshold
        and baseline.score > seen.config.slack
        and _times(baseline) >= ratio
    )


def grew(seen: Observation, *, leap: float, huge: float, shift: float) -> Hit | None:
    """Judge for a leap to a multiple of the baseline, or a sustained rise to one.

    Args:
        seen: The value and its baseline.
        leap: Multiple of the baseline from which one value is a leap.
        huge: Multiple from which the leap is critical.
        shift: Multiple from which a sustained rise counts.
    """
    if seen.baseline.score < HOLD:
        return None
    if leapt_up(seen, leap):
        severity: Severity = "critical" if leapt_up(seen, huge) else "warning"
        return Hit(severity, f"{against_baseline(seen)}: a leap")
    if shifted_up(seen, shift):
        return Hit("warning", f"{against_baseline(seen)}: a sustained rise")
    return None


def leapt_down(seen: Observation, ratio: float) -> bool:
    """Tell whether the value lies below its baseline by far, in scatter and as a share of it.

    A quantity that cannot be negative has little room below: half the distance is enough when the
    value before lay as low.
    """
    baseline = seen.baseline
    least = -seen.config.leap
    far = baseline.score <= least or max(baseline.score, baseline.before) <= least / 2
    return far and seen.value <= ratio * baseline.location


def shifted_down(seen: Observation, ratio: float) -> bool:
    """Tell whether the values have moved down for several steps, and by a share that matters."""
    baseline = seen.baseline
    if baseline.held:
        return baseline.score <= -HOLD
    return (
        baseline.fall >= seen.config.threshold
        and baseline.score < -seen.config.slack
        and seen.value <= ratio * baseline.location
    )


def against_baseline(seen: Observation) -> str:
    """Say a value beside its baseline."""
    return f"{seen.channel} is {seen.value:.4g}, its baseline {seen.baseline.typical:.4g}"


def _times(baseline: Baseline) -> float:
    """How many times its typical value a logarithmic channel shows."""
    return math.exp(min(baseline.score * baseline.scale, 700.0))
