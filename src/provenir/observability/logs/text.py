"""Lines and JSON values out of chunks of bytes, with a bounded part of them in memory."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any, Final

import orjson

from provenir.core.errors import BoundsError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["JsonWindow", "json_object", "text_lines"]

MAX_LINE_BYTES: Final = 16 * 2**20
_BOM: Final = b"\xef\xbb\xbf"
_SPACE: Final = " \t\r\n"


def text_lines(chunks: Iterable[bytes], where: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, with their numbers from 1.

    Raises:
        BoundsError: A line is longer than 16 MiB.
    """
    held, number = b"", 0
    for chunk in chunks:
        lines = (held + chunk).split(b"\n")
        held = lines.pop()
        for line in lines:
            number += 1
            if number == 1:
                line = line.removeprefix(_BOM)
            if line.strip():
                yield number, line
        if len(held) > MAX_LINE_BYTES:
            raise _too_long(f"{where}:{number + 1}")
    if held.removeprefix(_BOM).strip():
        yield number + 1, held.removeprefix(_BOM) if number == 0 else held


def json_object(line: bytes) -> dict[str, Any] | None:
    """The object on a line, in Python's dialect (NaN, Infinity) too; None for anything else."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


class JsonWindow:
    """JSON values parsed one after the other from a window that slides over a text.

    Raises:
        InputError: From its methods, where the text is no JSON or ends too early.
        BoundsError: From `value`, where one value is longer than 16 MiB.
    """

    def __init__(self, chunks: Iterable[bytes], where: str) -> None:
        self._chunks = iter(chunks)
        self._where = where
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._decoder = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._line = 1

    @property
    def place(self) -> str:
        """``file:line`` of what comes next."""
        return f"{self._where}:{self._line}"

    def peek(self) -> str:
        """The next character that is not white space; "" at the end."""
        while True:
            while self._at < len(self._text):
                mark = self._text[self._at]
                if mark not in _SPACE:
                    return mark
                self._line += mark == "\n"
                self._at += 1
            if not self._more():
                return ""

    def take(self, marks: str) -> str:
        """Take one of `marks`."""
        mark = self.peek()
        if not mark or mark not in marks:
            raise self._torn(f"expected one of {' '.join(marks)}")
        self._at += 1
        return mark

    def value(self) -> Any:
        """Take one whole value."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as fault:
                # A fault far before the end of what is held is not for want of text.
                near = getattr(fault, "pos", 0) >= len(self._text) - 64
                cut = near or "Unterminated" in str(fault)
                if cut and self._more():
                    continue
                raise self._torn("no JSON") from fault
            if end == len(self._text) and self._more():
                continue  # a number may go on
            self._line += self._text.count("\n", self._at, end)
            self._at = end
            return value

    def _more(self) -> bool:
        """Hold at least twice as much of the text; False at its end."""
        held = self._text[self._at :]
        if len(held) > MAX_LINE_BYTES:
            raise _too_long(self.place)
        parts, size = [held], 0
        for chunk in self._chunks:
            parts.append(self._utf8.decode(chunk))
            size += len(chunk)
            if size > len(held):
                break
        self._text, self._at = "".join(parts), 0
        return size > 0

    def _torn(self, what: str) -> InputError:
        return InputError(f"{what} (is the file torn?)", where=self.place, mend="write it again")


def _too_long(where: str) -> BoundsError:
    return BoundsError(
        f"longer than {MAX_LINE_BYTES >> 20} MiB", where=where, mend="this is no log of metrics"
    )
