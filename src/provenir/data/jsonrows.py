r"""Rows from JSON text: one object per line (JSONL), or one array of objects.

Rules kept here:

1. lines end at `\n`; a carriage return, a byte order mark at the start and blank lines are
   allowed; U+2028 inside a string ends nothing;
2. text is UTF-8 (RFC 8259, section 8.1); a row is an object;
3. integers keep every digit: `orjson` reads a line only when no run of 19 digits is in it, for it
   rounds what does not fit 64 bits;
4. what `orjson` refuses gets a second, slower reading by `json`, which knows Python's own
   dialect: NaN, Infinity, -Infinity (a finding; refused when strict) and lone surrogates;
5. a number beyond a double (1e400) is infinite for Python: likewise a finding, refused when strict;
6. of duplicate keys the last wins, as in every common reader; strict readers refuse them;
7. a row is bounded in bytes and in values (`bounds`) before it is parsed;
8. every refusal names file and line.
"""

from __future__ import annotations

import codecs
import json
from itertools import chain
from math import isinf
from typing import TYPE_CHECKING, Any, Final

import orjson

from provenir.core.errors import BoundsError, InputError
from provenir.data.bounds import MAX_ROW_BYTES, MAX_ROW_VALUES, too_many_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.data.reading import Reading, Row

_BOM: Final = b"\xef\xbb\xbf"
_LONG_DIGITS: Final = b"0" * 19
_DIGITS_TO_ZERO: Final = bytes(48 if 48 <= code <= 57 else 32 for code in range(256))
_BLANK: Final = b" \t\r"
_SPACE: Final = " \t\r\n"
_LINES_MEND: Final = "it needs one JSON object per line, as UTF-8; an array goes in a .json file"
_ARRAY_MEND: Final = "it needs one array of JSON objects, or one object per line, as UTF-8"
_SPLIT_MEND: Final = "split the row into several, or leave large fields out of the file"


def line_rows(
    chunks: Iterator[bytes], where: str, reading: Reading, *, mend: str = _LINES_MEND
) -> Iterator[Row]:
    """Yield the objects of a JSONL stream.

    Args:
        chunks: the decompressed bytes.
        where: the file's name in messages.
        reading: strictness and findings.
        mend: what a message tells the reader to do.

    Raises:
        InputError: a line is no JSON object; `where` is "file:line".
        BoundsError: a line is longer than `MAX_ROW_BYTES`, or has more than `MAX_ROW_VALUES`.
    """
    parser = _Parser(where, reading, mend)
    for number, line in _lines(chunks, where):
        if too_many_values(line):
            raise _too_many(where, number)
        if not reading.strict and _LONG_DIGITS not in line.translate(_DIGITS_TO_ZERO):
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError:
                row = None
            if type(row) is dict:
                yield row
                continue
        if line.strip(_BLANK):
            yield parser.line(line, number)


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
        if not _BOM.startswith(first) and first.removeprefix(_BOM).strip():
            break
    whole = chain((first,), chunks)
    if first.removeprefix(_BOM).lstrip().startswith(b"["):
        yield from _ArrayReader(whole, where, reading).rows()
    else:
        yield from line_rows(whole, where, reading, mend=_ARRAY_MEND)


def _lines(chunks: Iterator[bytes], where: str) -> Iterator[tuple[int, bytes]]:
    """Number and yield the lines without their newline, holding at most one line and a chunk."""
    parts: list[bytes] = []
    held = number = 0
    for chunk in chunks:
        head, *rest = chunk.split(b"\n")
        parts.append(head)
        held += len(head)
        if held > MAX_ROW_BYTES:
            raise BoundsError(
                f"the line is longer than {MAX_ROW_BYTES >> 20} MiB",
                where=f"{where}:{number + 1}",
                mend=f"{_LINES_MEND}; {_SPLIT_MEND}",
            )
        if rest:
            number += 1
            line = b"".join(parts)
            yield number, line.removeprefix(_BOM) if number == 1 else line
            for line in rest[:-1]:
                number += 1
                yield number, line
            parts, held = [rest[-1]], len(rest[-1])
    if held:
        number += 1
        line = b"".join(parts)
        yield number, line.removeprefix(_BOM) if number == 1 else line


def _too_many(where: str, number: int) -> BoundsError:
    return BoundsError(
        f"the row has more than {MAX_ROW_VALUES:,} values",
        where=f"{where}:{number}",
        mend=_SPLIT_MEND,
    )


class _Parser:
    """The slow and exact reading of one text, with every refusal named."""

    def __init__(self, where: str, reading: Reading, mend: str) -> None:
        self.where = where
        self.mend = mend
        self.reading = reading
        self.number = 0
        self.decoder = json.JSONDecoder(
            parse_float=self._float,
            parse_constant=self._constant,
            object_pairs_hook=self._unique if reading.strict else None,
        )

    def line(self, line: bytes, number: int) -> Row:
        """Parse one line.

        Raises:
            InputError: naming file and line.
        """
        self.number = number
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.error(f"not UTF-8 (byte {error.start + 1} of the line)") from error
        try:
            return self.checked(self.decoder.decode(text))
        except json.JSONDecodeError as error:
            raise self.error(f"not JSON ({error.msg}, column {error.colno})") from error
        except (ValueError, RecursionError) as error:
            raise self.too_large(error) from error

    def checked(self, value: Any) -> Row:
        """The value as a row; anything but an object is refused."""
        if isinstance(value, dict):
            return value
        kind = {list: "an array", str: "a string", type(None): "null"}.get(type(value), "a scalar")
        raise self.error(f"a row must be a JSON object, this one is {kind}")

    def error(self, what: str) -> InputError:
        """An `InputError` at the current line."""
        return InputError(what, where=f"{self.where}:{self.number}", mend=self.mend)

    def too_large(self, error: Exception) -> InputError:
        """Nesting or digits beyond what Python reads."""
        deep = isinstance(error, RecursionError)
        return self.error("nested too deeply" if deep else "an integer with too many digits")

    def _float(self, literal: str) -> float:
        value = float(literal)
        if not isinf(value):
            return value
        shown = literal if len(literal) <= 24 else f"{literal[:20]}…"
        if self.reading.strict:
            raise self.error(f"the number {shown} is too large for a double")
        self.reading.note(
            "infinite_number",
            f"the number {shown} is too large for a double (first seen in "
            f"{self.where}:{self.number}); read as infinite",
            subject="Infinity" if value > 0 else "-Infinity",
        )
        return value

    def _constant(self, literal: str) -> float:
        if self.reading.strict:
            raise self.error(f"{literal} is not JSON")
        self.reading.note(
            "nonstandard_json",
            f"{literal} is not JSON (first seen in {self.where}:{self.number}); read as a float",
            subject=literal,
        )
        return float(literal)

    def _unique(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise self.error(f"the key {twice!r} occurs twice in one object")
        return found


class _ArrayReader:
    """Objects of one array, parsed from a window that slides over the text.

    Where an object is cut by the window's end the window doubles, so each byte is parsed at most
    a constant number of times.
    """

    def __init__(self, chunks: Iterator[bytes], where: str, reading: Reading) -> None:
        self.chunks = chunks
        self.utf8 = codecs.getincrementaldecoder("utf-8")("strict")
        self.parser = _Parser(where, reading, _ARRAY_MEND)
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
                raise _too_many(self.parser.where, self.parser.number)
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
                f"an object is longer than {MAX_ROW_BYTES >> 20} MiB", where=where, mend=_SPLIT_MEND
            )
        if _crowded(held):
            raise _too_many(self.parser.where, self.parser.number)
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
