"""Rollouts on their way to the run folder and to the hacking report, one or many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.core.plain import json_line
from provenir.tracking.open_run import note
from provenir.tracking.records import Record, reaches_disk, trajectory_record
from provenir.tracking.redaction import redacted, without_places, without_quotes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.core.findings import Finding
    from provenir.tracking.open_run import OpenRun
    from provenir.tracking.settings import RunSettings


def log_rollouts(
    run: OpenRun,
    trajectories: Sequence[Any],
    settings: RunSettings,
    time: str,
) -> None:
    """Write rollouts down, then let them be judged, also where the disk refuses them.

    Args:
        run: The run.
        trajectories: What the loop handed over.
        settings: Says what of a rollout reaches the disk.
        time: RFC 3339 time of the call.

    Raises:
        OSError: The disk refuses them.
    """
    mode, hides = settings.trajectories, settings.hides_texts
    rollouts: list[Record] = []
    lines: list[bytes] = []
    notes: list[Finding] = []
    for number, trajectory in enumerate(trajectories, run.evidence.trajectories):
        rollout, found = trajectory_record(trajectory, number=number, time=time)
        if hides:
            rollout, found = without_quotes(rollout), without_places(found)
        if reaches_disk(mode, number):
            lines.append(json_line(redacted(rollout) if mode == "redacted" else rollout))
        rollouts.append(rollout)
        notes += found
    try:
        if lines:
            run.folder.append_trajectories(lines)
    finally:
        run.evidence.rollouts(rollouts)
        for finding in notes:
            note(run, finding)
