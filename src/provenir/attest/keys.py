"""Signers and verification keys: the two interfaces, and how to get each kind.

| who | makes | checked by | proves it to |
|---|---|---|---|
| `Ed25519Signer` | 64-byte signatures (RFC 8032) | `PublicKey` | anyone |
| `P256Signer` | DER signatures (FIPS 186-5) | `P256PublicKey` | anyone |
| `HmacSigner` | 32-byte tags (RFC 2104) | `HmacKey`, the same secret | nobody outside the team |

The algorithm is a property of the key that the verifier holds, never of what the envelope says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.serialization import load_der_public_key

from provenir.attest import ed25519, p256
from provenir.attest.ed25519 import Ed25519Signer, PublicKey
from provenir.attest.p256 import P256PublicKey, P256Signer
from provenir.attest.pem import LoadedKey, load_private, load_public
from provenir.attest.shared_secret import (
    HMAC_NOTE,
    HmacKey,
    HmacSigner,
    SecretBytes,
    hmac_secret,
)
from provenir.core.errors import InputError, UsageError

__all__ = [
    "ALGORITHMS",
    "HMAC_NOTE",
    "Ed25519Signer",
    "HmacKey",
    "HmacSigner",
    "P256PublicKey",
    "P256Signer",
    "PublicKey",
    "SecretBytes",
    "Signer",
    "VerificationKey",
    "each_key",
    "hmac_secret",
    "load_signer",
    "public_key",
    "public_key_from_der",
]

ALGORITHMS: Final = (ed25519.ALGORITHM, p256.ALGORITHM)
"""Of the keys whose public half anyone may hold."""


@runtime_checkable
class Signer(Protocol):
    """Makes signatures. A key service can stand behind it: only `sign` touches the key."""

    @property
    def keyid(self) -> str:
        """A hint for the verifier, unauthenticated."""

    @property
    def algorithm(self) -> str:
        """`ed25519`, `p256` or `hmac-sha256`."""

    def sign(self, data: bytes) -> bytes:
        """Sign exactly these bytes."""


@runtime_checkable
class VerificationKey(Protocol):
    """Checks signatures.

    Laws: `verify` never raises, whatever bytes it is given; two keys with equal `material` accept
    the same signatures and count as one.
    """

    @property
    def keyid(self) -> str:
        """The id that this key's signer writes; used to try likely keys first, for nothing else."""

    @property
    def algorithm(self) -> str:
        """`ed25519`, `p256` or `hmac-sha256`; decided by whoever holds the key."""

    @property
    def material(self) -> bytes:
        """What makes this key this key."""

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Tell whether the signature over exactly these bytes is by this key."""


def each_key(spec: object) -> tuple[Any, ...]:
    """Take apart what a user gives where one key or several may stand.

    Args:
        spec: Bytes of any kind, text, a path, a signer and a verification key are one key each;
            any other iterable is several.

    Returns:
        The keys as they were given; whoever loads them judges them. Empty for an empty iterable.
    """
    one = (SecretBytes, str, Path, Signer, VerificationKey, Mapping)
    if isinstance(spec, one) or not isinstance(spec, Iterable):
        return (spec,)
    return tuple(spec)


def load_signer(
    spec: SecretBytes | str | Path | Signer,
    *,
    password: str | bytes | None = None,
    key_id: str = "default",
) -> Signer:
    """Turn what a user gives as a signing key into a signer.

    Args:
        spec: Bytes are an HMAC secret, a path is a PEM file of an Ed25519 or P-256 key, a signer
            is itself. Lists of keys are taken apart by `each_key`.
        password: For an encrypted PEM file.
        key_id: The name of an HMAC secret; any other key has its own.

    Raises:
        UsageError: Nothing of that kind, or a key of the wrong kind.
        InputError: The PEM file cannot be read or holds no key of these kinds.
    """
    if isinstance(spec, str | Path):
        if _is_missing(spec):
            raise UsageError(
                "no such key file",
                where=_shown(spec),
                mend="make a pair with: provenir key new --out NAME; an HMAC secret is given "
                "as bytes",
            )
        loaded = load_private(spec, password)
        if isinstance(loaded.key, EllipticCurvePrivateKey):
            return P256Signer.from_loaded(loaded)
        return Ed25519Signer.from_loaded(loaded)
    if password is not None:
        raise UsageError("a password opens a PEM file only", mend="leave the password out")
    if isinstance(spec, SecretBytes):
        return HmacSigner(hmac_secret(spec), key_id)
    if not isinstance(spec, type) and isinstance(spec, Signer):
        return spec
    raise UsageError(
        f"no signing key: {type(spec).__name__}",
        mend="give bytes (HMAC), the path of a PEM file or a signer",
    )


def public_key(source: str | Path | bytes, *, alg: str | None = None) -> PublicKey | P256PublicKey:
    """Read a public key from a PEM file, whichever of the two algorithms it has.

    Args:
        source: A path, PEM text or the bytes of a PEM file.
        alg: The algorithm that the key must have, one of `ALGORITHMS`; None takes either.

    Raises:
        UsageError: A private key was handed over.
        InputError: The file cannot be read, or holds no such key.
    """
    return _public(load_public(source), alg)


def public_key_from_der(
    der: bytes, *, alg: str | None = None, where: str | None = None
) -> PublicKey | P256PublicKey:
    """Read a public key from its SubjectPublicKeyInfo in DER (RFC 5280 section 4.1).

    Args:
        der: The bytes.
        alg: The algorithm that the key must have, one of `ALGORITHMS`; None takes either.
        where: Where the bytes stand, for messages.

    Raises:
        InputError: The bytes are no such key.
    """
    try:
        key = load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise InputError(
            "no public key in DER", where=where, mend="copy it again from NAME.pub.pem"
        ) from fault
    return _public(LoadedKey(key, where), alg)


def _public(loaded: LoadedKey, alg: str | None) -> PublicKey | P256PublicKey:
    """The key as its algorithm has it; a foreign kind is refused by the class that was asked."""
    is_p256 = (
        isinstance(loaded.key, EllipticCurvePublicKey) if alg is None else alg == p256.ALGORITHM
    )
    return P256PublicKey.from_loaded(loaded) if is_p256 else PublicKey.from_loaded(loaded)


def _is_missing(path: str | Path) -> bool:
    """Tell whether nothing is at the path; one that cannot be looked at counts as there."""
    try:
        return not Path(path).exists()
    except OSError:
        return False


def _shown(path: str | Path) -> str | None:
    """A path for the message, unless the text may be a secret that was given as a path."""
    text = str(path)
    return text if isinstance(path, Path) or "/" in text or text.endswith(".pem") else None
