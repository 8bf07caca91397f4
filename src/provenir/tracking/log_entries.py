"""What a run says to the workspace's log: that it began, how it ended, which passport it got."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal

from pydantic import JsonValue

from provenir.attest.event import Actor, LogEntry, LogEvent
from provenir.attest.log import EventLog, LogReceipt, find_workspace, log_folder
from provenir.core.clock import Clock, utc_text
from provenir.core.digest import digest_bytes
from provenir.core.document import DigestText, Document
from provenir.core.errors import ProvenirError

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


class PassportProof(Document):
    """`passport.proof.json`: that a passport is in the log. Not signed.

    Attributes:
        event: The log's event with its payload.
        entry: The exact line of the log, without its newline.
        index: The entry's place, from 0.
        size: The number of entries that `root` is over.
        leaf_hash: RFC 6962 leaf hash of the entry.
        root: RFC 6962 root over `size` entries.
        proof: The inclusion proof (RFC 6962, section 2.1.1).
        checkpoint: A signed checkpoint over that size and root; null while nobody has signed one.
    """

    schema_version: Literal["passport-proof/1"] = "passport-proof/1"
    event: dict[str, JsonValue]
    entry: str
    index: int
    size: int
    leaf_hash: DigestText
    root: DigestText
    proof: list[DigestText]
    checkpoint: str | None


def run_log(folder: Path, workspace: Path | None) -> EventLog:
    """The log of the workspace that a run's folder belongs to."""
    return EventLog(log_folder(find_workspace(folder, explicit=workspace)))


def told_workspace(folder: Path, log: EventLog) -> str | None:
    """How a run remembers a workspace that its place does not tell: relative to its folder."""
    workspace = log.folder.parent
    usual = find_workspace(folder, environ={})
    return None if workspace == usual else os.path.relpath(workspace, folder)


def remembered_log(folder: Path, told: object, run_id: str) -> EventLog:
    """The log that a dead run wrote to, by what its journal says.

    Somebody may have changed the journal: another log than the usual one is taken only where it
    holds an entry of this very run.
    """
    if isinstance(told, str) and "\0" not in told:
        log = EventLog(log_folder(os.path.normpath(folder / told)))
        with suppress(ProvenirError, OSError):  # no log there, or none that can be read
            if any(_speaks_of(entry, run_id) for entry in log.entries()):
                return log
    return run_log(folder, None)


def _speaks_of(entry: LogEntry, run_id: str) -> bool:
    return any(subject.name == f"run:{run_id}" for subject in entry.subjects)


def log_run(log: EventLog, manifest: RunManifest, clock: Clock) -> LogReceipt:
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
    return log.append(event)


def log_passport(log: EventLog, run_id: str, envelope: bytes, clock: Clock) -> PassportProof:
    """Append the issue of a passport; return the unsigned proof that goes beside it.

    Raises:
        ProvenirError: the log cannot be read or is held.
        OSError: the disk refuses it.
    """
    event = LogEvent(
        type="passport_issued",
        name="passport",
        time=utc_text(clock.now()),
        actor=ACTOR,
        subjects={f"passport:{run_id}": digest_bytes(envelope)},
        payload={"run_id": run_id},
    )
    receipt = log.append(event)
    return PassportProof(
        event=event.to_dict(), checkpoint=None, **log.inclusion(receipt.index, size=receipt.size)
    )
