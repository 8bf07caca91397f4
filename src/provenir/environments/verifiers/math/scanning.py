"""Walking over LaTeX text by its brackets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["closing", "depth", "split_top", "top_level"]

_OPENERS: Final = {"{": "}", "(": ")", "[": "]", "\\{": "\\}", "\\langle": "\\rangle"}
_CLOSERS: Final = frozenset(_OPENERS.values())
_PIECE: Final = re.compile(r"\\(?:[A-Za-z]+|.)|.", re.DOTALL)


def _levels(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (depth before the piece, offset, piece); brackets of any kind count alike.

    Half-open intervals mix the kinds, so that ``[`` may be closed by ``)``.
    """
    level = 0
    for match in _PIECE.finditer(text):
        piece = match.group()
        if piece in _CLOSERS or piece == "\\end":
            level -= 1
        yield level, match.start(), piece
        if piece in _OPENERS or piece == "\\begin":
            level += 1


def depth(text: str) -> int:
    """Return the deepest nesting of brackets, or -1 where they are not balanced."""
    deepest = opened = 0
    for level, _, piece in _levels(text):
        if level < 0:
            return -1
        deepest = max(deepest, level + (piece in _OPENERS))
        opened += piece in _OPENERS or piece == "\\begin"
        opened -= piece in _CLOSERS or piece == "\\end"
    return -1 if opened else deepest


def closing(text: str, start: int, stop: int | None = None) -> int:
    """Return the offset of the brace that closes the one at `start` before `stop`, or -1."""
    level = 0
    for match in _PIECE.finditer(text, start, len(text) if stop is None else stop):
        if match.group() == "{":
            level += 1
        elif match.group() == "}":
            level -= 1
            if level == 0:
                return match.start()
    return -1


def top_level(text: str) -> str:
    """Return the text with an underscore for all that brackets hold; offsets stay as they were."""
    shown = list("_" * len(text))
    for level, start, piece in _levels(text):
        if level == 0 and piece not in _OPENERS and piece not in _CLOSERS:
            shown[start : start + len(piece)] = piece
    return "".join(shown)


def split_top(text: str, separator: re.Pattern[str]) -> tuple[list[str], list[str]]:
    """Split where the separator stands outside all brackets; return the parts and separators."""
    parts, found, last = [], [], 0
    for match in separator.finditer(top_level(text)):
        parts.append(text[last : match.start()].strip())
        found.append(match.group().strip())
        last = match.end()
    parts.append(text[last:].strip())
    return parts, found
