"""Signed notes (c2sp.org/signed-note): a text, a blank line, and a signature a line.

A signature names its key by a name and four bytes of a hash over name, algorithm and public key.
Both are hints: what counts is that the signature over the exact text verifies under a key that the
verifier holds. A note is kept and passed on as the bytes that it came in.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from provenir.attest.base64_strict import decode, encode
from provenir.attest.ed25519 import PublicKey
from provenir.core.errors import BoundsError, InputError, UsageError
from provenir.core.text import printable

__all__ = [
    "COSIGNATURE",
    "ED25519",
    "MAX_NOTE_BYTES",
    "MAX_SIGNATURES",
    "NoteSignature",
    "SignedNote",
    "check_key_name",
    "format_vkey",
    "key_hash",
    "parse_vkey",
]

ED25519: Final = 0x01
COSIGNATURE: Final = 0x04
MAX_NOTE_BYTES: Final = 64 * 1024
MAX_SIGNATURES: Final = 64

_MAX_NAME: Final = 200
_HASH_BYTES: Final = 4
_DASH: Final = "\N{EM DASH} "
_HASH_HEX: Final = re.compile(r"[0-9a-f]{8}")
# U+000A alone of the C0 controls may stand in a note; DEL and C1 controls are text to the format.
_CONTROLS: Final = re.compile("[\x00-\x09\x0b-\x1f]")


def check_key_name(name: str) -> str:
    """Return a key's name when it is one: no space of any alphabet, no plus, all of it shows.

    A checkpoint is printed byte for byte, so a name that acts on a terminal or cannot be seen is
    refused, where the format itself forbids spaces and pluses only.

    Raises:
        InputError: It is empty, too long, or holds what a name may not.
    """
    bad = not name or len(name) > _MAX_NAME or "+" in name or any(map(str.isspace, name))
    if bad or printable(name) != name:
        raise InputError(
            f"no name for a note's key: {name[:80]!r}",
            mend="write something like example.org/log, without spaces and plus signs",
        )
    return name


def key_hash(name: str, algorithm: int, public_key: bytes) -> bytes:
    """The four bytes that a signature line begins with: SHA-256(name LF algorithm key)[:4]."""
    named = name.encode() + b"\n" + bytes([algorithm]) + public_key
    return hashlib.sha256(named).digest()[:_HASH_BYTES]


def format_vkey(name: str, key: PublicKey, *, algorithm: int = ED25519) -> str:
    """Spell a verification key as `name+hash+base64`, as `golang.org/x/mod/sumdb/note` reads it."""
    hashed = key_hash(check_key_name(name), algorithm, key.raw).hex()
    return f"{name}+{hashed}+{encode(bytes([algorithm]) + key.raw)}"


def parse_vkey(text: str) -> tuple[str, PublicKey, int]:
    """Read a verification key.

    Returns:
        Its name, the public key, and the algorithm (`ED25519` or `COSIGNATURE`).

    Raises:
        InputError: It is none, its hash is not of its key, or the algorithm is another.
    """
    parts = text.split("+", 2)
    if len(parts) != 3 or not _HASH_HEX.fullmatch(parts[1]):
        raise InputError("no verification key: name+hash+base64 is expected")
    name, hashed, encoded = check_key_name(parts[0]), parts[1], parts[2]
    data = _standard_base64(encoded)
    if len(data) != 33 or data[0] not in (ED25519, COSIGNATURE):
        raise InputError("a verification key of an algorithm that is not read here: Ed25519 is")
    if key_hash(name, data[0], data[1:]).hex() != hashed:
        raise InputError("a verification key whose hash is not that of its name and key")
    return name, PublicKey(data[1:]), data[0]


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line.

    Attributes:
        name: The key's name.
        key_hash: Four bytes, see `key_hash`.
        signature: What follows them.

    Raises:
        InputError: The name is none, or the lengths are wrong.
    """

    name: str
    key_hash: bytes
    signature: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.key_hash) != _HASH_BYTES or not self.signature:
            raise InputError("a note's signature is a hash of four bytes and at least one more")

    @property
    def line(self) -> str:
        """The line without its newline."""
        return f"{_DASH}{self.name} {encode(self.key_hash + self.signature)}"


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A note as it was received.

    Attributes:
        text: What is signed, its last newline included.
        signatures: In the order of their lines; a note fresh from its writer may have none.

    Raises:
        UsageError: The text has no newline at its end, or there are too many signatures.
        InputError: The text is none of a note.
        BoundsError: The whole is larger than 64 KiB.
    """

    text: str
    signatures: tuple[NoteSignature, ...] = ()

    def __post_init__(self) -> None:
        if not self.text.endswith("\n"):
            raise UsageError("a note's text ends in a newline")
        if len(self.signatures) > MAX_SIGNATURES:
            raise BoundsError(f"a note with more than {MAX_SIGNATURES} signatures")
        if _CONTROLS.search(self.text) or not _is_text(self.text):
            raise InputError("a note with a control character or text that is no UTF-8")
        if len(self.to_bytes()) > MAX_NOTE_BYTES:
            raise BoundsError(f"a note larger than {MAX_NOTE_BYTES:,} bytes")

    @classmethod
    def parse(cls, data: bytes, *, where: str | None = None) -> SignedNote:
        """Read a note; `note.to_bytes()` gives the same bytes back.

        Args:
            data: The bytes as received.
            where: What to call them in an error.

        Raises:
            InputError: No signed note, or one beyond 64 KiB or 64 signatures.
        """
        try:
            return cls._parse(data)
        except InputError as fault:
            fault.where = where
            raise

    @classmethod
    def _parse(cls, data: bytes) -> SignedNote:
        if len(data) > MAX_NOTE_BYTES:
            raise BoundsError(f"a note larger than {MAX_NOTE_BYTES:,} bytes")
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError as fault:
            raise InputError("no signed note: not UTF-8") from fault
        text, blank, below = whole.rpartition("\n\n")
        if not blank or not below.endswith("\n"):
            raise InputError("no signed note: text, a blank line and signatures are expected")
        lines = below[:-1].split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise BoundsError(f"a note with more than {MAX_SIGNATURES} signatures")
        return cls(text + "\n", tuple(_signature(line) for line in lines))

    def to_bytes(self) -> bytes:
        """The note's bytes: the text, a blank line, the signature lines."""
        below = "".join(f"{signature.line}\n" for signature in self.signatures)
        return f"{self.text}\n{below}".encode()

    def signed_by(self, name: str, hashed: bytes) -> list[bytes]:
        """The signatures whose lines carry this name and this hash."""
        return [
            each.signature
            for each in self.signatures
            if each.name == name and each.key_hash == hashed
        ]

    def with_signature(self, signature: NoteSignature) -> SignedNote:
        """The same text with one more signature; a line that is there already is not doubled.

        Raises:
            BoundsError: That is one too many.
        """
        if signature in self.signatures:
            return self
        return SignedNote(self.text, (*self.signatures, signature))


def _signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise InputError("no signature line of a note: a dash, a name and base64 are expected")
    data = _standard_base64(encoded)
    return NoteSignature(name, data[:_HASH_BYTES], data[_HASH_BYTES:])


def _standard_base64(text: str) -> bytes:
    if "-" in text or "_" in text:
        raise InputError("base64 of the URL-safe alphabet, where a note has the standard one")
    return decode(text)


def _is_text(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)
