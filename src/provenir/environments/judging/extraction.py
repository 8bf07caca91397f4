"""The program in a response: out of its Markdown fences, or the text as it stands.

Of several fenced blocks the last that defines what the tests call is the program, and without one
all Python blocks together. Text is cut, never parsed, here: the caller's process reads no syntax
tree that a model can make deep.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.environments.code.fences import cut

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Program", "extract", "last_function"]

_PYTHON: Final = frozenset({"python", "py", "python3", "py3", "ipython", "pycon"})
_UNSAID: Final = frozenset({"", "code", "text", "plaintext", "txt"})
_MAX_PARTS: Final = 200
_DEFINED: Final = re.compile(r"^(?:async[ \t]+def|def|class)[ \t]+(\w+)", re.MULTILINE)
_FUNCTION: Final = re.compile(r"^(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)
_ASSIGNED: Final = re.compile(r"^(\w+)[ \t]*(?::[^=\n]{1,200})?=(?!=)", re.MULTILINE)
_WORD: Final = re.compile(r"[^\W\d]\w*")
_IMPORT: Final = re.compile(r"^(?:import|from)[ \t][^\n]*", re.MULTILINE)
_RETURN: Final = re.compile(r"(?:return|yield)\b")
# What ends a model's turn, where a template was not taken off.
_END_MARKS: Final = re.compile(
    r"(?:\s{0,9}(?:<\|[\w-]{1,40}\|>|</s>|\[DONE\])){1,9}\s*\Z|\A\s*\[BEGIN\]"
)
_OPENING: Final = re.compile(
    r"^(?:from [\w.]+ import|import \w|def \w|async def \w|class \w|@\w)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Program:
    """The program of a response.

    Attributes:
        source: Its source.
        loose: Whether it stood in running text, so that words around it may have come along.
    """

    source: str
    loose: bool = False


def extract(response: str, wanted: Iterable[str] = (), *, prompt: str = "") -> Program:
    """Find the program in a response.

    Args:
        response: A completion.
        wanted: Names that the tests use.
        prompt: Code that the response continues, if it does not define what is wanted itself.
    """
    names = set(wanted)
    response = _END_MARKS.sub("", response)
    program = _program(response, names)
    if prompt and names and not names & defined(program.source):
        bodies = [text for _, text in _blocks(response)] or [response]
        return Program(_continued(prompt, bodies[-1]), loose=True)
    return program


def _continued(prompt: str, body: str) -> str:
    """A prompt and what a model wrote behind it, which may have lost its indentation."""
    lines = body.lstrip("\n").splitlines(keepends=True)
    if not lines or lines[0][0].isspace() or _OPENING.match(lines[0]):
        return f"{prompt}{body}"
    lost_all = any(_RETURN.match(line) for line in lines[1:])
    lines = [f"    {line}" if lost_all or not n else line for n, line in enumerate(lines)]
    return f"{prompt.rstrip()}\n{''.join(lines)}"


def _blocks(response: str) -> list[tuple[str, str]]:
    """The fenced blocks of a response, each as (language, text)."""
    parts = [part for part in cut(response, _MAX_PARTS) if part.info is not None]
    return [(part.info or "", _unquoted(response[part.start : part.end])) for part in parts]


def _unquoted(text: str) -> str:
    lines = text.splitlines(keepends=True)
    if not lines or not all(line.startswith(">") for line in lines):
        return text
    return "".join(line[1:].removeprefix(" ") for line in lines)


def _program(response: str, names: set[str]) -> Program:
    blocks = [(i, text) for i, text in _blocks(response) if not text.lstrip().startswith(">>>")]
    marked = [text for info, text in blocks if info in _PYTHON]
    plain = [text for info, text in blocks if info in _UNSAID and _OPENING.search(text)]
    found = marked or plain
    if not found:
        return Program(response, loose=True)
    complete = [text for text in found if names and names <= defined(text)]
    if complete:
        needed = _needed(complete[-1], found, names)
        return Program("\n".join(map(_dedented, (*needed, complete[-1]))))
    if names:
        found = [text for text in found if names & defined(text)] or found
    return Program("\n".join(map(_dedented, found)))


def _needed(program: str, blocks: list[str], names: set[str]) -> list[str]:
    """Other blocks with helpers and imports that a program uses: those that do not use it."""
    words = set(_WORD.findall(program))
    missing = words - defined(program) - _imported(program)
    return [
        text
        for text in blocks
        if text is not program
        and not names & set(_WORD.findall(text))
        and (defined(text) | _imported(text)) & missing
    ]


def _imported(source: str) -> set[str]:
    lines = [match[0] for match in _IMPORT.finditer(source)]
    return {word for line in lines for word in _WORD.findall(line)} - {"import", "from", "as"}


def _dedented(text: str) -> str:
    """A block without the indentation that all its lines share, as in a list item."""
    first = text.lstrip("\n")
    indent = len(first) - len(first.lstrip(" "))
    if not indent:
        return text
    margin = " " * indent
    lines = text.splitlines(keepends=True)
    shared = all(line.startswith(margin) or not line.strip() for line in lines)
    return "".join(line.removeprefix(margin) for line in lines) if shared else text


def defined(source: str) -> set[str]:
    """Names that the top level of a program seems to define."""
    return {match[1] for match in _DEFINED.finditer(source)} | {
        match[1] for match in _ASSIGNED.finditer(source)
    }


def last_function(source: str) -> str:
    """Name of the last function at the top level that is not a test or an entry of a script."""
    names = [match[1] for match in _FUNCTION.finditer(source)]
    names = [n for n in names if n != "main" and not n.startswith(("_", "test_"))] or names
    return names[-1] if names else ""
