"""Rows from a JSON file: one array of objects, or one object per line; see `json_parser`."""

from __future__ import annotations

import codecs
import json
from itertools import chain
from typing import TYPE_CHECKING, Final

from provenir.core.errors import BoundsError
from provenir.data.bounds import MAX_ROW_BYTES, MAX_ROW_VALUES, too_many_values
from provenir.data.json_parser import ARRAY_MEND, BOM, SPLIT_MEND, RowParser, too_many_error
from provenir.data.jsonlines import line_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.data.reading import Reading, Row

_SPACE: Final = " \t\r\n"


def array_rows(chunks: Iterator[bytes], where: str, reading: Reading) -> Iterator[Row]:
    """Yield the objects of a JSON file: one array, or, when it does not begin with `[`, JSONL.

    The array is never held as a whole: the buffer grows only to the longest single object.

    Raises:
        InputError: not an array of objects; `where` is "file:line".
        BoundsError: an object is longer than `MAX_ROW_BYTES`, or has more than `MAX_ROW_VALUES`.
    """
    first = b""
    for chunk in chunks:
        first += chunk
        if not BOM.startswith(first) and first.removeprefix(BOM).strip():
            break
    whole = chain((first,), chunks)
    if first.removeprefix(BOM).lstrip().startswith(b"["):
        yield from _ArrayReader(whole, where, reading).rows()
    else:
        yield from line_rows(whole, where, reading, mend=ARRAY_MEND)


class _ArrayReader:
    """Objects of one array, parsed from a window that slides over the text.

    Where an object is cut by the window's end the window doubles, so each byte is parsed at most
    a constant number of times.
    """

    def __init__(self, chunks: Iterator[bytes], where: str, reading: Reading) -> None:
        self.chunks = chunks
        self.utf8 = codecs.getincrementaldecoder("utf-8")("strict")
        self.parser = RowParser(where, reading, ARRAY_MEND)
        self.parser.number = 1
        self.text = ""
        self.at = 0
        self.ended = False

    def rows(self) -> Iterator[Row]:
        """Yield the objects between the brackets; refuse anything after them."""
        self._skip("[", "an array must begin with [")
        if self._next() == "]":
            self.at += 1
        else:
            while True:
                yield self._item()
                mark = self._next()
                self.at += 1
                if mark == "]":
                    break
                if mark != ",":
                    raise self.parser.error("expected , or ] after an object (is the file torn?)")
                self._next()
        if self._next():
            raise self.parser.error("text after the end of the array")

    def _skip(self, mark: str, message: str) -> None:
        if self._next() != mark:
            raise self.parser.error(message)
        self.at += 1

    def _next(self) -> str:
        """The next character that is not white space, "" at the end; counts the lines passed."""
        while True:
            start, end = self.at, len(self.text)
            while self.at < end and self.text[self.at] in _SPACE:
                self.at += 1
            self.parser.number += self.text.count("\n", start, self.at)
            if self.at < end:
                return self.text[self.at]
            if not self._more():
                return ""

    def _item(self) -> Row:
        """Parse the object that begins at `at`."""
        while True:
            try:
                value, end = self.parser.decoder.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos >= len(self.text) - 16
                if cut and self._more():
                    continue
                raise self.parser.error(f"not JSON ({error.msg})") from error
            except (ValueError, RecursionError) as error:
                raise self.parser.too_large(error) from error
            row = self.parser.checked(value)
            if end - self.at > MAX_ROW_VALUES and _crowded(self.text[self.at : end]):
                raise too_many_error(self.parser.where, self.parser.number)
            self.parser.number += self.text.count("\n", self.at, end)
            self.at = end
            return row

    def _more(self) -> bool:
        """Drop what is parsed and at least double what is held; False at the end of the file.

        What is held is the beginning of one object, and is bounded as that is. What is added ends
        with the chunk that makes the text too many values for one object.
        """
        text = held = self.text[self.at :]
        where = f"{self.parser.where}:{self.parser.number}"
        if len(held) >= MAX_ROW_BYTES:
            raise BoundsError(
                f"an object is longer than {MAX_ROW_BYTES >> 20} MiB", where=where, mend=SPLIT_MEND
            )
        if _crowded(held):
            raise too_many_error(self.parser.where, self.parser.number)
        goal = min(2 * len(held) + 1, MAX_ROW_BYTES)
        while len(text) < goal and not self.ended and not _crowded(text):
            chunk = next(self.chunks, None)
            self.ended = chunk is None
            try:
                part = self.utf8.decode(chunk or b"", self.ended)
            except UnicodeDecodeError as error:
                before = held.count("\n") + error.object[: error.start].count(b"\n")
                self.parser.number += before
                raise self.parser.error("not UTF-8") from error
            text += part.removeprefix("\ufeff") if not self.text and not text else part
        self.text, self.at = text, 0
        return len(text) > len(held)


def _crowded(text: str) -> bool:
    return len(text) > MAX_ROW_VALUES and too_many_values(text.encode())
