"""From source to a syntax tree, for any source: bounded before the parser sees it.

CPython's parser recurses in C over brackets and prefix operators. What could exhaust its stack is
refused here; the MemoryError and RecursionError of its own bounds are caught.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from provenir.environments.code.limits import MAX_BLOCK_CHARS, MAX_BRACKETS, MAX_UNARY

if TYPE_CHECKING:
    from provenir.environments.code.blocks import Block

__all__ = ["Budget", "Parsed", "parse"]

_UNREADABLE: Final = {0: 32, 12: 32, **dict.fromkeys(range(0xD800, 0xE000), 63)}
_BRACKET: Final = re.compile(r"[()\[\]{}]")
_PREFIX: Final = re.compile(
    rf"(?:(?:[-+~*]|\bnot\b|\bawait\b|\blambda\b[^:\n]{{0,40}}:)[ \t]*){{{MAX_UNARY}}}"
)
_ESCAPE: Final = re.compile(r"\\(?:[\n\r'\"\\abfnrtvxuUN0-3]|[4-7](?![0-7][0-7])|(.))")
_LONE_RETURN: Final = re.compile(r"\r(?!\n)")
_MAGIC: Final = re.compile(r"^([ \t]*)[%!](?=[\w ./-])", re.MULTILINE)
_TOP: Final = re.compile(r"^(?=[^\s#)\]}])", re.MULTILINE)
_CONTINUED: Final = re.compile(r"(?:elif|else|except|finally)\b")
_MAX_CHUNKS: Final = 400
_MOST_LINKS: Final = 1000


class Budget:
    """What one text may still cost the parser, in characters."""

    __slots__ = ("left",)

    def __init__(self, chars: int) -> None:
        self.left = chars

    def spend(self, chars: int) -> bool:
        """Take `chars`; False, and nothing taken, if there is less."""
        if chars > self.left:
            return False
        self.left -= chars
        return True


@dataclass(frozen=True, slots=True)
class Parsed:
    """A syntax tree, None with the reason where there is none; `partial` if parts were skipped."""

    tree: ast.Module | None
    reason: str = ""
    partial: bool = False


def parse(block: Block, budget: Budget) -> Parsed:
    """Parse a block; where it is not all Python, those of its statements that are."""
    source = block.source
    if len(source) > MAX_BLOCK_CHARS:
        return Parsed(None, "too long")
    source = _readable(source)
    if _too_deep(source):
        return Parsed(None, "too deep")
    if not budget.spend(len(source)):
        return Parsed(None, "too much code")
    tree = _tree(source)
    if tree is None and source[:1] in " \t\n\r":
        tree = _indented(source)
    if tree is not None:
        return Parsed(tree)
    return _in_chunks(source, budget)


def _readable(source: str) -> str:
    """The source of the same length without what the parser refuses or warns of."""
    if not source.isascii() or "\0" in source or "\f" in source:
        source = source.translate(_UNREADABLE)
        if source.startswith("\ufeff"):
            source = " " + source[1:]
    if "\r" in source:
        source = _LONE_RETURN.sub("\n", source)
    if "%" in source or "!" in source:
        source = _MAGIC.sub(r"\1#", source)
    if "\\" in source:
        # An unknown escape makes the parser warn through a process-wide filter.
        source = _ESCAPE.sub(lambda m: "/" + m[1] if m[1] else m[0], source)
    return source


def _too_deep(source: str) -> bool:
    count = source.count
    if count("(") + count("[") + count("{") > MAX_BRACKETS:
        depth = 0
        for match in _BRACKET.finditer(source):
            depth += 1 if match[0] in "([{" else -(depth > 0)
            if depth > MAX_BRACKETS:
                return True
    if count("elif") > _MOST_LINKS or count(" else ") > _MOST_LINKS or count("**") > _MOST_LINKS:
        return True
    if (
        count("-") + count("+") + count("~") + count("*") + count("not") + count("lambda")
        < MAX_UNARY
    ):
        return False
    return _PREFIX.search(source) is not None


def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError):
        return None


def _indented(source: str) -> ast.Module | None:
    """The tree of an indented body, such as the rest of a function whose head was given."""
    first = source.lstrip("\r\n")
    if not first[:1].isspace():
        return None
    tree = _tree("if 1:\n" + source)
    if tree is not None:
        ast.increment_lineno(tree, -1)
    return tree


def _in_chunks(source: str, budget: Budget) -> Parsed:
    """The tree of those top-level statements that parse: a truncated or mixed text has some."""
    cuts = [match.start() for match in _TOP.finditer(source)][:_MAX_CHUNKS]
    body: list[ast.stmt] = []
    lines = [0, *cuts, len(source)]
    chunk_start = 0
    pending = ""
    for start, end in pairwise(lines):
        piece = source[start:end]
        if pending and not _CONTINUED.match(piece):
            _take(pending, source.count("\n", 0, chunk_start), body, budget)
            pending = ""
        if not pending:
            chunk_start = start
        pending += piece
    _take(pending, source.count("\n", 0, chunk_start), body, budget)
    if not body:
        return Parsed(None, "does not parse")
    return Parsed(ast.Module(body=body, type_ignores=[]), partial=True)


def _take(chunk: str, line: int, body: list[ast.stmt], budget: Budget) -> None:
    if not chunk.strip() or not budget.spend(len(chunk)):
        return
    tree = _tree(chunk) or _indented(chunk) or _shortened(chunk, budget)
    if tree is not None:
        ast.increment_lineno(tree, line)
        body.extend(tree.body)


def _shortened(chunk: str, budget: Budget) -> ast.Module | None:
    """The tree of a chunk without its last lines, for one that was cut off."""
    lines = chunk.splitlines(keepends=True)
    for drop in (1, 2, 3):
        if len(lines) > drop and budget.spend(len(chunk)):
            tree = _tree("".join(lines[:-drop]))
            if tree is not None:
                return tree
    return None
