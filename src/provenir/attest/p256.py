"""ECDSA keys on P-256 with SHA-256: sign, verify, read and write PEM (FIPS 186-5, RFC 5480).

For whoever must: hardware tokens, cloud key services and OpenSSF model signing speak P-256.
Signatures are DER (RFC 3279 section 2.2.3). Unlike Ed25519's they are not unique: from (r, s)
anyone makes (r, n - s), which verifies too. So a signature is never an identity here; keys are
counted, and what is digested is the payload.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
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

__all__ = ["ALGORITHM", "P256PublicKey", "P256Signer"]

ALGORITHM: Final = "p256"

_NEW_P256 = f"{NEW_PAIR} --alg p256"
_HASHED = ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class P256PublicKey:
    """A public key on P-256, compared by its material.

    Attributes:
        raw: The point as SEC 1 section 2.3.3 spells it, 65 bytes without compression; a compressed
            point is taken and written out.

    Raises:
        UsageError: `raw` is not bytes.
        InputError: `raw` is no point of the curve, or the point at infinity.
    """

    raw: bytes

    def __post_init__(self) -> None:
        if not isinstance(self.raw, bytes):
            raise UsageError("a P-256 public key is bytes", mend="read it with from_pem")
        try:
            key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), self.raw)
        except ValueError as fault:
            raise InputError("no point of the curve P-256", mend=_NEW_P256) from fault
        object.__setattr__(self, "raw", _point(key))

    @property
    def algorithm(self) -> str:
        """Always `p256`."""
        return ALGORITHM

    @property
    def keyid(self) -> str:
        """`p256:` and the hex SHA-256 of the SubjectPublicKeyInfo in DER."""
        return f"{ALGORITHM}:{hashlib.sha256(self.material).hexdigest()}"

    @property
    def material(self) -> bytes:
        """The SubjectPublicKeyInfo in DER, the point uncompressed: equal bytes, one key."""
        return self._loaded().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Tell whether the signature over exactly these bytes is by this key; never raises."""
        try:
            self._loaded().verify(signature, data, _HASHED)
        except InvalidSignature:
            return False
        return True

    def pem(self) -> bytes:
        """Spell the key as a PEM `PUBLIC KEY` block."""
        return self._loaded().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @classmethod
    def from_pem(cls, source: str | Path | bytes) -> P256PublicKey:
        """Read a public key.

        Args:
            source: A path, or the bytes of a PEM file.

        Raises:
            UsageError: A private key was handed over; it belongs to the signer alone.
            InputError: The file cannot be read, or holds no P-256 public key.
        """
        return cls.from_loaded(load_public(source))

    @classmethod
    def from_loaded(cls, loaded: LoadedKey) -> P256PublicKey:
        """Take a key that was read already.

        Raises:
            InputError: It is no public key on P-256.
        """
        key = loaded.key
        if not _is_p256(key, EllipticCurvePublicKey):
            raise InputError(f"{kind(key)}, not P-256", where=loaded.where, mend=_NEW_P256)
        try:
            return cls(_point(key))
        except InputError as fault:
            raise relabelled(fault, loaded.where) from fault

    def _loaded(self) -> EllipticCurvePublicKey:
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), self.raw)


@dataclass(frozen=True, slots=True)
class P256Signer:
    """Signs with a private key on P-256; the key stays inside and out of every message.

    Attributes:
        private_key: The key as `cryptography` holds it.
        verification_key: The public half.
    """

    private_key: EllipticCurvePrivateKey = field(repr=False)
    verification_key: P256PublicKey = field(init=False)

    def __post_init__(self) -> None:
        key = self.private_key
        if not _is_p256(key, EllipticCurvePrivateKey):
            raise UsageError(
                f"a P-256 private key is needed, not {type(key).__name__}",
                mend="use P256Signer.from_pem(path) or P256Signer.generate()",
            )
        object.__setattr__(self, "verification_key", P256PublicKey(_point(key.public_key())))

    @property
    def algorithm(self) -> str:
        """Always `p256`."""
        return ALGORITHM

    @property
    def keyid(self) -> str:
        """The id of the public half."""
        return self.verification_key.keyid

    def sign(self, data: bytes) -> bytes:
        """Sign exactly these bytes; at most 72 bytes of DER, another one each time."""
        return self.private_key.sign(data, _HASHED)

    def public_pem(self) -> bytes:
        """Spell the public half as PEM."""
        return self.verification_key.pem()

    def private_pem(self, password: str | bytes | None = None) -> bytes:
        """Spell the private key as PKCS #8 PEM; see `Ed25519Signer.private_pem`."""
        return private_pem(self.private_key, password)

    def write(self, name: str | Path, password: str | bytes | None = None) -> tuple[Path, Path]:
        """Write NAME.pem (mode 0600) and NAME.pub.pem; see `Ed25519Signer.write`."""
        return write_key_pair(Path(name), self.private_pem(password), self.public_pem())

    @classmethod
    def generate(cls) -> P256Signer:
        """Make a new key from the operating system's randomness."""
        return cls(generate_private_key(SECP256R1()))

    @classmethod
    def from_pem(cls, path: str | Path, password: str | bytes | None = None) -> P256Signer:
        """Read a private key from a PEM file (PKCS #8 or SEC 1).

        Args:
            path: The file.
            password: Needed exactly when the file is encrypted.

        Raises:
            UsageError: A public key was given, or a password is missing or superfluous.
            InputError: The file cannot be read, the password is wrong, or the key is not P-256.
        """
        return cls.from_loaded(load_private(path, password))

    @classmethod
    def from_loaded(cls, loaded: LoadedKey) -> P256Signer:
        """Take a private key that was read already.

        Raises:
            InputError: It is no key on P-256.
        """
        key = loaded.key
        if not _is_p256(key, EllipticCurvePrivateKey):
            raise InputError(f"{kind(key)}, not P-256", where=loaded.where, mend=_NEW_P256)
        return cls(key)


def _is_p256(key: object, half: type) -> bool:
    return isinstance(key, half) and isinstance(getattr(key, "curve", None), SECP256R1)


def _point(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
