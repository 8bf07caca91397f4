"""What kind of key is this text? Answered before anything is used as a key.

The classic forgery against a system that knows both public keys and shared secrets is to hand the
*public* key in as the shared secret: everyone holds it, so everyone can forge. Whoever takes a
secret asks here first.
"""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from provenir.core.errors import InputError, UsageError
from provenir.core.files import read_bounded

__all__ = ["MAX_KEY_FILE_BYTES", "describe_key", "pem_label", "read_key_file"]

MAX_KEY_FILE_BYTES: Final = 64 * 1024

_PEM_BEGIN = re.compile(rb"-----BEGIN ([^\r\n-]{0,64})-----")
_OPENSSH = (b"ssh-ed25519 ", b"ssh-rsa ", b"ssh-dss ", b"ecdsa-sha2-", b"sk-ssh-", b"sk-ecdsa-")
_KEYID = re.compile(rb"ed25519:[0-9a-fA-F]{64}")
_DER_SEQUENCE = b"\x30"


def describe_key(data: bytes) -> str | None:
    """Name the kind of asymmetric key that these bytes spell, or None.

    Recognised: any PEM block, DER public and private keys raw or in base64, OpenSSH key lines,
    JSON Web Keys and our own key ids; also behind white space, a byte order mark or UTF-16.
    Thirty-two raw bytes cannot be told from a good secret and are not named.

    Args:
        data: The bytes under suspicion; never repeated in the answer.

    Returns:
        A phrase such as "a PEM block (PUBLIC KEY)", or None.
    """
    plain = data.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").strip()
    block = _PEM_BEGIN.search(plain)
    if block:
        return f"a PEM block ({_label(block)})"
    if plain.startswith(_OPENSSH):
        return "an OpenSSH public key"
    if plain.startswith(b"{") and b'"kty"' in plain:
        return "a JSON Web Key"
    if _KEYID.fullmatch(plain):
        return "the id of a public key"
    for candidate in (data, _from_base64(plain)):
        if candidate.startswith(_DER_SEQUENCE) and _is_der_key(candidate):
            return "a DER key"
    return None


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


def _from_base64(text: bytes) -> bytes:
    """Decode base64 spread over lines, or give nothing back."""
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


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
