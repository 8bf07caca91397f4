"""PEM files of keys: read with one reading, written encrypted or not (RFC 7468, PKCS #8).

What is common to every algorithm stands here; which key is in the block, and whether it is one to
trust, is the business of the module of that algorithm.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from provenir.attest.key_material import pem_label, read_key_file
from provenir.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

__all__ = [
    "KEY_VARIABLE",
    "NEW_PAIR",
    "LoadedKey",
    "kind",
    "load_private",
    "load_public",
    "private_pem",
    "relabelled",
]

KEY_VARIABLE: Final = "PROVENIR_KEY_PASSWORD"
"""Opens an encrypted private key where no password is given."""
NEW_PAIR: Final = "make a pair with: provenir key new --out NAME"

_MAX_PASSWORD_BYTES = 1_023  # PEM_BUFSIZE of OpenSSL, less its end mark


@dataclass(frozen=True, slots=True)
class LoadedKey:
    """A key as `cryptography` holds it, and where it comes from.

    Attributes:
        key: A public or private key of any algorithm; kept out of `repr`.
        where: The name of the file, or None for bytes.
    """

    key: Any
    where: str | None

    def __repr__(self) -> str:
        return f"LoadedKey({kind(self.key)}, where={self.where!r})"


def load_public(source: object) -> LoadedKey:
    """Read the one public key of a PEM file, whatever its algorithm.

    Args:
        source: A path, PEM text or the bytes of a PEM file.

    Raises:
        UsageError: A private key was handed over; it belongs to the signer alone.
        InputError: The file cannot be read, or holds no public key.
    """
    data, where = _content(source)
    label = pem_label(data, where=where)
    if "PRIVATE KEY" in label:
        raise UsageError(
            "a private key was given where a public key is expected",
            where=where,
            mend="give NAME.pub.pem, and keep NAME.pem to the signer",
        )
    try:
        key: PublicKeyTypes = load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise InputError(f"no public key ({label})", where=where, mend=NEW_PAIR) from fault
    return LoadedKey(key, where)


def load_private(path: str | Path, password: str | bytes | None) -> LoadedKey:
    """Read the one private key of a PEM file, whatever its algorithm.

    Args:
        path: The file.
        password: Needed exactly when the file is encrypted; `KEY_VARIABLE` stands in for it.

    Raises:
        UsageError: A public key was given, or a password is missing, empty or superfluous.
        InputError: The file cannot be read, or the password is wrong.
    """
    where = str(path)
    data = read_key_file(Path(path))
    label = pem_label(data, where=where)
    if "PRIVATE KEY" not in label:
        raise UsageError(
            f"a private key is needed to sign, this is a PEM block ({label})",
            where=where,
            mend="give NAME.pem, not NAME.pub.pem",
        )
    return LoadedKey(_load_private(data, _password(password), where), where)


def private_pem(key: Any, password: str | bytes | None) -> bytes:
    """Spell a private key as PKCS #8 PEM, encrypted when a password is given.

    Raises:
        UsageError: The password is empty, or longer than OpenSSL takes.
    """
    secret = _password(password)
    if secret is not None and len(secret) > _MAX_PASSWORD_BYTES:
        raise UsageError(
            f"a password of {len(secret):,} bytes",
            mend=f"give one of at most {_MAX_PASSWORD_BYTES:,} bytes",
        )
    encryption: KeySerializationEncryption = (
        NoEncryption() if secret is None else BestAvailableEncryption(secret)
    )
    spelled: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return spelled


def kind(key: object) -> str:
    """The class of a key in words, its curve with it: `EllipticCurvePublicKey (secp384r1)`."""
    name = f"{type(key).__name__.lstrip('_')} key".replace("Key key", " key")
    curve = getattr(getattr(key, "curve", None), "name", None)
    return name if curve is None else f"{name} on {curve}"


def relabelled(fault: InputError, where: str | None) -> InputError:
    """The same refusal of a key, with the file that it came from."""
    return InputError(fault.what, where=where, mend=fault.mend)


def _load_private(data: bytes, password: bytes | None, where: str) -> PrivateKeyTypes:
    """Load any private key, each way to fail with its own sentence."""
    try:
        return load_pem_private_key(data, password=password)
    except TypeError as fault:
        told = os.environ.get(KEY_VARIABLE, "").encode("utf-8", "surrogateescape")
        if password is None and told:
            return _load_private(data, told, where)
        if password is None:
            raise UsageError(
                "the private key is encrypted",
                where=where,
                mend=f"give its password: load_signer(path, password=…), or {KEY_VARIABLE}",
            ) from fault
        raise UsageError(
            "the private key is not encrypted, yet a password was given",
            where=where,
            mend="leave the password out",
        ) from fault
    except (ValueError, UnsupportedAlgorithm) as fault:
        what = "no private key that can be read" if password is None else "wrong password or file"
        raise InputError(what, where=where, mend=NEW_PAIR) from fault


def _content(source: object) -> tuple[bytes, str | None]:
    """Bytes and name of a PEM given as a path, as bytes or as PEM text."""
    if isinstance(source, bytes):
        return source, None
    if isinstance(source, str) and "-----BEGIN " in source:
        return source.encode("utf-8", "replace"), None
    if isinstance(source, str | Path):
        return read_key_file(Path(source)), str(source)
    raise UsageError(
        f"a public key is a path or PEM bytes, not {type(source).__name__}",
        mend="PublicKey.from_pem('NAME.pub.pem')",
    )


def _password(password: str | bytes | None) -> bytes | None:
    """A password as bytes.

    Raises:
        UsageError: It is empty: an empty password protects nothing.
    """
    if password is None:
        return None
    secret = password.encode("utf-8", "surrogateescape") if isinstance(password, str) else password
    if not secret:
        raise UsageError("the password is empty", mend="give a password, or none at all")
    return secret
