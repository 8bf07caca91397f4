"""The brute-force reference: two texts overlap when they share any run of thirteen words.

It is slow and obvious, and it is what the exhaustive search is measured against: whatever this
finds, that must find (`wide` says why it does). The rule is the n-gram overlap by which Brown et
al. 2020 (appendix C) cleaned GPT-3's benchmarks, over words of all scripts:

1. text is normalised to NFKC (UAX #15), then case-folded;
2. a word is a run of letters and digits (what `str.isalnum` calls so);
3. each letter of Han, Kana, Hangul or a related script is a word of its own.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

__all__ = ["GRAM_WORDS", "grams", "normalised", "overlaps", "reference_words", "strings"]

GRAM_WORDS: Final = 13
"""Words in a run that counts as overlap."""

_CJK: Final = (
    "\u1100-\u11ff"  # Hangul letters
    "\u2e80-\ua4cf"  # radicals, Kana, Bopomofo, Han, Yi
    "\ua960-\ua97f\uac00-\ud7ff"  # Hangul
    "\uf900-\ufaff\U00016fe0-\U0001b2ff\U00020000-\U0003ffff"  # Han and its relatives
)
_WORD: Final = re.compile(rf"(?=[^\W_])[{_CJK}]|(?:(?![{_CJK}])[^\W_])+")


def normalised(text: str) -> str:
    """Return the text in NFKC, then case-folded."""
    return unicodedata.normalize("NFKC", text).casefold()


def reference_words(text: str) -> list[str]:
    """Return the words of a text in order."""
    return _WORD.findall(normalised(text))


def grams(text: str) -> set[tuple[str, ...]]:
    """Return every run of `GRAM_WORDS` words; none for a shorter text."""
    words = reference_words(text)
    return {tuple(words[at : at + GRAM_WORDS]) for at in range(max(0, len(words) - GRAM_WORDS + 1))}


def overlaps(left: str, right: str) -> bool:
    """Whether two texts share a run of `GRAM_WORDS` words."""
    return not grams(left).isdisjoint(grams(right))


def strings(value: Any) -> list[str]:
    """Return every string value in a row, nested ones too; runs do not go from one to the next."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return []
    return [text for part in value for text in strings(part)]
