"""What a detector says about one step, and the tests that several detectors share.

What fires is decided by statistics alone, so that the false alarms of a channel do not depend on
its level. How much a shift matters decides its severity: below `material` (5%) of the baseline, or
below a detector's own least amount, it is information.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from provenir.core.findings import severity_rank
from provenir.observability.detectors.baseline import HOLD
from provenir.observability.detectors.change import is_step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from provenir.core.findings import Severity
    from provenir.observability.config import FlightRecorderConfig
    from provenir.observability.detectors.baseline import Baseline

_NEWEST: Final = 3
_NEAR: Final = 1.5
_APART: Final = 6.0
_LATEST: Final = 12
_MARGIN: Final = 3


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

    def at_most(self, most: Severity) -> Hit:
        """The same hit, not more severe than that."""
        grown = tuple((after, min(found, most, key=severity_rank)) for after, found in self.growing)
        return Hit(min(self.severity, most, key=severity_rank), self.detail, grown)


@dataclass(slots=True)
class Observation:
    """What a detector may look at: one value, its baseline, and the step that it came with.

    One of these serves a channel for the whole run; detectors read it and keep nothing.

    Attributes:
        channel: Where the value comes from.
        baseline: The channel's own.
        config: The recorder's settings.
        rewards: The newest mean rewards of the run, oldest first.
        value: The value of this step.
        step: All values of this step by channel.
    """

    channel: str
    baseline: Baseline
    config: FlightRecorderConfig
    rewards: Sequence[float] = ()
    value: float = 0.0
    step: Mapping[str, float] = field(default_factory=dict)


def leapt_up(seen: Observation, ratio: float) -> bool:
    """Tell whether the value lies above its baseline by far, in scatter and as a multiple."""
    baseline = seen.baseline
    return baseline.score >= seen.config.leap and seen.value >= ratio * baseline.location


def leapt_down(seen: Observation, ratio: float) -> bool:
    """Tell whether the value lies below its baseline by far, in scatter and as a share of it.

    A quantity that cannot be negative has little room below: half the distance is enough when the
    value before lay as low.
    """
    baseline = seen.baseline
    least = -seen.config.leap
    far = baseline.score <= least or max(baseline.score, baseline.before) <= least / 2
    return far and seen.value <= ratio * baseline.location


def shifted_up(seen: Observation) -> bool:
    """Tell whether the values have moved up for several steps, or for two by very much.

    During an episode it is enough that the value has not come back: that it is far, or near like
    the one before.
    """
    baseline = seen.baseline
    if baseline.leaving:
        return False
    if baseline.held_side > 0:
        return baseline.score >= HOLD or min(baseline.score, baseline.before) >= _NEAR
    if baseline.rise > 0.0 and min(baseline.score, baseline.before) >= _APART:
        return True
    return baseline.rise >= baseline.limit and baseline.score > seen.config.slack


def shifted_down(seen: Observation) -> bool:
    """Tell whether the values have moved down for several steps, or for two by very much."""
    baseline = seen.baseline
    if baseline.leaving:
        return False
    if baseline.held_side < 0:
        return baseline.score <= -HOLD or max(baseline.score, baseline.before) <= -_NEAR
    if baseline.fall > 0.0 and max(baseline.score, baseline.before) <= -_APART:
        return True
    return baseline.fall >= baseline.limit and baseline.score < -seen.config.slack


def stepped(seen: Observation, *, doubt: float) -> bool:
    """Tell whether the shift that has just become certain came at once and not gradually."""
    baseline = seen.baseline
    lasting = baseline.rising if baseline.score > 0 else baseline.falling
    if lasting > _LATEST:
        return False
    newest = list(baseline.recent)[-lasting - _MARGIN :]
    return is_step([value - baseline.location for value in newest], baseline.scale, doubt=doubt)


def moved(seen: Observation, what: str, *, least: float = 0.0) -> Hit:
    """Report a sustained shift: a warning where it matters, information where it does not.

    Args:
        seen: The value and its baseline.
        what: How it moved.
        least: Amount below which it does not matter, in units of the channel.
    """
    location = seen.baseline.location
    newest = list(seen.baseline.recent)[-_NEWEST:]
    amount = abs(sum(newest) / len(newest) - location)
    matters = amount >= seen.config.material * abs(location) and amount >= least
    return Hit("warning" if matters else "info", f"{against_baseline(seen)}: {what}")


def grew(seen: Observation, *, leap: float, huge: float, least: float = 0.0) -> Hit | None:
    """Judge for a leap to a multiple of the baseline, or a sustained rise.

    Args:
        seen: The value and its baseline.
        leap: Multiple of the baseline from which one value is a leap.
        huge: Multiple from which the leap is critical.
        least: Amount from which a rise matters.
    """
    if seen.baseline.score < seen.config.slack:
        return None
    if seen.value - seen.baseline.location >= least and leapt_up(seen, leap):
        severity: Severity = "critical" if leapt_up(seen, huge) else "warning"
        return Hit(severity, f"{against_baseline(seen)}: a leap")
    if shifted_up(seen):
        return moved(seen, "a sustained rise", least=least)
    return None


def against_baseline(seen: Observation) -> str:
    """Say a value beside its baseline."""
    return f"{seen.channel} is {seen.value:.4g}, its baseline {seen.baseline.location:.4g}"
