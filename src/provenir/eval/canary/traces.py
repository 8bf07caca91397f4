r"""Where canaries stand in the bytes of a corpus, whatever was done to them on the way.

One rule, over the bytes of a row as JSON stores it:

1. the digits of a canary may stand in either case, and in full width (U+FF10…);
2. between them may stand any number of characters that are neither ASCII letters nor ASCII
   digits: hyphens, spaces, zero-width characters, punctuation, NUL, all that is not ASCII;
3. an escape stands for its character (RFC 8259 section 7), `\n` between two digits as well as a
   digit spelled ``\u0031``; so it does with doubled backslashes, for JSON text within JSON;
4. an ASCII letter beyond f, and the end of the row, end a canary.

All 32 digits are compared, so nothing else is ever taken for a canary.

A canary takes 32 bytes at least, and none of them can be a letter beyond f, but for the n, r, t
and u of escapes. So a block is first searched for stretches of 32 such bytes, which prose has few
of, and only those are read closely.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from provenir.eval.canary.token import DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from provenir.eval.canary.token import Canary

__all__ = ["Traces"]

_PARTING: Final = b"ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ"
_ALWAYS_PARTING: Final = b"\n" + _PARTING.translate(None, b"nrtu")
_ENDS: Final = bytes(byte in _ALWAYS_PARTING for byte in range(256))
_END: Final = b"\x01"
_STRETCH: Final = bytes(DIGITS)

_KEPT: Final = b"0123456789abcdefABCDEF" + _PARTING
_DROPPED: Final = bytes(set(range(256)) - set(_KEPT))
_NO_DIGIT: Final = bytes(set(range(256)) - set(b"0123456789abcdefABCDEF\xef"))
_LOWER: Final = bytes.maketrans(b"ABCDEF" + _PARTING, b"abcdef" + b"z" * len(_PARTING))
_RUN: Final = re.compile(rb"[0-9a-f]{%d,}" % DIGITS)
# After an even number of backslashes the letter is one of the text, unless it is JSON within JSON,
# which cannot be told. There b and f count as the digits that they are.
_GAPS: Final = re.compile(
    rb"(?<!\\)(?:\\++(?:[nrt]|u(?!00[3-7]|[fF]{2}[124])[0-9a-fA-F]{4}))+|(?<!\\)\\(?:\\\\)*+[bf]"
)
_SPELLED: Final = re.compile(rb"(?<!\\)\\++u([0-9a-fA-F]{4})")
_WIDE: Final = re.compile(rb"\xef(?:\xbc[\x90-\x99\xa1-\xa6]|\xbd[\x81-\x86])")
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
        return [canary for _, found in self.in_block(row) for canary in found]

    def in_block(self, block: bytes) -> Iterator[tuple[int, list[Canary]]]:
        """Yield the offset of each row of a block that holds canaries, and those.

        Args:
            block: Whole rows, each but perhaps the last with its newline.
        """
        row = 0
        canaries: dict[Canary, None] = {}
        for start, found in self._in_stretches(block):
            begin = block.rfind(b"\n", 0, start) + 1
            if canaries and begin != row:
                yield row, list(canaries)
                canaries = {}
            row = begin
            canaries.update(dict.fromkeys(found))
        if canaries:
            yield row, list(canaries)

    def _in_stretches(self, block: bytes) -> Iterator[tuple[int, list[Canary]]]:
        ends = block.translate(_ENDS)
        start = ends.find(_STRETCH)
        while start >= 0:
            end = ends.find(_END, start + DIGITS)
            end = len(block) if end < 0 else end
            found = self._in_stretch(block[start:end])
            if found:
                yield start, found
            start = ends.find(_STRETCH, end)

    def _in_stretch(self, data: bytes) -> list[Canary]:
        if len(data.translate(None, _NO_DIGIT)) < DIGITS:
            return []
        known = self.by_digits
        return [
            known[window]
            for run in _RUN.findall(_digits(data))
            for start in range(len(run) - DIGITS + 1)
            if (window := run[start : start + DIGITS]) in known
        ]


def _digits(data: bytes) -> bytes:
    """Return the digits of a text in lower case, with a ``z`` for each letter that parts them."""
    if b"\\" in data:
        data = _GAPS.sub(b" ", data)
        if rb"\u" in data:
            data = _SPELLED.sub(_unescaped, data)
    if b"\xef" in data:
        data = _WIDE.sub(_narrowed, data)
    return data.translate(_LOWER, _DROPPED)


def _unescaped(match: re.Match[bytes]) -> bytes:
    char = chr(int(match[1], 16))
    return char.encode("utf-8") if char.isalnum() else b" "


def _narrowed(match: re.Match[bytes]) -> bytes:
    return chr(ord(match[0].decode("utf-8")) - _WIDE_BASE).encode("ascii")
