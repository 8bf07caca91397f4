"""The log's line about an issued passport, and the proof that is handed out with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.attest.checkpoint import Checkpoint
from provenir.attest.dsse import Envelope
from provenir.attest.event import Actor, LogEntry, LogEvent
from provenir.attest.keys import Ed25519Signer, load_signer
from provenir.attest.note import SignedNote
from provenir.core.clock import utc_text
from provenir.core.digest import digest_bytes
from provenir.core.errors import UsageError
from provenir.governance.passport_proof import ConsistencyProof, PassportProof

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from provenir.attest.log import EventLog
    from provenir.core.clock import Clock
    from provenir.governance.predicate import LogCheckpoint

__all__ = [
    "LOG_KEY_VARIABLE",
    "issue_event",
    "issue_proof",
    "log_signer",
    "named_envelopes",
    "proof_from_log",
    "signed_parts",
    "was_at",
]

LOG_KEY_VARIABLE: Final = "PROVENIR_LOG_KEY"
"""Names the PEM file of the key that signs the log's checkpoints, and nothing else."""

_NAMED: Final = ("passport:", "statement:")


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
    log: EventLog,
    event: Mapping[str, Any],
    index: int,
    *,
    size: int,
    before: int | None = None,
    checkpoint: bytes | None = None,
) -> PassportProof:
    """The proof that an appended event is in the log.

    Args:
        log: The log.
        event: What was appended, as it is kept beside the log.
        index: Where its entry stands.
        size: For which size of the log; that of the checkpoint where there is one.
        before: Size of the log that the passport names; a proof from it is added.
        checkpoint: A signed note over the log.

    Raises:
        InputError: The log cannot be read, or the checkpoint is none.
        UsageError: The checkpoint is older than the line, or of a longer log.
    """
    text = None
    if checkpoint is not None:
        note = SignedNote.parse(checkpoint)
        text, size = checkpoint.decode("utf-8"), Checkpoint.of(note).size
        if not index < size:
            raise UsageError(
                f"the checkpoint is over {size} entries, and the passport is entry {index}",
                where=str(log.folder),
                mend="sign a newer one: provenir log checkpoint --signing-key FILE",
            )
    extends = [] if before is None else [ConsistencyProof(**log.consistency(before, size))]
    proof = log.inclusion(index, size=size)
    return PassportProof(event=dict(event), checkpoint=text, consistency=extends, **proof)


def proof_from_log(
    log: EventLog, passport: Envelope, *, before: int | None = None, checkpoint: bytes | None = None
) -> PassportProof | None:
    """Prove an issued passport anew, from the log alone.

    Signatures that were added after the issue are not in the log: the line that names most of
    them counts, the first one of several.

    Args:
        log: The log.
        passport: The passport's envelope.
        before: Size of the log that the passport names; a proof from it is added.
        checkpoint: A signed note over the log; the proof is for its size, else for the present one.

    Returns:
        The proof; None when the log has no line about the passport.

    Raises:
        InputError: The log cannot be read, or the checkpoint is none.
        UsageError: The checkpoint is older than the line, or of a longer log.
    """
    wanted = {digest: removed for removed, (_, digest) in enumerate(signed_parts(passport))}
    best: tuple[int, int, LogEntry] | None = None
    for index, entry in enumerate(log.entries()):
        removed = min(
            (wanted[one] for one in named_envelopes(entry) if one in wanted), default=None
        )
        if removed is not None and (best is None or removed < best[0]):
            best = (removed, index, entry)
            if removed == 0:
                break
    if best is None:
        return None
    _, index, entry = best
    return issue_proof(
        log,
        entry.model_dump(mode="json"),
        index,
        size=log.size,
        before=before,
        checkpoint=checkpoint,
    )


def was_at(log: EventLog, before: LogCheckpoint) -> bool:
    """Whether a log had this root at this size: a passport may name the log of another workspace.

    Raises:
        InputError: The log cannot be read.
    """
    if before.size > log.size:
        return False
    root: str = log.consistency(before.size)["old_root"]
    return root == before.root


def signed_parts(envelope: Envelope) -> Iterator[tuple[Envelope, str]]:
    """The envelope with ever fewer of its last signatures, each with its digest."""
    for count in range(len(envelope.signatures), 0, -1):
        part = Envelope(envelope.payload, envelope.payload_type, envelope.signatures[:count])
        yield part, digest_bytes(part.to_bytes())


def named_envelopes(entry: LogEntry) -> frozenset[str]:
    """Digests of the passports and statements that a line of the log is about."""
    return frozenset(one.digest for one in entry.subjects if one.name.startswith(_NAMED))


def log_signer() -> Ed25519Signer | None:
    """The log's own key by the variable `PROVENIR_LOG_KEY`, None where it is not set.

    Raises:
        UsageError: It is no key that can sign checkpoints.
        InputError: The file cannot be read.
    """
    told = os.environ.get(LOG_KEY_VARIABLE, "").strip()
    if not told:
        return None
    signer = load_signer(Path(told))
    if isinstance(signer, Ed25519Signer):
        return signer
    raise UsageError(
        "a log signs its checkpoints with an Ed25519 key",
        where=told,
        mend="make one with: provenir key new --out log",
    )
