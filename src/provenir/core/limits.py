"""Numbers that several modules of this room must agree on."""

from __future__ import annotations

from typing import Final

__all__ = ["MAX_DEPTH", "MAX_DOCUMENT_BYTES", "MAX_DOCUMENT_ITEMS", "MAX_SAFE_INTEGER"]

MAX_SAFE_INTEGER: Final = 2**53 - 1
"""Largest integer that every JSON reader keeps (RFC 8785 appendix D, RFC 7493 section 2.2)."""

MAX_DEPTH: Final = 200
"""Most nested containers in a canonical value; below orjson's own limit of 254."""

MAX_DOCUMENT_BYTES: Final = 64 * 1024 * 1024
"""Largest document or line that a reader accepts when not told otherwise, in bytes."""

MAX_DOCUMENT_ITEMS: Final = 4_000_000
"""Most values in a document that a reader accepts when not told otherwise."""
