"""Cutting Markdown into fenced blocks and the running text between them.

CommonMark 0.31 section 4.5, read generously: a fence that is never closed reaches to the end, one
may be indented or quoted, and three backticks that open and close on one line are a block too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["Fenced", "cut"]

_MARKS: Final = ("```", "~~~")


@dataclass(frozen=True, slots=True)
class Fenced:
    """A part of a text: characters `start` to `end`; `info` is None for running text."""

    start: int
    end: int
    info: str | None


def cut(text: str, most: int) -> list[Fenced]:
    """Return the parts of a text in order; what follows the first `most` of them is one part."""
    if "```" not in text and "~~~" not in text:
        return [Fenced(0, len(text), None)]
    parts: list[Fenced] = []
    opened: tuple[str, int, str, int] | None = None
    begin = at = 0
    for line in text.splitlines(keepends=True):
        if len(parts) >= most:
            break
        mark, rest = _fence(line)
        if mark and opened is None:
            tail = rest.rstrip()
            inner = tail[: -len(mark)] if tail.endswith(mark) and len(tail) > len(mark) else None
            _append(parts, begin, at, None)
            if inner is not None:
                first = at + line.index(mark) + len(mark)
                word = _word(inner)
                skip = len(inner) - len(inner.lstrip()) + len(word)
                _append(parts, first + skip, first + len(inner), word.lower())
            else:
                opened = (mark[0], len(mark), _word(rest).lower(), _indent(line))
            begin = at + len(line)
        elif opened and _closes(line, mark, rest, opened):
            _append(parts, begin, at, opened[2])
            opened, begin = None, at + len(line)
        at += len(line)
    _append(parts, begin, len(text), opened[2] if opened else None)
    return parts


def _fence(line: str) -> tuple[str, str]:
    bare = line.lstrip(" \t>")
    if not bare.startswith(_MARKS):
        return "", ""
    rest = bare.lstrip(bare[0])
    return bare[: len(bare) - len(rest)], rest


def _closes(line: str, mark: str, rest: str, opened: tuple[str, int, str, int]) -> bool:
    """Whether a fence ends a block; one far to the right stands in a text of the program."""
    longer = mark.startswith(opened[0] * opened[1]) and not rest.strip()
    return longer and _indent(line) <= opened[3] + 3


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _word(info: str) -> str:
    words = info.replace("{", " ").replace("}", " ").replace(",", " ").split(None, 1)
    return words[0].lstrip(".") if words else ""


def _append(parts: list[Fenced], start: int, end: int, info: str | None) -> None:
    if start < end:
        parts.append(Fenced(start, end, info))
