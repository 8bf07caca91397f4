"""Base64 with one reading: RFC 4648 sections 4 and 5, and nothing that merely decodes.

`base64.b64decode` skips characters that it does not know and ignores stray bits under the padding,
so that one payload has many spellings. An envelope is compared, digested and stored as bytes:
here every byte string has exactly one spelling per alphabet.
"""

from __future__ import annotations

import base64
import binascii

from provenir.core.errors import InputError

__all__ = ["decode", "encode"]


def encode(data: bytes) -> str:
    """Spell bytes in the standard alphabet with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode(text: str, *, where: str | None = None) -> bytes:
    """Read canonical base64 in the standard or the URL-safe alphabet.

    A DSSE verifier must accept either alphabet (protocol.md, "Protocol"); a text that mixes the
    two, lacks its padding, holds white space or sets unused bits is refused, since it is not what
    any encoder writes.

    Args:
        text: The encoded text.
        where: Where the text stands, for the message.

    Returns:
        The decoded bytes.

    Raises:
        InputError: The text is not canonical base64.
    """
    urlsafe = "-" in text or "_" in text
    try:
        standard = text.replace("-", "+").replace("_", "/").encode("ascii")
        data = base64.b64decode(standard, validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError) as fault:
        raise InputError(
            "not base64 (white space, a foreign character or missing padding)",
            where=where,
            mend="read another copy; this one was changed on its way",
        ) from fault
    spelled = base64.urlsafe_b64encode(data) if urlsafe else base64.b64encode(data)
    if spelled != text.encode("ascii"):
        raise InputError(
            "base64 that no encoder writes (mixed alphabets or stray bits)", where=where
        )
    return data
