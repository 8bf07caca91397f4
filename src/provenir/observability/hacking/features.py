"""`Features`: what is kept of a rollout's text so that a group can be contrasted later.

A few hundred bytes stand for a text of any length: how long it is, the smallest hashes of its
three-word shingles (a bottom-k sketch, from which the Jaccard similarity of two texts follows;
Broder 1997, "On the resemblance and containment of documents"), and its shape: shares of kinds of
characters and lines, and which devices it uses.
"""

from __future__ import annotations

import math
import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SKETCH_SIZE", "Features", "distance", "features"]

SKETCH_SIZE: Final = 48
"""Hashes kept of a text; the standard error of a similarity of one half is 0.07."""

_HEAD: Final = 8_192
_TAIL: Final = 2_048
_SHORT: Final = 256
_MAX_REMEMBERED: Final = 1_024
_MEAN_WORD: Final = 14
_SHINGLE: Final = 3
_CHAR_SHINGLE: Final = 5
_LONG_RATIO: Final = math.log(8)
_CODE_LINES: Final = (
    *("import ", "from ", "def ", "class ", "return", "if (", "else:", "elif ", "try:", "except"),
    *("#include", "function ", "const ", "let ", "var ", "print(", "assert ", "@", "}", "for ("),
)
_DEVICES: Final = (
    ("code", ("```", "def ", "function ", "#include")),
    (
        "system",
        ("import os", "os._exit", "subprocess", "open(", "rm -", "currentframe", "inspect."),
    ),
    ("exit", ("exit(", "systemexit", "quit()")),
    ("tests", ("unittest", "pytest", "conftest", "skiptest", ".skip(", ".patch(")),
    ("overrides", ("__eq__", "__hash__", "__class__", "excepthook", "__import__", "globals()")),
    ("loops", (" in range(", "for (", "while (", "while true", "reduce(", "map(", " for _ in ")),
    ("answer", ("\\boxed", "####", "<answer>")),
    ("thought", ("<think>", "because", "therefore", "since ", "hence", "so that")),
    ("markup", ("<!--", "<span", "<div", "<|")),
)
# Something compared with a value that is not 0, or a value mapped to another.
_CASE: Final = re.compile(r"(?:== ?(?!0)|[\d\"')\]]: ?)[-\d\"'(\[]")
_CASES: Final = 4
_TERM: Final = re.compile(r"[^\W\d_]{4,}")
_NUMBER: Final = re.compile(r"\d+")
_COMMON: Final = frozenset(
    {
        *("that", "this", "these", "those", "with", "from", "have", "must", "will", "would"),
        *("should", "could", "think", "believe", "right", "correct", "answer", "question"),
        *("final", "finally", "therefore", "because", "since", "then", "thus", "hence", "result"),
        *("value", "here", "there", "which", "what", "when", "where", "than", "more", "also"),
        *("just", "only", "into", "about", "them", "they", "their", "were", "been", "being"),
        *("some", "such", "very", "indeed", "surely", "probably"),
    }
)


def _classes() -> bytes:
    """Return the class of each byte: Letter, Digit, Upper, Sign, Whitespace or Mark."""
    table = bytearray(b"M" * 128 + b"L" * 128)  # bytes of other scripts count as letters
    for code in range(128):
        char = chr(code)
        if char.isalpha():
            table[code] = ord("U" if char.isupper() else "L")
        elif char.isdigit():
            table[code] = ord("D")
        elif char.isspace():
            table[code] = ord("W")
        elif char in "+-*/=<>^%":
            table[code] = ord("S")
    return bytes(table)


