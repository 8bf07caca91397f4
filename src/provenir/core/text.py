"""Text that is safe to show, and names that are safe on a file system.

Everything that comes from a model, a data file or a command line may hold escape sequences,
bidirectional overrides or invisible characters. `printable` turns each of them into a visible
escape, so that what a person reads is what the text holds. The character table is written out
here instead of being asked from `unicodedata`, so that the result does not change with the
Unicode version of the interpreter.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["DEFAULT_MAX_CHARS", "SLUG_MAX_CHARS", "is_encodable", "printable", "slug"]

DEFAULT_MAX_CHARS: Final = 1_000
"""How many characters `printable` returns at most when not told otherwise."""

SLUG_MAX_CHARS: Final = 48
"""Longest slug, in characters (formats: ids)."""

_SLUG_FALLBACK: Final = "unnamed"
_SLUG_INPUT_CHARS: Final = 1_024  # bounds the cost of normalising a hostile name

# Controls (C0, DEL, C1), line and paragraph separators, bidirectional controls (UAX #9), and the
# Default_Ignorable code points of the Unicode Character Database except the two emoji variation
# selectors U+FE0E and U+FE0F; then surrogates, which no output stream can encode.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff]"
)
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def is_encodable(text: str) -> bool:
    """Whether the text has a form in UTF-8: it holds no lone surrogate."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _escape(match: re.Match[str]) -> str:
    char = match.group(0)
    named = _NAMED.get(char)
    if named is not None:
        return named
    point = ord(char)
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def printable(text: str, *, max_chars: int = DEFAULT_MAX_CHARS) -> str:
    r"""Return `text` in one line without a character that acts instead of showing itself.

    Control characters (so every terminal escape and OSC sequence), newlines, bidirectional
    overrides, zero-width and other invisible characters and lone surrogates become visible
    escapes such as ``\x1b`` or ``\u202e``. The function is idempotent. Markup (HTML, Markdown)
    is not its business: the writer of that format escapes it.

    Args:
        text: Any string, of any length; the cost is bounded by `max_chars`.
        max_chars: Longest result in characters; a longer text is cut and ends in ``…``.

    Returns:
        A string without newlines of at most `max_chars` characters.
    """
    limit = max(1, max_chars)
    # An escape is never shorter than what it replaces, so limit + 1 characters decide.
    shown = _UNSAFE.sub(_escape, text[: limit + 1])
    if len(shown) <= limit:
        return shown
    return shown[: limit - 1] + "…"


def slug(name: str) -> str:
    """Return a file-system name for `name`: ``[a-z0-9-]{1,48}``, never empty.

    Letters are folded to ASCII where Unicode decomposes them (``é`` to ``e``), everything else
    becomes a hyphen. The result neither begins nor ends with a hyphen, so it can be mistaken for
    neither a command-line option nor a path. Distinct names may share a slug: a slug is for
    reading, identity comes from what stands beside it.
    """
    folded = unicodedata.normalize("NFKD", name[:_SLUG_INPUT_CHARS]).lower()
    plain = folded.encode("ascii", "ignore").decode("ascii") if not folded.isascii() else folded
    joined = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return joined[:SLUG_MAX_CHARS].strip("-") or _SLUG_FALLBACK
