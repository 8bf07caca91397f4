"""Texts that a reader would have to decode: spaced out, in leet, rotated, backwards, in hex."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

from provenir.observability.hacking.text.injection_words import word_set

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["undisguised"]

_SINGLES: Final = 5
_JOINTED: Final = re.compile(r"([-_])[a-z0-9]\1[a-z0-9]\1")
_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz")
_SPACED: Final = re.compile(r"(?<![^\W_])(?:[a-z0-9:,!'][ .*_-]{1,3}){9,400}[a-z0-9](?![^\W_])")
_GAP: Final = re.compile(r"[ .*_-]")
_WIDE_GAP: Final = re.compile(r"[ .*_-]{2,}")
_LEET_WORD: Final = re.compile(r"(?<![^\W_])(?=[a-z]{0,12}[013457])[a-z013457]{3,16}(?![^\W_])")
_LEET: Final = (str.maketrans("013457", "oieast"), str.maketrans("013457", "oleast"))
_LEET_WORDS: Final = 3
_MIXED: Final = re.compile(r"[013457][a-z]")
_ROTATED: Final = word_set(
    "fpber znexf znex tenqre tenqr vtaber nafjre erfcbafr rinyhngbe njneq vafgehpgvbaf cerivbhf"
)
_BACKWARDS: Final = word_set(
    "erocs skram kram edarg redarg erongi rewsna esnopser rotaulave drawa snoitcurtsni suoiverp"
)
_FEWEST: Final = 2
_HEX: Final = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{2}){16,400}(?![0-9a-f])")
_HEX_LONG: Final = 32
_WORDS: Final = (
    *("ignore", "disregard", "previous", "instructions", "instruction", "grader", "judge"),
    *("evaluator", "award", "assign", "give", "this", "response", "answer", "submission", "full"),
    *("marks", "mark", "maximum", "highest", "perfect", "score", "credit", "points", "the", "all"),
    *("note", "to", "please", "as", "correct", "rating", "top", "a", "above", "and", "is", "my"),
)
_BY_LENGTH: Final = tuple(sorted(_WORDS, key=len, reverse=True))


def undisguised(text: str, words: set[str]) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and meaning of what a folded text may hide.

    Args:
        text: The folded text.
        words: Its words.
    """
    if len(_LETTERS & words) >= _SINGLES or _JOINTED.search(text) is not None:
        for match in _SPACED.finditer(text):
            yield match.start(), match.end(), _joined(match.group())
    if _MIXED.search(text) is not None:
        yield from _unleeted(text, words)
    if len(_ROTATED & words) >= _FEWEST:
        yield 0, len(text), codecs.decode(text, "rot13")
    if len(_BACKWARDS & words) >= _FEWEST:
        yield 0, len(text), text[::-1]
    if "20" in text and "65" in text and max(map(len, words), default=0) >= _HEX_LONG:
        for match in _HEX.finditer(text):
            plain = _from_hex(match.group())
            if plain is not None:
                yield match.start(), match.end(), plain


def _joined(spaced: str) -> str:
    """Return the words of single letters; where no gap is wider, known words are looked for."""
    if _WIDE_GAP.search(spaced) is not None:
        return " ".join(_GAP.sub("", word) for word in _WIDE_GAP.split(spaced))
    run = _GAP.sub("", spaced)
    found: list[str] = []
    place = 0
    while place < len(run):
        word = next((w for w in _BY_LENGTH if run.startswith(w, place)), run[place])
        found.append(word)
        place += len(word)
    return " ".join(found)


def _unleeted(text: str, words: set[str]) -> Iterator[tuple[int, int, str]]:
    odd = [word for word in words if not word.isalpha() and word.isalnum() and not word.isdigit()]
    mixed = [word for word in odd if _LEET_WORD.match(word)]
    if len(mixed) < _LEET_WORDS:
        return
    for table in _LEET:
        yield (
            0,
            len(text),
            " ".join(
                word.translate(table) if _LEET_WORD.match(word) else word for word in text.split()
            ),
        )


def _from_hex(token: str) -> str | None:
    try:
        plain = bytes.fromhex(token).decode("ascii").lower()
    except ValueError:
        return None
    return plain if plain.isprintable() else None