_CLASS_OF: Final = _classes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What is kept of one text.

    Attributes:
        chars: Its length in characters.
        words: Its words, counted in what was read of it.
        novelty: Distinct three-word shingles over all of them, 1 for a text that says nothing
            twice.
        sketch: The smallest hashes of its shingles, in order; at most `SKETCH_SIZE`.
        terms: The smallest hashes of its words of four letters or more that are
            not common in any text, at most `SKETCH_SIZE`.
        numbers: The same of its numbers.
        shape: Shares between 0 and 1: small letters, capitals, digits, arithmetic signs, spaces
            and other marks among its bytes, code among its lines.
        devices: Names of what it uses, such as ``loops`` or ``exit``.
    """

    chars: int
    words: int
    novelty: float
    sketch: tuple[int, ...]
    terms: tuple[int, ...]
    numbers: tuple[int, ...]
    shape: tuple[float, ...]
    devices: frozenset[str]


def features(text: str) -> Features:
    """Return the features of a text; never raises.

    Cost: linear in the first 8,192 and the last 2,048 characters, which alone are read; what
    stands between counts for the length. Short texts, which come again and again in a run, are
    remembered, a bounded number of them.
    """
    return _remembered(text) if len(text) <= _SHORT else _features(text)


def _features(text: str) -> Features:
    part = text if len(text) <= _HEAD + _TAIL else text[:_HEAD] + "\n" + text[-_TAIL:]
    lowered = part.lower()
    words = lowered.split()
    shingles, total = _shingles(lowered, words)
    return Features(
        chars=len(text),
        words=len(words),
        novelty=len(shingles) / total if total else 1.0,
        sketch=_smallest(shingles),
        terms=_smallest(set(_TERM.findall(lowered)) - _COMMON),
        numbers=_smallest(_NUMBER.findall(lowered)),
        shape=_shape(part),
        devices=_devices(lowered),
    )


_remembered = lru_cache(maxsize=_MAX_REMEMBERED)(_features)


def distance(one: Features, other: Features) -> float:
    """Return how differently two texts go about it, from 0 (alike) to 1.

    Half of it is what their words do not share, half how their lengths, shapes and devices differ.
    """
    devices = len(one.devices ^ other.devices) / max(1, len(one.devices | other.devices))
    shape = sum(abs(a - b) for a, b in zip(one.shape, other.shape, strict=True))
    length = abs(math.log((one.chars + 20) / (other.chars + 20))) / _LONG_RATIO
    form = (min(1.0, length) + min(1.0, shape) + devices) / 3
    return (1 - _similarity(one.sketch, other.sketch)) / 2 + form / 2


def _smallest(words: Iterable[str]) -> tuple[int, ...]:
    hashes = {zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in set(words)}
    return tuple(sorted(hashes)[:SKETCH_SIZE])


def _devices(lowered: str) -> frozenset[str]:
    names = {name for name, marks in _DEVICES if any(mark in lowered for mark in marks)}
    if "code" in names and len(_CASE.findall(lowered)) >= _CASES:
        names.add("cases")
    return frozenset(names)


def _shingles(lowered: str, words: list[str]) -> tuple[set[str], int]:
    if len(words) < len(lowered) / _MEAN_WORD:
        ends = range(max(1, len(lowered) - _CHAR_SHINGLE + 1))
        return {lowered[start : start + _CHAR_SHINGLE] for start in ends}, len(ends)
    if len(words) <= _SHINGLE:
        return ({" ".join(words)}, 1) if words else (set(), 0)
    runs = zip(words, words[1:], words[2:], strict=False)
    return {" ".join(run) for run in runs}, len(words) - _SHINGLE + 1


def _shape(part: str) -> tuple[float, ...]:
    kinds = part.encode("utf-8", "surrogatepass").translate(_CLASS_OF)
    size = max(1, len(kinds))
    lines = part.splitlines()
    code = sum(line.lstrip().startswith(_CODE_LINES) for line in lines) / max(1, len(lines))
    return (*(kinds.count(kind) / size for kind in b"LUDSWM"), code)


def _similarity(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Return the Jaccard similarity that two sketches estimate."""
    if not one or not other:
        return float(one == other)
    size = min(SKETCH_SIZE, max(len(one), len(other)))
    smallest = sorted({*one, *other})[:size]
    both = set(one).intersection(other)
    return sum(value in both for value in smallest) / len(smallest)
