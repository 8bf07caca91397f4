"""What a text hides in an encoding: base64 that decodes to words, comments of HTML."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SHORTEST", "comments", "decoded"]

SHORTEST: Final = 32
"""Characters that a token of base64 has at least to be read."""

_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{32,4096}={0,2}")
_MOST: Final = 8
_SAID: Final = re.compile(r"[A-Za-z]{2,}[ ,.:][A-Za-z ,.:;!?'/0-9\n-]*")


def decoded(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and meaning of each base64 token that decodes to words, eight at most."""
    for count, match in enumerate(_BASE64.finditer(text)):
        if count >= _MOST:
            return
        token = match.group()
        try:
            data = base64.b64decode(token[: len(token) // 4 * 4], validate=True)
            meaning = data.decode("ascii")
        except (binascii.Error, ValueError):
            continue
        if _SAID.search(meaning) is not None and meaning.isprintable():
            yield match.start(), match.end(), meaning


def comments(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each comment of HTML, eight at most."""
    place = text.find("<!--")
    for _ in range(_MOST):
        if place < 0:
            return
        end = text.find("-->", place + 4)
        end = len(text) if end < 0 else end
        yield place, end
        place = text.find("<!--", end)
