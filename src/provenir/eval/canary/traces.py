r"""Where canaries stand in the bytes of a corpus, whatever was done to them on the way.

One rule, over the bytes of a row as JSON stores it:

1. the digits of a canary may stand in either case, and in full width (U+FF10…);
2. between them may stand any number of characters that are neither ASCII letters nor ASCII
   digits: hyphens, spaces, zero-width characters, punctuation, NUL, all that is not ASCII;
3. an escape stands for its character (RFC 8259 section 7), `\n` between two digits as well as a
   digit spelled ``\u0031``; so it does with doubled backslashes, for JSON text within JSON;
4. an ASCII letter beyond f, and the end of the row, end a canary.

All 32 digits are compared, so nothing else is ever taken for a canary. `Traces` first asks of
a block whether 32 hexadecimal digits follow each other in it at all, a question that may be
answered yes too often and never no too often.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Final

from provenir.eval.canary.token import DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from provenir.eval.canary.token import Canary

__all__ = ["Traces", "squeezed"]

_HEX: Final = b"0123456789abcdefABCDEF"
_LETTERS: Final = b"ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ"
_FULL_WIDTH_LEAD: Final = b"\xef"
_DROPPED: Final = bytes(set(range(256)) - {*_HEX, *_LETTERS})
_DROPPED_BUT_LEAD: Final = bytes(set(_DROPPED) - set(_FULL_WIDTH_LEAD))
_LOWER: Final = bytes.maketrans(b"ABCDEF" + _LETTERS, b"abcdef" + b"z" * len(_LETTERS))
_SHAPE: Final = bytes.maketrans(
    _HEX + _FULL_WIDTH_LEAD + _LETTERS, b"h" * (len(_HEX) + 1) + b"z" * len(_LETTERS)
)
_ENOUGH: Final = b"h" * DIGITS
_RUN: Final = re.compile(rb"[0-9a-f]{%d,}" % DIGITS)
_ESCAPE: Final = re.compile(rb"(\\+)(?:u([0-9a-fA-F]{4})|([bfnrt]))")
_WIDE: Final = re.compile(rb"\xef\xbc[\x90-\x99\xa1-\xa6]|\xef\xbd[\x81-\x86]")
_WIDE_BASE: Final = 0xFEE0  # from U+FF01…FF5E to ASCII


class Traces:
    """What is looked for: the digits of many canaries.

    Args:
        canaries: Any number of them.
    """

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self.by_digits: dict[bytes, Canary] = {each.digits.encode(): each for each in canaries}

    def in_row(self, row: bytes) -> list[Canary]:
        """Return the canaries in the bytes of one row, in their order there, each once."""
        if not _may_hold(row):
            return []
        known = self.by_digits
        found: dict[bytes, Canary] = {}
        for run in _RUN.finditer(squeezed(row)):
            digits = run[0]
            for start in range(len(digits) - DIGITS + 1):
                window = digits[start : start + DIGITS]
                if window in known:
                    found[window] = known[window]
        return list(found.values())

    def in_block(self, block: bytes) -> Iterator[tuple[int, list[Canary]]]:
        """Yield the offset of each row of a block that holds canaries, and those.

        Args:
            block: Whole rows, each but perhaps the last with its newline.
        """
        if not _may_hold(block):
            return
        offset = 0
        for row in BytesIO(block):
            found = self.in_row(row)
            if found:
                yield offset, found
            offset += len(row)


def squeezed(data: bytes) -> bytes:
    """Return the digits of a text in lower case, a ``z`` where a letter parts them."""
    if b"\\" in data:
        data = _ESCAPE.sub(_unescaped, data)
    if _FULL_WIDTH_LEAD in data:
        data = _WIDE.sub(_narrowed, data)
    return data.translate(_LOWER, _DROPPED)


def _may_hold(data: bytes) -> bool:
    """Whether enough digits follow each other; escapes and full width are counted generously."""
    if len(data) < DIGITS:
        return False
    if b"\\" in data:
        for escape in (rb"\n", rb"\u", rb"\r", rb"\t"):
            data = data.replace(escape, b"")
    return _ENOUGH in data.translate(_SHAPE, _DROPPED_BUT_LEAD)


def _unescaped(escape: re.Match[bytes]) -> bytes:
    slashes, point, letter = escape.groups()
    if point is not None:
        char = chr(int(point, 16))
        return char.encode("utf-8", "replace") if char.isalnum() else b" "
    # An even number of backslashes is backslashes, and the letter one of the text. JSON within
    # JSON is not told from that; b and f are digits, so there they count as such.
    if letter in b"bf" and len(slashes) % 2 == 0:
        return letter
    return b" "


def _narrowed(match: re.Match[bytes]) -> bytes:
    return chr(ord(match[0].decode("utf-8")) - _WIDE_BASE).encode("ascii")
