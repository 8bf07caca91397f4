"""The one digest form: ``sha256:`` and 64 lower-case hexadecimal digits.

SHA-256 (FIPS 180-4) is the authoritative hash of every document, file and tree.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

from provenir.core.canonical import canonical_bytes
from provenir.core.errors import InputError
from provenir.core.files import open_regular

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "DIGEST_PREFIX",
    "digest_bytes",
    "digest_file",
    "digest_value",
    "format_digest",
    "is_digest",
    "parse_digest",
]

DIGEST_PREFIX: Final = "sha256:"
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_CHUNK_BYTES: Final = 1024 * 1024


def format_digest(raw: bytes) -> str:
    """Return the text form of 32 raw digest bytes.

    Raises:
        InputError: `raw` does not have 32 bytes.
    """
    if len(raw) != hashlib.sha256().digest_size:
        raise InputError(f"a SHA-256 digest has 32 bytes, this has {len(raw)}")
    return DIGEST_PREFIX + raw.hex()


def is_digest(text: object) -> bool:
    """Say whether `text` is a digest in the one accepted form."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def parse_digest(text: str) -> bytes:
    """Return the 32 raw bytes of a digest text.

    Raises:
        InputError: The text is not ``sha256:`` followed by 64 lower-case hexadecimal digits.
    """
    if not is_digest(text):
        raise InputError(
            f"{str(text)[:80]!r} is not a digest",
            mend="write sha256: and 64 lower-case hexadecimal digits",
        )
    return bytes.fromhex(text[len(DIGEST_PREFIX) :])


def digest_bytes(data: bytes) -> str:
    """Return the digest of `data`."""
    return DIGEST_PREFIX + hashlib.sha256(data).hexdigest()


def digest_value(value: Any) -> str:
    """Return the digest of the canonical bytes of a JSON value.

    Raises:
        CanonicalizationError: The value has no canonical bytes.
    """
    return digest_bytes(canonical_bytes(value))


def digest_file(path: str | Path, *, progress: Callable[[int], None] | None = None) -> str:
    """Return the digest of a regular file's bytes, reading it once in chunks of 1 MiB.

    Args:
        path: The file.
        progress: Called after each chunk with the number of bytes just read.

    Raises:
        InputError: The file is missing, unreadable, or not a regular file.
    """
    state = hashlib.sha256()
    with open_regular(path) as stream:
        try:
            while chunk := stream.read(_CHUNK_BYTES):
                state.update(chunk)
                if progress is not None:
                    progress(len(chunk))
        except OSError as error:
            raise InputError(f"cannot read: {error.strerror}", where=str(path)) from error
    return DIGEST_PREFIX + state.hexdigest()
