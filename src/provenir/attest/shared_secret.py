"""HMAC-SHA256 with a shared secret (RFC 2104): integrity inside a team, proof to nobody else."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from provenir.attest.key_material import describe_key
from provenir.core.errors import UsageError
from provenir.core.text import printable

__all__ = [
    "ALGORITHM",
    "HMAC_NOTE",
    "HmacKey",
    "HmacSigner",
    "SecretBytes",
    "hmac_secret",
    "is_shared_secret_id",
]

ALGORITHM: Final = "hmac-sha256"
HMAC_NOTE: Final = "team-internal: whoever can verify it can forge it"

SecretBytes = bytes | bytearray | memoryview
"""How a program may hold a shared secret."""

_BLOCK_BYTES = 64
_MAX_KEY_ID_CHARS = 128


def is_shared_secret_id(keyid: str) -> bool:
    """Tell whether a signature calls itself one by a shared secret; like every key id, a hint."""
    return keyid.startswith(f"{ALGORITHM}:")


@dataclass(frozen=True, slots=True)
class _SharedSecret:
    """A shared secret with a name; the secret is kept out of `repr` and of every message.

    Attributes:
        secret: The shared bytes.
        key_id: A name for people, part of the key id; it identifies nothing.

    Raises:
        UsageError: The secret is empty or spells a public or private key or what may be one; the
            name is not plain.
    """

    secret: bytes = field(repr=False)
    key_id: str = "default"

    def __post_init__(self) -> None:
        _check_secret(self.secret)
        _check_key_id(self.key_id)

    @property
    def algorithm(self) -> str:
        """Always `hmac-sha256`."""
        return ALGORITHM

    @property
    def keyid(self) -> str:
        """`hmac-sha256:<key_id>`."""
        return f"{ALGORITHM}:{self.key_id}"


@dataclass(frozen=True, slots=True)
class HmacKey(_SharedSecret):
    """Checks HMAC-SHA256 signatures with the shared secret; whoever holds it can also make them."""

    @property
    def material(self) -> bytes:
        """A digest of the key as HMAC uses it; keep it as private as the secret.

        RFC 2104 section 2 pads short keys with zeros and hashes long ones, so different secrets
        can be the same key. They are counted as one.
        """
        block = self.secret
        if len(block) > _BLOCK_BYTES:
            block = hashlib.sha256(block).digest()
        padded = block.ljust(_BLOCK_BYTES, b"\x00")
        return hashlib.sha256(b"provenir hmac-sha256 key\x00" + padded).digest()

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Tell whether the tag over exactly these bytes was made with this secret; never raises."""
        return hmac.compare_digest(_tag(self.secret, data), signature)


@dataclass(frozen=True, slots=True)
class HmacSigner(_SharedSecret):
    """Signs with a shared secret; see `HMAC_NOTE` for what that is worth."""

    @property
    def verification_key(self) -> HmacKey:
        """The same secret, for checking."""
        return HmacKey(self.secret, self.key_id)

    def sign(self, data: bytes) -> bytes:
        """Make the 32-byte tag over exactly these bytes."""
        return _tag(self.secret, data)


def hmac_secret(value: str | SecretBytes) -> bytes:
    """Take a shared secret at the door, where a person may have mistaken it for something else.

    Args:
        value: The secret; text is taken as UTF-8.

    Returns:
        The secret as bytes.

    Raises:
        UsageError: It is empty, spells a public or private key or what may be one, or names an
            existing file.
    """
    secret = _as_bytes(value)
    _check_secret(secret)
    if _names_a_file(secret):
        raise UsageError(
            "an HMAC secret that names an existing file",
            mend="to verify with a public key use --public-key FILE or PublicKey.from_pem(path); "
            "to sign with a PEM give its path, not bytes",
        )
    return secret


def _as_bytes(value: object) -> bytes:
    if isinstance(value, SecretBytes):
        return bytes(value)
    if not isinstance(value, str):
        raise UsageError(
            f"an HMAC secret is text or bytes, not {type(value).__name__}",
            mend="give key=b'...', or a PEM path to sign with Ed25519",
        )
    try:
        # Bytes of an argument that are no UTF-8 reach us as surrogate escapes (PEP 383).
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as fault:
        raise UsageError("an HMAC secret with lone surrogates", mend="give it as bytes") from fault


def _tag(secret: bytes, data: bytes) -> bytes:
    return hmac.new(secret, data, hashlib.sha256).digest()


def _check_secret(secret: object) -> None:
    if not isinstance(secret, bytes):
        raise UsageError(
            f"an HMAC secret is bytes, not {type(secret).__name__}", mend="give key=b'...'"
        )
    if not secret:
        raise UsageError("the HMAC secret is empty", mend="give at least one byte, better 32")
    kind = describe_key(secret)
    if kind:
        raise UsageError(
            f"an HMAC secret is expected, this is {kind}",
            mend="a PEM file is given by its path to sign, and by --public-key FILE or "
            "PublicKey.from_pem(path) to verify",
        )


def _check_key_id(key_id: object) -> None:
    if (
        not isinstance(key_id, str)
        or not 0 < len(key_id) <= _MAX_KEY_ID_CHARS
        or printable(key_id, max_chars=_MAX_KEY_ID_CHARS) != key_id
    ):
        raise UsageError(
            f"a key id has 1 to {_MAX_KEY_ID_CHARS} printable characters", mend="key_id='team'"
        )


def _names_a_file(secret: bytes) -> bool:
    """Tell whether the secret, read as a path, is there and is no folder (pipes included)."""
    if b"\x00" in secret:
        return False
    try:
        path = Path(os.fsdecode(secret))
        return path.exists() and not path.is_dir()
    except OSError:
        return False  # too long, or in a folder that we may not enter: no path of this user
