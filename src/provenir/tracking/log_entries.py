"""What a run says to the workspace's log: that it began, how it ended, which passport it got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.attest.event import Actor, LogEvent
from provenir.attest.log import EventLog, LogReceipt, find_workspace, log_folder
from provenir.core.clock import Clock, utc_text
from provenir.core.digest import digest_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.core.manifest import RunManifest

EVENT_NAMES: Final = {
    "running": "start",
    "completed": "end",
    "failed": "fail",
    "interrupted": "interrupted",
}
ACTOR: Final = Actor(id="provenir.track", type="service", roles=("operator",))


def log_run(
    folder: Path, manifest: RunManifest, clock: Clock, workspace: Path | None
) -> LogReceipt:
    """Append the start or the end of a run, by the digest of its manifest as it is now.

    Raises:
        ProvenirError: the log cannot be read or is held.
        OSError: the disk refuses it.
    """
    event = LogEvent(
        type="training_run",
        name=EVENT_NAMES[manifest.status],
        time=utc_text(clock.now()),
        actor=ACTOR,
        subjects={f"run:{manifest.run_id}": digest_bytes(manifest.to_bytes())},
        payload={"run_id": manifest.run_id, "status": manifest.status},
    )
    return _log_of(folder, workspace).append(event)


def log_passport(
    folder: Path, run_id: str, envelope: bytes, clock: Clock, workspace: Path | None
) -> dict[str, Any]:
    """Append the issue of a passport; return the unsigned proof that goes beside it.

    Raises:
        ProvenirError: the log cannot be read or is held.
        OSError: the disk refuses it.
    """
    log = _log_of(folder, workspace)
    event = LogEvent(
        type="passport_issued",
        name="passport",
        time=utc_text(clock.now()),
        actor=ACTOR,
        subjects={f"passport:{run_id}": digest_bytes(envelope)},
        payload={"run_id": run_id},
    )
    receipt = log.append(event)
    return {
        "schema_version": "passport-proof/1",
        "event": event.to_dict(),
        "checkpoint": None,
        **log.inclusion(receipt.index, size=receipt.size),
    }


def _log_of(folder: Path, workspace: Path | None) -> EventLog:
    return EventLog(log_folder(find_workspace(folder, explicit=workspace)))
