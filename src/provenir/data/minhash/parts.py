"""The texts of a row, and each of them as bytes in which `kernels` finds the words.

Shingles never cross from one text of a row into the next, so a field that was moved, or an id
beside the text, changes little.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from provenir.core.errors import UsageError
from provenir.data.text.folding import Kind, plain_fold

Textual: TypeAlias = str | bytes | Mapping[str, Any]

_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
# Soft hyphens are passed over, and so is a hyphen with the end of its line.
_WRAP: Final = re.compile("[-\u00ad][ \t\r\u00ad]*\n[ \t\r\u00ad]*|\u00ad")
_SPELLED: Final = {
    Kind.BREAK: ".",
    Kind.DROP: "",
    Kind.HYPHEN: "-",
    Kind.SOFT_HYPHEN: "\u00ad",
    Kind.SPACE: " ",
    Kind.NEWLINE: "\n",
}
_AFTER_SOLO: Final = "\x01"
_JOIN: Final = "\x02"


def texts_of(row: Mapping[str, Any], fields: tuple[str, ...] | None = None) -> Iterator[str]:
    """Yield every text of a row at any depth, in reading order; names of fields are no text.

    Args:
        row: The row.
        fields: The only top-level fields to look at, None for all.
    """
    names = row if fields is None else [name for name in fields if name in row]
    waiting = [row[name] for name in names][::-1]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            waiting.extend(list(value.values())[::-1])
        elif isinstance(value, (list, tuple)):
            waiting.extend(value[::-1])


def parts_of(row: Textual, fields: tuple[str, ...] | None = None) -> list[bytes]:
    """The texts of a row, or one text, in the form that the kernels read.

    Args:
        row: A row, or its text; bytes are UTF-8, and what is not is a gap between words.
        fields: The only top-level fields of a row to look at, None for all.

    Raises:
        UsageError: Neither a row nor a text.
    """
    if isinstance(row, str):
        return [word_bytes(row)]
    if isinstance(row, bytes):
        return [word_bytes(row.decode("utf-8", "replace"))]
    if not isinstance(row, Mapping):
        raise UsageError(f"a {type(row).__name__} is neither a row nor a text")
    return [word_bytes(text) for text in texts_of(row, fields)]


def word_bytes(text: str) -> bytes:
    """A text as bytes in which a word is a run of ASCII letters and digits, or beyond ASCII.

    The words are those of `provenir.data.text.words`, but for their case in ASCII. Only a Hangul
    letter that follows a word of another script may be told apart otherwise.
    """
    if not text.isascii():
        text = _BEYOND_ASCII.sub(_fold_run, text)
        if _JOIN in text:
            text = text.replace(_AFTER_SOLO + _JOIN, "").replace(_JOIN, "")
    if "-" in text or "\u00ad" in text:
        text = _WRAP.sub("", text)
    return text.encode("utf-8", "replace")


def _fold_run(found: re.Match[str]) -> str:
    return found[0].translate(_spelling())


class _Spelling(dict[int, str]):
    """What stands for a code point, filled as it is asked."""

    def __missing__(self, point: int) -> str:
        self[point] = "".join(_spell(kind, chr(said)) for kind, said in plain_fold()[chr(point)])
        return self[point]


@functools.cache
def _spelling() -> _Spelling:
    return _Spelling()


def _spell(kind: Kind, char: str) -> str:
    if kind is Kind.WORD:
        return char
    if kind is Kind.SOLO:
        return f" {char}{_AFTER_SOLO}"
    if kind is Kind.JOIN:
        return f"{_JOIN}{char}{_AFTER_SOLO}"
    return _SPELLED[kind]
