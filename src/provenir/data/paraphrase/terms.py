"""The terms of a text: folded words, brought to a stem and, where there is one, to a concept.

Folding is NFKC and case folding. A word is a run of letters and digits of any script, with
apostrophes dropped; a character of a script that is written without spaces is a word by itself.
The stem is a light one, for English; words of other scripts stay as they are.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from provenir.data.paraphrase.lexicon import CONCEPTS, FUNCTION_WORDS, POLES

__all__ = ["content_terms", "fold", "poles_of", "stem", "term", "words_of"]

# Scripts without spaces between words: Thai and Lao, kana, Han and its extensions.
_SPACELESS: Final = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_WORD: Final = re.compile(rf"[{_SPACELESS}]|[^\W_{_SPACELESS}]+")
_APOSTROPHES: Final = re.compile("(?<=[^\\W\\d_])['’ʼ](?:s\\b)?(?=[^\\W\\d_]|\\b|$)")
_VOWELS: Final = frozenset("aeiouy")
_LEAST_STEM: Final = 3


def fold(text: str) -> str:
    """Return the text in NFKC, case folded, with apostrophes and possessives dropped."""
    return _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text)).casefold()


def words_of(folded: str) -> list[str]:
    """Return the words of a folded text in order."""
    return _WORD.findall(folded)


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Return an English word without its inflection: ``carried``, ``carries`` → ``carri``."""
    if len(word) <= _LEAST_STEM or not word.isascii():
        return word
    for suffix in ("ingly", "edly", "ing", "ed", "ies", "es", "s", "ly"):
        if word.endswith(suffix) and _leaves_a_stem(word, suffix):
            word = _mended(word[: -len(suffix)], suffix)
            break
    if word.endswith("e") and len(word) > _LEAST_STEM:
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") and len(word) > _LEAST_STEM else word


def _leaves_a_stem(word: str, suffix: str) -> bool:
    rest = word[: -len(suffix)]
    if suffix == "s":
        return len(rest) >= _LEAST_STEM and rest[-1] not in "su"
    if suffix == "es":
        return rest.endswith(("s", "x", "z", "ch", "sh"))
    if suffix == "ies":
        return len(rest) > 1
    return len(rest) >= _LEAST_STEM and not _VOWELS.isdisjoint(rest)


def _mended(rest: str, suffix: str) -> str:
    if suffix == "ies":
        return rest + "y"
    doubled = rest[-1] == rest[-2] and rest[-1] not in "aeiouls"
    return rest[:-1] if doubled and suffix not in {"es", "s", "ly"} else rest


def _groups() -> dict[str, str]:
    table: dict[str, str] = {}
    for line in CONCEPTS.strip().splitlines():
        words = line.split()
        for word in words:
            table.setdefault(stem(word), "=" + words[0])
    return table


def _sides() -> dict[str, list[tuple[int, int]]]:
    table: dict[str, list[tuple[int, int]]] = {}
    for number, line in enumerate(POLES.strip().splitlines()):
        for side, words in enumerate(line.split("/")):
            for word in words.split():
                table.setdefault(stem(word), []).append((number, 1 - 2 * side))
    return table


_CONCEPT_OF: Final = _groups()
_POLES_OF: Final = _sides()


def content_terms(words: list[str]) -> list[str]:
    """Return the stem or concept of every word that is no function word and no number."""
    return [term(word) for word in words if word not in FUNCTION_WORDS and not word.isdecimal()]


def term(word: str) -> str:
    """Return the concept of a word, or its stem where it belongs to none."""
    root = stem(word)
    return _CONCEPT_OF.get(root, root)


def poles_of(words: list[str]) -> dict[int, int]:
    """Return the side, 1 or -1, that a text takes of each pair of opposites that it names."""
    sides: dict[int, set[int]] = {}
    for word in words:
        for pair, side in _POLES_OF.get(stem(word), ()):
            sides.setdefault(pair, set()).add(side)
    return {pair: side.pop() for pair, side in sides.items() if len(side) == 1}
