"""How the numbers of one rollout or one group are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.core.errors import UsageError
from provenir.observability.hacking.rollout import Rollout, finite
from provenir.observability.hacking.signal import HackingSignal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provenir.core.findings import Severity

DEFAULT_GAP: Final = 0.5
"""Proxy minus true reward from which on a rollout is flagged."""

UNKNOWN_MAXIMUM: Final = 1.0
"""From which on equal rewards count as the maximum where nobody said what it is."""

_SAME: Final = 1e-9


def checked_gap(gap: object) -> float:
    """Return a gap as a float.

    Raises:
        UsageError: if it is not a finite number greater than 0.
    """
    number = finite(gap)
    if number is None or number <= 0:
        raise UsageError(f"gap={gap!r}", mend="give a number greater than 0")
    return number


def judge_rollout(rollout: Rollout, gap: float) -> list[HackingSignal]:
    """Judge one rollout: `proxy_divergence` when the proxy exceeds the true reward by `gap`."""
    if rollout.proxy is None or rollout.true is None:
        return []
    distance = rollout.proxy - rollout.true
    if distance < gap * (1 - _SAME):
        return []
    detail = (
        f"the proxy reward is {rollout.proxy:.4g}, the true reward {rollout.true:.4g}: "
        f"a gap of {distance:.4g}, {gap:g} allowed"
    )
    return [
        HackingSignal(
            kind="proxy_divergence",
            severity="warning",
            detail=detail,
            index=rollout.index,
            group_id=rollout.group_id,
            data={"proxy": rollout.proxy, "true": rollout.true},
        )
    ]


def spread(rewards: Iterable[object]) -> tuple[int, float, float]:
    """Return count, smallest and largest of the finite rewards; never raises."""
    try:
        found = [number for reward in rewards if (number := finite(reward)) is not None]
    except Exception:  # noqa: BLE001 - whatever a user's sequence does, it is no group then
        found = []
    return (len(found), min(found), max(found)) if found else (0, 0.0, 0.0)


def judge_group(
    count: int,
    low: float,
    high: float,
    *,
    most: float | None = None,
    group_id: str | int | None = None,
    severity: Severity = "warning",
) -> HackingSignal | None:
    """Judge a group of two or more by its smallest and largest reward.

    Args:
        count: How many rewards there are.
        low: The smallest.
        high: The largest.
        most: The largest that can be had, None when nobody said.
        group_id: What the signal shall name as its group.
        severity: Of a collapse; a solved group is information.
    """
    if high - low > _SAME * max(1.0, abs(high)):
        return None
    solved = high >= (UNKNOWN_MAXIMUM if most is None else most) * (1 - _SAME)
    detail = (
        f"all {count} rollouts earn {high:.4g}, the maximum: nothing is left to learn here"
        if solved
        else f"all {count} rollouts earn {high:.4g}: no advantage, no gradient"
    )
    return HackingSignal(
        kind="solved_group" if solved else "advantage_collapse",
        severity="info" if solved else severity,
        detail=detail,
        group_id=group_id,
        data={"rewards": count, "reward": high},
    )
