"""What a run says to the workspace's log: that it began, how it ended, which passport it got."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from provenir.attest.event import Actor, LogEntry, LogEvent
from provenir.attest.log import EventLog, LogReceipt, find_workspace, log_folder
from provenir.core.clock import Clock, utc_text
from provenir.core.digest import digest_bytes
from provenir.core.errors import ProvenirError
from provenir.governance.issue import issue_event, issue_proof, log_signer

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.core.manifest import RunManifest
    from provenir.governance.passport_proof import PassportProof
    from provenir.tracking.vouching import Vouched

EVENT_NAMES: Final = {
    "running": "start",
    "completed": "end",
    "failed": "fail",
    "interrupted": "interrupted",
}
ACTOR: Final = Actor(id="provenir.track", type="service", roles=("operator",))


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


def log_passport(
    log: EventLog, run_id: str, vouched: Vouched, clock: Clock
) -> tuple[LogEvent, LogReceipt]:
    """Append the issue of a passport.

    Raises:
        ProvenirError: the log cannot be read or is held.
        OSError: the disk refuses it.
    """
    event = issue_event(
        run_id,
        vouched.passport.envelope,
        [statement.envelope for statement in vouched.statements],
        actor=ACTOR,
        clock=clock,
        payload={"run_id": run_id},
    )
    return event, log.append(event)


def prove_passport(
    log: EventLog,
    logged: tuple[LogEvent, LogReceipt],
    before: LogReceipt | None,
    checkpoint: bytes | None,
) -> PassportProof:
    """The unsigned proof that goes beside a passport.

    Args:
        log: The log.
        logged: What `log_passport` answered.
        before: The log's answer that the passport names as the state before its issue.
        checkpoint: The log as it was signed after that, None where nobody signs it.

    Raises:
        ProvenirError: the log cannot be read.
    """
    event, receipt = logged
    return issue_proof(
        log,
        event.to_dict(),
        receipt.index,
        size=receipt.size,
        before=None if before is None else before.size,
        checkpoint=checkpoint,
    )


def sign_log(log: EventLog) -> bytes | None:
    """A checkpoint of the log by the key of `PROVENIR_LOG_KEY`; None where it is not set.

    Raises:
        ProvenirError: the key is none, or the log does not extend what it signed before.
        OSError: the disk refuses it.
    """
    signer = log_signer()
    return None if signer is None else log.checkpoint(signer)
