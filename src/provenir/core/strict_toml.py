"""Reading TOML that a stranger wrote, and its tables field by field.

TOML itself refuses duplicate keys and byte order marks. What it leaves open is cost (a dotted key
of n parts costs the parser n * n steps, nesting its stack) and what stands in a file beyond what
its reader knows, so that a misspelled field is an error here and never a default in silence.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from provenir.core.clock import parse_utc
from provenir.core.errors import InputError
from provenir.core.text import printable

__all__ = ["MAX_LINE_DOTS", "TomlTable", "parse_toml"]

MAX_LINE_DOTS: Final = 100
"""Most dots in one line, those in texts included."""


def parse_toml(data: bytes, *, where: str, what: str = "the file") -> dict[str, Any]:
    """Return the table that a TOML text holds.

    Args:
        data: The text, as UTF-8 bytes. Its size is the caller's business (see `read_bounded`).
        where: What to call the input in an error.
        what: What it is, as the subject of the sentence.

    Raises:
        InputError: Not UTF-8, not TOML, nested too deeply, or a line with too many dots.
    """
    try:
        if any(line.count(b".") > MAX_LINE_DOTS for line in data.splitlines()):
            raise ValueError(f"a line with more than {MAX_LINE_DOTS} dots")
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as fault:
        raise InputError(
            f"{what} cannot be read ({fault})", where=where, mend="correct or remove it"
        ) from fault


@dataclass(frozen=True, slots=True)
class TomlTable:
    """A table whose fields are asked for by name and kind.

    Attributes:
        values: The table.
        where: What to call the file in an error.
        name: What to call the table in an error, such as `keys[2]`; empty for the whole file.
    """

    values: Mapping[str, Any]
    where: str
    name: str = ""

    def fault(self, field: str, what: str, mend: str) -> InputError:
        """Make the error about one field."""
        place = ".".join(part for part in (self.name, field) if part)
        return InputError(f"{place}: {what}", where=self.where, mend=mend)

    def only(self, known: Collection[str]) -> None:
        """Refuse fields that are not known.

        Raises:
            InputError: There is one.
        """
        for key in self.values:
            if key not in known:
                shown = printable(key, max_chars=60) or '""'
                raise self.fault(shown, "no such field", f"known here are: {', '.join(known)}")

    def table(self, field: str) -> TomlTable:
        """The table under a name, empty where it is missing.

        Raises:
            InputError: Something else stands there.
        """
        found = self.values.get(field, {})
        if not isinstance(found, Mapping):
            raise self.fault(field, "not a table", f"write it as [{field}]")
        return TomlTable(found, self.where, ".".join(p for p in (self.name, field) if p))

    def text(self, field: str, *, max_chars: int) -> str:
        """A text of 1 to `max_chars` characters, all of which show, in one spelling (NFC).

        Raises:
            InputError: It is missing or something else.
        """
        found = self._required(field)
        if not isinstance(found, str) or not 0 < len(found) <= max_chars:
            raise self.fault(field, f"not a text of 1 to {max_chars} characters", "correct it")
        if printable(found, max_chars=max_chars) != found:
            raise self.fault(field, "holds characters that do not show", "write plain text")
        if unicodedata.normalize("NFC", found) != found:
            raise self.fault(field, "not in Unicode's NFC", "write it in composed characters")
        return found

    def texts(self, field: str) -> tuple[str, ...] | None:
        """A list of texts, each once, or None where it is missing.

        Raises:
            InputError: Something else stands there.
        """
        found = self.values.get(field)
        if found is None:
            return None
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise self.fault(field, "not a list of texts", f'write it as {field} = ["…"]')
        return tuple(dict.fromkeys(found))

    def integer(self, field: str, *, most: int) -> int:
        """A whole number from 1 to `most`.

        Raises:
            InputError: It is missing or something else.
        """
        found = self._required(field)
        if type(found) is not int or not 1 <= found <= most:
            raise self.fault(field, f"not a whole number from 1 to {most}", "correct it")
        return found

    def boolean(self, field: str) -> bool:
        """True or false; false where it is missing.

        Raises:
            InputError: Something else stands there.
        """
        found = self.values.get(field, False)
        if type(found) is not bool:
            raise self.fault(field, "neither true nor false", "write it without quotation marks")
        return found

    def instant(self, field: str) -> datetime | None:
        """An instant in UTC from an RFC 3339 text or a TOML date-time, None where it is missing.

        Raises:
            InputError: It has no time zone, or something else stands there.
        """
        found = self.values.get(field)
        if found is None:
            return None
        try:
            if isinstance(found, datetime) and found.tzinfo is not None:
                return found.astimezone(UTC)
            return parse_utc(found if isinstance(found, str) else "")
        except (InputError, OverflowError) as fault:
            raise self.fault(
                field, "not a time with its zone", "write it like 2026-01-02T03:04:05Z"
            ) from fault

    def _required(self, field: str) -> Any:
        if field not in self.values:
            raise self.fault(field, "missing", "add it")
        return self.values[field]
