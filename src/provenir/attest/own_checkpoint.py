"""The latest checkpoint that a log signed, kept beside it in `log/checkpoint`.

It binds the log to itself: with the key at hand a later checkpoint is signed only where the log
still extends this one (c2sp.org/tlog-checkpoint: a log signs no two that are inconsistent). Who can
write the folder can remove it; a checkpoint that somebody else keeps is what shows a cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.attest.checkpoint import Checkpoint, verify_note_signature
from provenir.attest.note import MAX_NOTE_BYTES, SignedNote
from provenir.core.errors import EvidenceError, InputError
from provenir.core.files import atomic_write, read_bounded

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.attest.ed25519 import PublicKey

__all__ = [
    "CHECKPOINT_FILE",
    "inconsistent",
    "keep_checkpoint",
    "kept_checkpoint",
    "own_checkpoint",
    "truncated",
]

CHECKPOINT_FILE: Final = "checkpoint"
_MEND: Final = (
    "keep the folder as evidence, and put back a copy that has all entries; to begin anew use"
    " another folder"
)


def kept_checkpoint(folder: Path) -> SignedNote:
    """The note that is kept in a log's folder, whoever signed it.

    Raises:
        InputError: There is none that can be read.
    """
    path = folder / CHECKPOINT_FILE
    data = read_bounded(path, max_bytes=MAX_NOTE_BYTES, follow_symlinks=False)
    return SignedNote.parse(data, where=str(path))


def own_checkpoint(folder: Path, origin: str, key: PublicKey) -> Checkpoint | None:
    """The kept checkpoint where this key signed it for this origin, else None."""
    try:
        note = kept_checkpoint(folder)
        if verify_note_signature(note, origin, key):
            checkpoint = Checkpoint.of(note)
            return checkpoint if checkpoint.origin == origin else None
    except InputError:
        return None
    return None


def keep_checkpoint(folder: Path, note: SignedNote) -> None:
    """Keep a note in the place of the one before; the log's lock is held.

    Raises:
        OSError: The disk refuses.
    """
    atomic_write(folder / CHECKPOINT_FILE, note.to_bytes())


def truncated(kept: int, now: int, where: str) -> EvidenceError:
    """The refusal of a log that is shorter than it was."""
    what = f"the log had {kept} entries and now has {now}"
    return EvidenceError(what, reason="log-truncated", where=where, mend=_MEND)


def inconsistent(kept: int, where: str) -> EvidenceError:
    """The refusal of a log whose beginning is not what was signed."""
    what = f"the first {kept} entries are not those of the checkpoint before"
    return EvidenceError(what, reason="log-inconsistent", where=where, mend=_MEND)
