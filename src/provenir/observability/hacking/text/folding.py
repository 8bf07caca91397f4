"""Texts as a reader sees them: invisible characters gone, look-alike letters folded, small letters.

Every character is folded by itself (NFKC, then a table of letters of other scripts that look Latin,
then small letters), so a folded text can be traced to the place in the original that it came from.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

__all__ = ["Folded", "fold", "fold_char", "fold_plain", "is_invisible", "is_unseen"]

# Cyrillic, Greek and a few other letters that common fonts draw like a Latin letter.
_LOOKALIKES: Final = dict(
    zip(
        "аеорсухіјѕԁһӏԛԝьᴀвекмнтгαοριντυκεβγɑɡ",
        "aeopcyxijsdhlqwbabekmhtraopivtukebyag",
        strict=True,
    )
)
_INVISIBLE_RANGES: Final = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xE0100, 0xE01EF),
)
_TAGS: Final = (0xE0000, 0xE007F)  # invisible doubles of ASCII


def is_invisible(char: str) -> bool:
    """Whether a character shows nothing by itself: zero-width, directional, selecting."""
    code = ord(char)
    return code >= 0xAD and any(low <= code <= high for low, high in _INVISIBLE_RANGES)


def is_unseen(char: str) -> bool:
    """Whether a character cannot be seen though it may be read as a letter."""
    return is_invisible(char) or _TAGS[0] <= ord(char) <= _TAGS[1]


@lru_cache(maxsize=8_192)
def fold_char(char: str) -> str:
    """Return what a character is read as: none, one or several small letters."""
    if is_invisible(char):
        return ""
    code = ord(char)
    if _TAGS[0] <= code <= _TAGS[1]:
        return chr(code - _TAGS[0]).lower() if code - _TAGS[0] >= 0x20 else ""
    plain = unicodedata.normalize("NFKC", char).lower()
    return "".join(_LOOKALIKES.get(part, part) for part in plain)


class _Table(dict[int, str]):
    """What `str.translate` asks, filled as characters come; it stays small for real texts."""

    def __missing__(self, code: int) -> str:
        folded = fold_char(chr(code))
        if len(self) < 8_192:
            self[code] = folded
        return folded


_TABLE: Final = _Table()


def fold_plain(text: str) -> str:
    """Return a folded text; that of an ASCII text has the same length."""
    return text.lower() if text.isascii() else text.translate(_TABLE)


class Folded:
    """A folded text that knows the place in the original of each of its characters.

    Attributes:
        text: The folded text.
    """

    __slots__ = ("_original", "_places", "text")

    def __init__(self, original: str) -> None:
        self._original = original
        self._places: list[int] | None = None
        self.text = fold_plain(original)

    def place(self, index: int) -> int:
        """Return where in the original a character of the folded text stands.

        Args:
            index: From 0 to the length of the folded text, which stands for the end.
        """
        if self._original.isascii():
            return index
        if self._places is None:
            self._places = [
                place for place, char in enumerate(self._original) for _ in fold_char(char)
            ]
            self._places.append(len(self._original))
        return self._places[index]


def fold(text: str) -> Folded:
    """Fold a text; never raises."""
    return Folded(text)
