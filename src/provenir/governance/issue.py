"""The log's line about an issued passport, and the proof that is handed out with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.attest.event import Actor, LogEvent
from provenir.core.clock import utc_text
from provenir.core.digest import digest_bytes
from provenir.governance.passport_proof import ConsistencyProof, PassportProof

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from provenir.attest.dsse import Envelope
    from provenir.attest.log import EventLog, LogReceipt
    from provenir.core.clock import Clock

__all__ = ["issue_event", "issue_proof"]


def issue_event(
    label: str,
    passport: Envelope,
    statements: Sequence[Envelope],
    *,
    actor: Actor,
    clock: Clock,
    payload: Mapping[str, Any],
) -> LogEvent:
    """The event that says: this passport was issued, with these statements and signatures.

    It names envelopes, not payloads: a signature that somebody adds later is not covered by it.

    Args:
        label: What the passport is called in the log.
        passport: Its envelope.
        statements: The envelopes of the statements that it lists.
        actor: Who issued it.
        clock: Where the time comes from.
        payload: Details, of which the log keeps the digest.
    """
    named = {f"passport:{label}": passport}
    named |= {f"statement:{number}": one for number, one in enumerate(statements, start=1)}
    return LogEvent(
        type="passport_issued",
        name="passport",
        time=utc_text(clock.now()),
        actor=actor,
        subjects={name: digest_bytes(envelope.to_bytes()) for name, envelope in named.items()},
        payload=payload,
    )


def issue_proof(
    log: EventLog, event: LogEvent, receipt: LogReceipt, before: int | None
) -> PassportProof:
    """The proof that an appended event is in the log.

    Args:
        log: The log.
        event: What was appended.
        receipt: The log's answer.
        before: Size of the log that the passport names; a proof from it is added.

    Raises:
        InputError: The log cannot be read.
    """
    proof = log.inclusion(receipt.index, size=receipt.size)
    extends = [] if before is None else [ConsistencyProof(**log.consistency(before, receipt.size))]
    return PassportProof(event=event.to_dict(), checkpoint=None, consistency=extends, **proof)
