"""Ed25519 keys: sign, verify, read and write PEM (RFC 8032, RFC 8410, PKCS #8).

A public key that verifies everything is no key. The eight points of small order make a signature
that holds for any message, so whoever issues under one can deny or swap what was signed. They are
refused here, with encodings that are not canonical: with that and the check S < L that OpenSSL
makes, a signature belongs to one key and one message (Brendel, Cremers, Jackson, Zhao: "The
Provable Security of Ed25519", IEEE S&P 2021, section 5).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from provenir.attest.key_files import write_key_pair
from provenir.attest.pem import (
    NEW_PAIR,
    LoadedKey,
    kind,
    load_private,
    load_public,
    private_pem,
    relabelled,
)
from provenir.core.errors import InputError, UsageError

__all__ = ["ALGORITHM", "Ed25519Signer", "PublicKey"]

ALGORITHM: Final = "ed25519"

_SIGNATURE_BYTES = 64
_FIELD_PRIME = 2**255 - 19
# y coordinates of the points whose order divides 8, little-endian, sign bit cleared. The two long
# ones belong to the points of order 8; the others are y = 1, 0 and -1.
_SMALL_ORDER_Y = frozenset(
    {
        0,
        1,
        _FIELD_PRIME - 1,
        int.from_bytes(
            bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
            "little",
        ),
        int.from_bytes(
            bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
            "little",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key, compared by its material.

    Attributes:
        raw: The 32 bytes of RFC 8032 section 5.1.5.

    Raises:
        UsageError: `raw` is not 32 bytes.
        InputError: The point is not canonically encoded or of small order.
    """

    raw: bytes

    def __post_init__(self) -> None:
        _check_raw(self.raw)
        y = int.from_bytes(self.raw, "little") & ((1 << 255) - 1)
        if y >= _FIELD_PRIME or y in _SMALL_ORDER_Y:
            raise InputError("a weak Ed25519 public key (it verifies any message)", mend=NEW_PAIR)

    @property
    def algorithm(self) -> str:
        """Always `ed25519`."""
        return ALGORITHM

    @property
    def keyid(self) -> str:
        """`ed25519:` and the hex SHA-256 of the SubjectPublicKeyInfo in DER."""
        return f"{ALGORITHM}:{hashlib.sha256(self.material).hexdigest()}"

    @property
    def material(self) -> bytes:
        """The SubjectPublicKeyInfo in DER: two keys are one key when these bytes are equal."""
        return self._loaded().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Tell whether the signature over exactly these bytes is by this key; never raises."""
        if len(signature) != _SIGNATURE_BYTES:
            return False
        try:
            self._loaded().verify(signature, data)
        except InvalidSignature:
            return False
        return True

    def pem(self) -> bytes:
        """Spell the key as a PEM `PUBLIC KEY` block."""
        return self._loaded().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @classmethod
    def from_pem(cls, source: str | Path | bytes) -> PublicKey:
        """Read a public key.

        Args:
            source: A path, or the bytes of a PEM file.

        Raises:
            UsageError: A private key was handed over; it belongs to the signer alone.
            InputError: The file cannot be read, or holds no Ed25519 public key.
        """
        return cls.from_loaded(load_public(source))

    @classmethod
    def from_loaded(cls, loaded: LoadedKey) -> PublicKey:
        """Take a key that was read already.

        Raises:
            InputError: It is no Ed25519 public key, or a weak one.
        """
        if not isinstance(loaded.key, Ed25519PublicKey):
            what = f"{kind(loaded.key)}, not Ed25519"
            raise InputError(what, where=loaded.where, mend=NEW_PAIR)
        try:
            return cls(loaded.key.public_bytes(Encoding.Raw, PublicFormat.Raw))
        except InputError as fault:
            raise relabelled(fault, loaded.where) from fault

    def _loaded(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """Signs with an Ed25519 private key; the key stays inside and out of every message.

    Attributes:
        private_key: The key as `cryptography` holds it.
        verification_key: The public half.
    """

    private_key: Ed25519PrivateKey = field(repr=False)
    verification_key: PublicKey = field(init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.private_key, Ed25519PrivateKey):
            raise UsageError(
                f"an Ed25519 private key is needed, not {type(self.private_key).__name__}",
                mend="use Ed25519Signer.from_pem(path) or Ed25519Signer.generate()",
            )
        raw = self.private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        object.__setattr__(self, "verification_key", PublicKey(raw))

    @property
    def algorithm(self) -> str:
        """Always `ed25519`."""
        return ALGORITHM

    @property
    def keyid(self) -> str:
        """The id of the public half."""
        return self.verification_key.keyid

    def sign(self, data: bytes) -> bytes:
        """Sign exactly these bytes; 64 bytes, the same every time (RFC 8032 section 5.1.6)."""
        return self.private_key.sign(data)

    def public_pem(self) -> bytes:
        """Spell the public half as PEM."""
        return self.verification_key.pem()

    def private_pem(self, password: str | bytes | None = None) -> bytes:
        """Spell the private key as PKCS #8 PEM, encrypted when a password is given.

        Raises:
            UsageError: The password is empty, or longer than OpenSSL takes.
        """
        return private_pem(self.private_key, password)

    def write(self, name: str | Path, password: str | bytes | None = None) -> tuple[Path, Path]:
        """Write NAME.pem (mode 0600) and NAME.pub.pem; neither ever replaces a file.

        Args:
            name: The path without a suffix; a trailing `.pem` is taken off.
            password: Encrypts the private file.

        Returns:
            The private and the public path.

        Raises:
            UsageError: The name is empty, a file of either name is there already, or the password
                is none that can be used.
            InputError: The folder is missing or cannot be written.
        """
        return write_key_pair(Path(name), self.private_pem(password), self.public_pem())

    @classmethod
    def generate(cls) -> Ed25519Signer:
        """Make a new key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, path: str | Path, password: str | bytes | None = None) -> Ed25519Signer:
        """Read a private key from a PKCS #8 PEM file.

        Args:
            path: The file.
            password: Needed exactly when the file is encrypted.

        Raises:
            UsageError: A public key was given, or a password is missing or superfluous.
            InputError: The file cannot be read, the password is wrong, or the key is not Ed25519.
        """
        return cls.from_loaded(load_private(path, password))

    @classmethod
    def from_loaded(cls, loaded: LoadedKey) -> Ed25519Signer:
        """Take a private key that was read already.

        Raises:
            InputError: It is no Ed25519 key.
        """
        if not isinstance(loaded.key, Ed25519PrivateKey):
            what = f"{kind(loaded.key)}, not Ed25519"
            raise InputError(what, where=loaded.where, mend=NEW_PAIR)
        return cls(loaded.key)


def _check_raw(raw: object) -> None:
    if not isinstance(raw, bytes) or len(raw) != 32:
        raise UsageError("an Ed25519 public key has 32 bytes", mend="read it with from_pem")
