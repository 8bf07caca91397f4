r"""The exact reading of one row from JSON text, with every refusal named.

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

import json
import re
from math import isinf
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import BoundsError, InputError
from provenir.data.bounds import MAX_ROW_VALUES

if TYPE_CHECKING:
    from provenir.data.reading import Reading, Row

BOM: Final = b"\xef\xbb\xbf"
LINES_MEND: Final = "it needs one JSON object per line, as UTF-8; an array goes in a .json file"
ARRAY_MEND: Final = "it needs one array of JSON objects, or one object per line, as UTF-8"
SPLIT_MEND: Final = "split the row into several, or leave large fields out of the file"

_LONG_DIGITS: Final = b"0" * 19
_DIGITS_TO_ZERO: Final = bytes(48 if 48 <= code <= 57 else 32 for code in range(256))
_KEY_ENDS: Final = re.compile(rb'"[ \t\r\n]*:')
_BARE_KEY_ENDS: Final = re.compile(rb'(?<!\\)"[ \t\r\n]*:')


def too_many_error(where: str, number: int) -> BoundsError:
    """The refusal of a row with too many values."""
    return BoundsError(
        f"the row has more than {MAX_ROW_VALUES:,} values",
        where=f"{where}:{number}",
        mend=SPLIT_MEND,
    )


def has_long_digits(line: bytes) -> bool:
    """Whether a run of 19 digits is in a line, which `orjson` may round (rule 3)."""
    return _LONG_DIGITS in line.translate(_DIGITS_TO_ZERO)


def repeated_key(line: bytes, row: Row) -> str | None:
    """The first key that stands twice in one object of a line, of which a reader keeps one value.

    Args:
        line: JSON text.
        row: What a reader made of it.
    """
    # Each key ends in one of these, and strings may hold more of them: equal counts leave no room.
    # Within a string the quotation mark is escaped; a key ends so only in a backslash of its own.
    keys = _count_keys(row)
    if len(_KEY_ENDS.findall(line)) == keys:
        return None
    if rb'\\"' not in line and len(_BARE_KEY_ENDS.findall(line)) == keys:
        return None
    twice: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: set[str] = set()
        twice.extend(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return dict(pairs)

    try:
        json.JSONDecoder(object_pairs_hook=note).decode(line.decode())
    except (ValueError, RecursionError):
        return None
    return twice[0] if twice else None


def _count_keys(row: Row) -> int:
    count, stack = 0, [row]
    while stack:
        value: Any = stack.pop()
        if isinstance(value, dict):
            count += len(value)
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
    return count


class RowParser:
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
