"""The texts of a row, and each of them as bytes in which `kernels` finds the words.

Shingles never cross from one text of a row into the next, so a field that was moved, or an id
beside the text, changes little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from provenir.core.errors import UsageError
from provenir.data.minhash.folds import SOFT_HYPHEN, fold

Textual: TypeAlias = str | bytes | Mapping[str, Any]

_BLANKS: Final = b" \t\r" + SOFT_HYPHEN
_HYPHEN_END: Final = re.compile(rb"-[%b]*\n" % _BLANKS)
# Soft hyphens are passed over, and so is a hyphen with the end of its line.
_WRAP: Final = re.compile(rb"[-%b][%b]*\n[%b]*|%b" % (SOFT_HYPHEN, _BLANKS, _BLANKS, SOFT_HYPHEN))


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

    The words are those of `provenir.data.text.words`, but for their case in ASCII.
    """
    data = text.encode("utf-8", "replace")
    soft = False
    if not text.isascii():
        data = fold(data)
        soft = SOFT_HYPHEN in data
    if soft:
        data = data.replace(SOFT_HYPHEN + b"-", b".")  # after a soft hyphen another parts words
    # Far faster than to look for `_WRAP` itself.
    return _WRAP.sub(b"", data) if soft or _HYPHEN_END.search(data) else data
