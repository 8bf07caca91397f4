"""Finding the code in a text: fences, programs in running text, diffs, commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from provenir.environments.code.blocks import Block, block_at
from provenir.environments.code.fences import cut
from provenir.environments.code.limits import MAX_BLOCKS
from provenir.environments.code.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_blocks", "might_hold_code"]

_CODE_LINE: Final = re.compile(
    r"^[ \t]*(?:>>> |%%|@\w|import \w|from [\w.]+ import\b|(?:async )?def \w|class \w+ ?[(:]|"
    r"(?:if|for|while|with|elif|except)\b[^\n]*:[ \t]*(?:#[^\n]*)?$|(?:try|else|finally):|raise \w|"
    r"assert \w|return\b|lambda\b|[(\[]|"
    r"[A-Za-z_][\w.]*(?:\[[^\]\n]{0,80}\])?[ \t]*(?:[-+*/|]?=(?!=)|\(|:[ \t]*\w[^\n]*=))",
    re.MULTILINE,
)
_PYTHON: Final = words("python py python3 py3 ipython pycon code sage")
_SHELL: Final = words("sh bash shell zsh console terminal shell-session ksh")
_MARKDOWN: Final = frozenset({"markdown", "md", "text/markdown"})
_MAX_NESTED: Final = 3


def might_hold_code(text: str) -> bool:
    """Whether it is worth looking: cheap, and False only for text without code."""
    return "```" in text or "~~~" in text or _CODE_LINE.search(text) is not None


def find_blocks(text: str, start: int = 0, depth: int = 0) -> Iterator[Block]:
    """Yield the blocks of a text that stands at `start` of the whole."""
    for part in cut(text, MAX_BLOCKS):
        piece = text[part.start : part.end]
        at = start + part.start
        if part.info is None:
            yield from _bare(piece, at)
        elif part.info in _MARKDOWN:
            if depth < _MAX_NESTED:
                yield from find_blocks(piece, at, depth + 1)
        else:
            yield from _fenced(piece, at, part.info)


def _fenced(piece: str, at: int, info: str) -> Iterator[Block]:
    if not info or info in _PYTHON:
        yield block_at(piece, at, "python")
    elif info in _SHELL:
        yield block_at(piece, at, "shell")


def _bare(piece: str, at: int) -> Iterator[Block]:
    match = _CODE_LINE.search(piece)
    if match is not None:
        begin = match.start()
        yield block_at(piece[begin:], at + begin, "python", bare=True)
