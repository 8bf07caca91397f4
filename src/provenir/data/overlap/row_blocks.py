"""Blocks of rows from what is read in order: streams of text, and rows as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

from provenir.core.errors import InputError
from provenir.core.plain import to_plain
from provenir.data.bounds import MAX_ROW_BYTES, MAX_ROW_VALUES
from provenir.data.json_parser import BOM
from provenir.data.overlap.blocks import RowBlock
from provenir.data.overlap.plain import PADDING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

__all__ = ["line_blocks", "row_line", "value_blocks"]

_DEEPEST: Final = 200
_LEFT_OUT: Final = ("too_deep", "too_large", "unreadable")
_OPTIONS: Final = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def line_blocks(chunks: Iterable[bytes], length: int) -> Iterator[RowBlock]:
    """Yield blocks of JSON Lines that come as a stream.

    Args:
        chunks: The text, cut anywhere.
        length: Bytes of a block; a block with a longer row is longer.
    """
    held = bytearray()
    offset, skipping = 0, False
    for chunk in chunks:
        if skipping:
            # The rest of a row that is too long, which a block before has told.
            end = chunk.find(b"\n") + 1
            lost = end or len(chunk)
            offset += lost
            chunk = chunk[lost:]
            skipping = not end
            if end:
                yield _text_block(b"", offset, lines=1)
        held += chunk
        if len(held) < length:
            continue
        cut = held.rfind(b"\n") + 1
        if cut:
            yield _text_block(bytes(held[:cut]), offset)
            del held[:cut]
            offset += cut
        if len(held) > MAX_ROW_BYTES:
            yield _text_block(b"", offset, too_long=offset)
            offset += len(held)
            held.clear()
            skipping = True
    if held:
        yield _text_block(bytes(held), offset)


def _text_block(
    text: bytes, offset: int, *, lines: int | None = None, too_long: int | None = None
) -> RowBlock:
    marked = len(BOM) if offset == 0 and text.startswith(BOM) else 0
    return RowBlock(
        buf=_padded(text[marked:]),
        size=len(text) - marked,
        offset=offset + marked,
        lines=text.count(b"\n") if lines is None else lines,
        too_long=too_long,
    )


def value_blocks(
    rows: Iterable[Mapping[str, Any]], length: int, *, keep: bool = False
) -> Iterator[RowBlock]:
    """Yield blocks of rows that are values.

    Args:
        rows: The rows.
        length: Bytes of a block, about.
        keep: Whether blocks keep the rows as they were given.

    Raises:
        InputError: A row that cannot be written whole, so that some of it would not be examined.
    """
    texts: list[bytes] = []
    kept: list[Any] = []
    size = 0
    for number, row in enumerate(rows):
        texts.append(row_line(row, number))
        size += len(texts[-1])
        if keep:
            kept.append(row)
        if size >= length:
            yield _value_block(texts, kept, size)
            texts, kept, size = [], [], 0
    if texts:
        yield _value_block(texts, kept, size)


def _value_block(texts: list[bytes], kept: list[Any], size: int) -> RowBlock:
    return RowBlock(buf=_padded(*texts), size=size, rows=tuple(kept) or None)


def _padded(*texts: bytes) -> NDArray[np.uint8]:
    # Of a bytearray, since kernels are compiled for arrays that can be written to.
    return np.frombuffer(bytearray().join([*texts, bytes(PADDING)]), np.uint8)


def row_line(row: Mapping[str, Any], number: int = 0) -> bytes:
    """Return a row as a line of JSON; what JSON lacks becomes the nearest that it has.

    Bytes that are text become that text, so that what they say is examined.

    Args:
        row: The row.
        number: Its number, for messages.

    Raises:
        InputError: It is nested too deeply or has too many values, so that some would be left out.
    """
    try:
        return orjson.dumps(row, _text_of, _OPTIONS) + b"\n"
    except (TypeError, ValueError, RecursionError):
        plain, losses = to_plain(_with_text(row), max_depth=_DEEPEST, max_nodes=MAX_ROW_VALUES)
        lost = next((loss for loss in losses if loss.kind in _LEFT_OUT), None)
        if lost is not None:
            raise InputError(
                f"a part of the row would not be examined ({lost.kind.replace('_', ' ')})",
                where=f"row {number}",
                mend="flatten the row",
            ) from None
        return orjson.dumps(plain) + b"\n"


def _text_of(value: Any) -> str:
    """Bytes as text: UTF-8, else Latin-1 where there is no NUL, as there is in images and sound."""
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        try:
            return data.decode()
        except UnicodeDecodeError:
            if 0 not in data:
                return data.decode("latin-1")
    raise TypeError


def _with_text(value: Any, depth: int = 0) -> Any:
    """The value, with bytes that are text as text."""
    if depth > _DEEPEST:
        return value
    if isinstance(value, dict):
        return {key: _with_text(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_with_text(one, depth + 1) for one in value]
    try:
        return _text_of(value)
    except TypeError:
        return value
