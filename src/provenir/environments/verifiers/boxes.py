r"""Finding what stands in ``\boxed{…}``, with braces nested as TeX nests them.

One scan from left to right, however many boxes are opened and never closed.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["OPENING", "UnclosedBoxError", "boxed"]

OPENING: Final = re.compile(r"\\boxed\s*\{")
# An escaped brace is text; an escaped backslash escapes nothing after it.
_BRACE: Final = re.compile(r"\\.|[{}]", re.DOTALL)


class UnclosedBoxError(Exception):
    """A box is opened, and the text ends within it."""


def boxed(text: str) -> list[str]:
    r"""Return the contents of the outermost boxes of a text, in order.

    Raises:
        UnclosedBoxError: The last box is never closed.
    """
    found = []
    at = 0
    while (opened := OPENING.search(text, at)) is not None:
        at = _closing(text, opened.end())
        found.append(text[opened.end() : at])
        at += 1
    return found


def _closing(text: str, start: int) -> int:
    """Index of the brace that closes the one before `start`."""
    depth = 1
    for match in _BRACE.finditer(text, start):
        mark = match.group()
        if mark == "{":
            depth += 1
        elif mark == "}":
            depth -= 1
            if depth == 0:
                return match.start()
    raise UnclosedBoxError
