"""Finding the code in a text: fences, programs in running text, diffs, commands."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from provenir.environments.code.blocks import Block, block_at
from provenir.environments.code.command_lines import command_line
from provenir.environments.code.diffs import is_diff
from provenir.environments.code.fences import cut
from provenir.environments.code.limits import MAX_BLOCKS
from provenir.environments.code.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["find_blocks", "might_hold_code"]

_CODE_LINE: Final = re.compile(
    r"^[ \t]*(?:>>> |%%|@\w|import \w|from [\w.]+ import\b|(?:async )?def \w|class \w+ ?[(:]|"
    r"(?:if|for|while|with|elif|except)\b[^\n]*:[ \t]*(?:#[^\n]*|(?:pass|break|continue)|"
    r"(?:raise|return)\b[^\n]*|[^\W\d][\w.]{0,60}\([^\n]*)?$|(?:try|else|finally):|raise \w|"
    r"assert \w|return\b|lambda\b|[(\[]|"
    r"[^\W\d][\w.]*(?:\[[^\]\n]{0,80}\])?[ \t]*(?:[-+*/|]?=(?!=)|\(|:[ \t]*\w[^\n]*=))",
    re.MULTILINE,
)
_PYTHON: Final = words("python py python3 py3 ipython pycon code sage")
_SHELL: Final = words("sh bash shell zsh console terminal shell-session ksh")
_MARKDOWN: Final = frozenset({"markdown", "md", "text/markdown"})
_DIFF: Final = words("diff patch udiff")
_UNSURE: Final = frozenset({"", "text", "plaintext", "txt", "output"})
_DATA: Final = words("json json5 jsonl tool_call tool_code xml")
_NOTEBOOK: Final = re.compile(r"^[ \t]*!([^\n=]+)$", re.MULTILINE)
_BLANK: Final = re.compile(r"\n[ \t]*\n")
_ARGUMENTS: Final = ('"command"', '"cmd"', '"code"', '"script"', '"python"')
_ARGUMENT: Final = re.compile(
    r'"(command|cmd|code|script|python)"\s{0,20}:\s{0,20}"((?:[^"\\]|\\.){1,20000})"'
)
_MAX_NESTED: Final = 3


def might_hold_code(text: str) -> bool:
    """Whether it is worth looking: cheap, and False only for text without code."""
    return (
        "```" in text
        or "~~~" in text
        or _CODE_LINE.search(text) is not None
        or "+++ " in text
        or "*** " in text
        or any(key in text for key in _ARGUMENTS)
        or command_line(text) >= 0
    )


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
    if piece.startswith(">") and (info in _PYTHON or info in _SHELL):
        yield _without(piece, at, _quotation, "python" if info in _PYTHON else "shell")
        return
    if info in _SHELL or piece.startswith(("%%bash", "%%sh")):
        yield block_at(piece, at, "shell")
    elif info in _DIFF or (info in _UNSURE and is_diff(piece)):
        yield block_at(piece, at, "diff")
    elif info in _PYTHON or (info in _UNSURE and not piece.startswith("#!/bin/")):
        yield from _python(piece, at)
        if info in _UNSURE:
            yield from _commands(piece, at)
    elif info in _UNSURE:
        yield block_at(piece, at, "shell")
    elif info in _DATA:
        yield from _quoted(piece, at)
    else:
        yield block_at(piece, at, info)


def _python(piece: str, at: int, *, bare: bool = False) -> Iterator[Block]:
    if ">>> " in piece:
        yield _without(piece, at, _typed, "python")
        return
    yield block_at(piece, at, "python", bare=bare)
    if "!" in piece:
        for match in _NOTEBOOK.finditer(piece):
            yield block_at(match[1], at + match.start(1), "shell", bare=True)


def _typed(line: str) -> int:
    """How much of a line stands before what was typed in an interactive session; -1 for none."""
    bare = line.lstrip(" \t")
    return len(line) - len(bare) + 4 if bare.startswith((">>> ", "... ")) else -1


def _quotation(line: str) -> int:
    """How much of a line marks it as quoted."""
    bare = line.lstrip(" \t")
    if not bare.startswith(">"):
        return 0
    return len(line) - len(bare) + (2 if bare.startswith("> ") else 1)


def _without(piece: str, at: int, marks: Callable[[str], int], language: str) -> Block:
    """A piece without the marks that its lines begin with."""
    lines: list[str] = []
    origins: list[int] = []
    place = at
    for line in piece.splitlines(keepends=True):
        skip = marks(line)
        if skip >= 0:
            lines.append(line[skip:])
            origins.append(place + skip)
        place += len(line)
    return Block(
        source="".join(lines),
        language=language,
        start=at,
        end=at + len(piece),
        origins=tuple(origins),
        bare=language == "python" and marks is _typed,
    )


def _bare(piece: str, at: int) -> Iterator[Block]:
    if is_diff(piece):
        yield block_at(piece, at, "diff", bare=True)
        return
    match = _CODE_LINE.search(piece)
    if match is not None:
        begin = match.start()
        yield from _python(piece[begin:], at + begin, bare=True)
    yield from _commands(piece, at)
    yield from _quoted(piece, at)


def _commands(piece: str, at: int) -> Iterator[Block]:
    """The paragraphs of running text that begin with a command."""
    end = 0
    while len(piece) > end:
        begin = command_line(piece, end)
        if begin < 0:
            return
        blank = _BLANK.search(piece, begin)
        end = blank.start() if blank else len(piece)
        if "<<" in piece[begin:end]:
            end = len(piece)
        yield block_at(piece[begin:end], at + begin, "shell", bare=True)
        end += 1


def _quoted(piece: str, at: int) -> Iterator[Block]:
    """Commands and code in the arguments of tool calls that are written as JSON."""
    if '"' not in piece or not any(key in piece for key in _ARGUMENTS):
        return
    for match in _ARGUMENT.finditer(piece):
        try:
            source = json.loads(f'"{match[2]}"', strict=False)
        except ValueError:
            continue
        language = "python" if match[1] in {"code", "python"} else "shell"
        yield Block(
            source=source, language=language, start=at + match.start(2), end=at + match.end(2)
        )
