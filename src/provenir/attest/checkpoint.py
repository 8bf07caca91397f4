"""Checkpoints: size and root of a log, as signed notes that other tools read.

The text is c2sp.org/tlog-checkpoint: origin, size, root in base64, and rarely more lines. The log
signs it with its own key under its origin as the name; a witness adds a cosignature
(c2sp.org/tlog-cosignature, `cosignature/v1`), which also says when. A log's key signs nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.attest.base64_strict import decode, encode
from provenir.attest.note import (
    COSIGNATURE,
    ED25519,
    NoteSignature,
    SignedNote,
    check_key_name,
    key_hash,
)
from provenir.core.digest import format_digest
from provenir.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from provenir.attest.ed25519 import Ed25519Signer, PublicKey

__all__ = [
    "Checkpoint",
    "cosign",
    "cosignatures_by",
    "read_checkpoint",
    "sign_checkpoint",
    "verify_note_signature",
]

_ROOT_BYTES: Final = 32
_TIME_BYTES: Final = 8
_MAX_SIZE: Final = 2**63 - 1
_GIVE: Final = "give a checkpoint of the log"
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Size and root of a log at one moment.

    Attributes:
        origin: Which log; the name of its key.
        size: Number of entries.
        root: RFC 6962 root over them, 32 bytes.
        extensions: Further lines, without meaning here.

    Raises:
        InputError: A part is none that a checkpoint can hold.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_key_name(self.origin)
        if type(self.size) is not int or not 0 <= self.size <= _MAX_SIZE:
            raise InputError("a checkpoint's size is a number from 0")
        if len(self.root) != _ROOT_BYTES:
            raise InputError("a checkpoint's root has 32 bytes")
        if any(not line or "\n" in line for line in self.extensions):
            raise InputError("an extension line of a checkpoint is one line that is not empty")

    @property
    def root_digest(self) -> str:
        """The root as `sha256:<hex>`."""
        return format_digest(self.root)

    @property
    def text(self) -> str:
        """The text that is signed."""
        lines = (self.origin, str(self.size), encode(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint; `parse(text).text == text`.

        Raises:
            InputError: It is none.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() != "":
            raise InputError("no checkpoint: origin, size and root are expected")
        origin, size, root, *extensions = lines
        if not _SIZE.fullmatch(size):
            raise InputError("no checkpoint: its size is no decimal number")
        if "-" in root or "_" in root:
            raise InputError("no checkpoint: its root is not in standard base64")
        return cls(origin, int(size), decode(root), tuple(extensions))

    @classmethod
    def of(cls, note: SignedNote) -> Checkpoint:
        """The checkpoint that a note's text is; who signed it is another question.

        Raises:
            InputError: The text is no checkpoint.
        """
        return cls.parse(note.text)


def read_checkpoint(data: bytes, *, where: str) -> tuple[Checkpoint, SignedNote | None]:
    """Read a checkpoint that somebody kept: a signed note, or its text alone.

    Args:
        data: The bytes as received.
        where: What to call them in an error.

    Returns:
        The checkpoint, and the note that it stands in; None for the text alone. Who signed the
        note is another question.

    Raises:
        InputError: It is neither.
    """
    try:
        if b"\n\n" in data:  # neither text nor note has an empty line but before signatures
            note = SignedNote.parse(data)
            return Checkpoint.of(note), note
        return Checkpoint.parse(data.decode("utf-8")), None
    except UnicodeDecodeError as fault:
        raise InputError("no checkpoint: not UTF-8", where=where, mend=_GIVE) from fault
    except InputError as fault:
        raise InputError(fault.what, where=where, mend=_GIVE) from fault


def sign_checkpoint(checkpoint: Checkpoint, signer: Ed25519Signer, name: str) -> SignedNote:
    """Sign a checkpoint with the log's key.

    Args:
        checkpoint: What to sign.
        signer: The log's key.
        name: The key's name: the log's origin.

    Raises:
        InputError: The name is none.
    """
    text = checkpoint.text
    hashed = key_hash(check_key_name(name), ED25519, signer.verification_key.raw)
    signature = NoteSignature(name, hashed, signer.sign(text.encode()))
    return SignedNote(text, (signature,))


def cosign(note: SignedNote, signer: Ed25519Signer, name: str, timestamp: int) -> SignedNote:
    """Add a witness's cosignature; whoever calls has made sure of what it states.

    Args:
        note: A checkpoint.
        signer: The witness's key, used for this alone.
        name: The witness's name.
        timestamp: POSIX seconds.

    Raises:
        InputError: The note is no checkpoint, or the name is none.
        UsageError: The time is no POSIX time.
        BoundsError: The note has as many signatures as it can have.
    """
    Checkpoint.of(note)
    if type(timestamp) is not int or not 0 < timestamp <= _MAX_SIZE:
        raise UsageError("a cosignature's time is in seconds since 1970")
    hashed = key_hash(check_key_name(name), COSIGNATURE, signer.verification_key.raw)
    signed = signer.sign(_cosigned(note.text, timestamp))
    stamped = timestamp.to_bytes(_TIME_BYTES, "big") + signed
    return note.with_signature(NoteSignature(name, hashed, stamped))


def verify_note_signature(note: SignedNote, name: str, public_key: PublicKey) -> bool:
    """Tell whether a note is signed by this key under this name; never raises.

    A line that carries the key's name and hash and does not verify spoils the note.
    """
    signatures = note.signed_by(name, key_hash(name, ED25519, public_key.raw))
    text = note.text.encode()
    return bool(signatures) and all(public_key.verify(text, each) for each in signatures)


def cosignatures_by(note: SignedNote, name: str, public_key: PublicKey) -> int | None:
    """The earliest time at which this witness cosigned, None where it did not; never raises.

    A line that carries the key's name and hash and does not verify spoils the note.

    Returns:
        POSIX seconds, as the witness says.
    """
    times = []
    for stamped in note.signed_by(name, key_hash(name, COSIGNATURE, public_key.raw)):
        timestamp = int.from_bytes(stamped[:_TIME_BYTES], "big")
        if not public_key.verify(_cosigned(note.text, timestamp), stamped[_TIME_BYTES:]):
            return None
        times.append(timestamp)
    return min(times, default=None)


def _cosigned(text: str, timestamp: int) -> bytes:
    """What a cosignature/v1 is over."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()
