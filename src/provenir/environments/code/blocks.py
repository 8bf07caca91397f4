"""`Block`: a piece of code, and where each of its characters stands in the text it was found in."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Block", "block_at", "line_starts"]

_NEWLINE: Final = re.compile(r"\r\n|\r|\n")


def line_starts(source: str) -> list[int]:
    """Return where each line begins, by the newlines that Python's own tokenizer knows."""
    return [0, *(match.end() for match in _NEWLINE.finditer(source))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece of code.

    Attributes:
        source: The code, with prompts and the marks of a diff taken off.
        language: ``python``, ``shell``, ``diff`` or what its author called it.
        origins: For each line of `source` the place in the text where it begins; None where all
            of it comes out of one place, as decoded code does.
        start: Where `source` begins if its lines lie in the text as they are, else where the
            place begins that it comes out of.
        end: Where that place ends.
        path: The file that it is for, where that is known.
        added: Lines of `source`, counted from 0, that a diff adds; None for all.
        decodings: How many times it was decoded on the way.
        bare: Whether it stands in running text, unmarked.
    """

    source: str
    language: str
    start: int
    end: int
    origins: tuple[int, ...] | None = None
    path: str | None = None
    added: frozenset[int] | None = None
    decodings: int = 0
    bare: bool = False
    _lines: list[int] = field(default_factory=list, repr=False, compare=False)

    def line_starts(self) -> list[int]:
        """Return where each line of the source begins."""
        if not self._lines:
            self._lines.extend(line_starts(self.source))
        return self._lines

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where characters `start` to `end` of the source stand in the text."""
        if self.origins is None:
            return self.start, self.end
        first, last = self._original(start), self._original(end)
        return max(self.start, first), min(max(first, last), self.end)

    def adds(self, start: int, end: int) -> bool:
        """Whether a line of characters `start` to `end` is one that the diff adds."""
        if self.added is None:
            return True
        lines = self.line_starts()
        first = bisect_right(lines, start) - 1
        last = bisect_right(lines, max(start, end - 1)) - 1
        return any(row in self.added for row in range(first, last + 1))

    def is_excerpt(self) -> bool:
        """Whether what a diff shows of a file is not all of it."""
        return self.added is not None and len(self.added) < len(self.line_starts()) - 1

    def _original(self, offset: int) -> int:
        lines = self.line_starts()
        row = bisect_right(lines, offset) - 1
        origins = self.origins or ()
        return origins[min(row, len(origins) - 1)] + offset - lines[row]


def block_at(source: str, start: int, language: str, *, bare: bool = False) -> Block:
    """Return the block of a source that lies in the text as it is, from `start` on."""
    lines = line_starts(source)
    return Block(
        source=source,
        language=language,
        start=start,
        end=start + len(source),
        origins=tuple(start + line for line in lines),
        bare=bare,
        _lines=lines,
    )
