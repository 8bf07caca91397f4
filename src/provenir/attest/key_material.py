"""What kind of key is this text? Answered before anything is used as a key.

The classic forgery against a system that knows both public keys and shared secrets is to hand the
*public* key in as the shared secret: everyone holds it, so everyone can forge. Whoever takes a
secret asks here first.
"""

from __future__ import annotations

import base64
import binascii
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from provenir.core.errors import InputError, UsageError
from provenir.core.files import read_bounded

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_KEY_FILE_BYTES", "describe_key", "pem_label", "read_key_file"]

MAX_KEY_FILE_BYTES: Final = 64 * 1024

_PEM_BEGIN = re.compile(rb"-----BEGIN ([^\r\n-]{0,64})-----")
_SSH2_BEGIN = re.compile(rb"---- BEGIN [^\r\n-]{0,64}----")  # RFC 4716 section 3.1
_OPENSSH = (b"ssh-ed25519 ", b"ssh-rsa ", b"ssh-dss ", b"ecdsa-sha2-", b"sk-ssh-", b"sk-ecdsa-")
# The same key without its line: the length of the algorithm's name, then the name (RFC 4253, 6.6).
_SSH_BLOB = re.compile(rb"\x00\x00\x00.(?:ssh-|ecdsa-sha2-|sk-ssh-|sk-ecdsa-)", re.DOTALL)
_KEYID = re.compile(rb"(?:ed25519|p256):[0-9a-fA-F]{64}")
_POINT_BYTES = 65  # SEC 1 section 2.3.3: 0x04, then both coordinates of a point on P-256
_URL_ALPHABET = bytes.maketrans(b"-_", b"+/")
_DER_SEQUENCE = 0x30
_LAYERS: Final = 2


def describe_key(data: bytes) -> str | None:
    """Name the kind of asymmetric key that these bytes spell, or None.

    Recognised: any PEM or RFC 4716 block, DER public and private keys, uncompressed points of
    P-256, OpenSSH key lines and what is in them, JSON Web Keys and our own key ids; each as it is,
    behind white space, a byte order mark or UTF-16, and in hexadecimal digits or base64 (both
    alphabets), once or twice over. The raw bytes of an Ed25519 key (32) and of a compressed point
    (33), in whatever spelling, cannot be told from a good secret.

    Args:
        data: The bytes under suspicion; never repeated in the answer.

    Returns:
        A phrase such as "a PEM block (PUBLIC KEY)", or None.
    """
    kinds = (_kind(reading) for reading in _readings(data))
    return next((kind for kind in kinds if kind is not None), None)


def pem_label(data: bytes, *, where: str | None) -> str:
    """Return the label of the one PEM block in a file ("PUBLIC KEY", "PRIVATE KEY", …).

    Args:
        data: Content of a key file.
        where: Its name, for the message.

    Raises:
        InputError: There is no PEM block, or more than one: which key was meant is not guessed.
    """
    labels = [_label(match) for match in _PEM_BEGIN.finditer(data)]
    if not labels:
        kind = describe_key(data)
        raise InputError(
            f"{kind}, not a PEM file" if kind else "not a PEM key file",
            where=where,
            mend="give the PEM file of a key; a pair is made by: provenir key new --out NAME",
        )
    if len(labels) > 1:
        raise InputError(
            f"{len(labels)} PEM blocks in one key file",
            where=where,
            mend="keep one key in a file",
        )
    return labels[0]


def read_key_file(path: Path) -> bytes:
    """Read a key file of at most 64 KiB; only regular files are opened.

    Raises:
        InputError: The file is missing, too large, unreadable or no regular file.
        UsageError: The path is empty or holds a NUL.
    """
    text = str(path)
    if "\x00" in text or path == Path():
        raise UsageError("not a path to a key file", mend="give the path of a PEM file")
    return read_bounded(path, max_bytes=MAX_KEY_FILE_BYTES)


def _label(match: re.Match[bytes]) -> str:
    return match[1].decode("ascii", "replace")


def _plain(data: bytes) -> bytes:
    """Text without what stands around it: UTF-16's zeros, a byte order mark, white space."""
    return data.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").strip()


def _kind(data: bytes) -> str | None:
    """Name the kind of key that these bytes are as they stand."""
    plain = _plain(data)
    block = _PEM_BEGIN.search(plain)
    if block:
        return f"a PEM block ({_label(block)})"
    if plain.startswith(_OPENSSH) or _SSH2_BEGIN.search(plain) or _SSH_BLOB.match(data):
        return "an OpenSSH public key"
    if plain.startswith(b"{") and b'"kty"' in plain:
        return "a JSON Web Key"
    if _KEYID.fullmatch(plain):
        return "the id of a public key"
    if _is_point(data):
        return "a raw P-256 public key"
    return "a DER key" if _is_der_key(_der_value(data.lstrip())) else None


def _readings(data: bytes) -> Iterator[bytes]:
    """The bytes, and whatever they decode to, and whatever that decodes to."""
    layer = [data]
    for _ in range(_LAYERS):
        yield from layer
        layer = [decoded for each in layer for decoded in _decoded(each)]
    yield from layer


def _decoded(data: bytes) -> list[bytes]:
    """What the bytes are as hexadecimal digits and as base64, spread over lines or not."""
    text = b"".join(_plain(data).split())
    body = text.rstrip(b"=").translate(_URL_ALPHABET)
    found = []
    with suppress(ValueError):  # not hexadecimal
        found.append(bytes.fromhex(text.replace(b":", b"").decode("ascii")))
    with suppress(binascii.Error):  # not base64
        found.append(base64.b64decode(body + b"=" * (-len(body) % 4), validate=True))
    return found


def _der_value(data: bytes) -> bytes:
    """The sequence that the bytes begin with, without what follows it (X.690 section 8.1.3)."""
    if len(data) < 2 or data[0] != _DER_SEQUENCE:
        return b""
    size, header = data[1], 2
    if size > 0x80:
        header += size - 0x80
        size = int.from_bytes(data[2:header], "big")
    return data[: header + size]


def _is_point(data: bytes) -> bool:
    """Tell whether the bytes are an uncompressed point of P-256: by chance, never."""
    if len(data) != _POINT_BYTES or data[0] != 4:
        return False
    with suppress(ValueError):  # not on the curve
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), data)
        return True
    return False


def _is_der_key(data: bytes) -> bool:
    """Tell whether the bytes parse as a DER public or private key, encrypted ones included."""
    try:
        load_der_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        try:
            load_der_private_key(data, password=None)
        except TypeError:
            return True  # an encrypted private key: it parses and asks for its password
        except (ValueError, UnsupportedAlgorithm):
            return False
    return True
