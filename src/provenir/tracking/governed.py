"""What a governed training says to the workspace's log: what it intends, and how it ended.

An intent is entered before the first step. One that no close follows is a training of which nobody
was shown the ledger; the next close on the same dataset names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.attest.event import LogEvent
from provenir.core.clock import Clock, utc_text
from provenir.tracking.log_entries import ACTOR

if TYPE_CHECKING:
    from provenir.attest.log import EventLog, LogReceipt

__all__ = ["log_close", "log_intent", "open_intents"]

INTENT: Final = "training-intent"
CLOSE: Final = "ledger-close"
_DATASET: Final = "dataset"


def log_intent(log: EventLog, run_id: str, intent: str, dataset: str, clock: Clock) -> LogReceipt:
    """Append what a training intends.

    Args:
        log: The workspace's log.
        run_id: The run.
        intent: Digest of `intent.json`.
        dataset: Root of the dataset.
        clock: Where the time comes from.

    Raises:
        ProvenirError: the log cannot be read or is held.
        OSError: the disk refuses it.
    """
    return log.append(
        _event(INTENT, run_id, {f"intent:{run_id}": intent, _DATASET: dataset}, clock)
    )


def log_close(log: EventLog, run_id: str, intent: str, root: str, clock: Clock) -> LogReceipt:
    """Append that a training's ledger was closed; raises as `log_intent`."""
    return log.append(
        _event(CLOSE, run_id, {f"intent:{run_id}": intent, f"ledger:{run_id}": root}, clock)
    )


def open_intents(log: EventLog, dataset: str) -> list[str]:
    """Intents on a dataset that no close followed, in the order in which they were entered.

    Raises:
        ProvenirError: the log cannot be read.
    """
    found: dict[str, None] = {}
    for entry in log.entries():
        if entry.type != "admission":
            continue
        subjects = {subject.name: subject.digest for subject in entry.subjects}
        intents = [digest for name, digest in subjects.items() if name.startswith("intent:")]
        for intent in intents:
            if entry.name == INTENT and subjects.get(_DATASET) == dataset:
                found[intent] = None
            elif entry.name == CLOSE:
                found.pop(intent, None)
    return list(found)


def _event(name: str, run_id: str, subjects: dict[str, str], clock: Clock) -> LogEvent:
    return LogEvent(
        type="admission",
        name=name,
        time=utc_text(clock.now()),
        actor=ACTOR,
        subjects=subjects,
        payload={"run_id": run_id},
    )
