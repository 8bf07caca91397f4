"""Lines of the ledger's files: the integer-and-string subset of RFC 8785.

A line is the canonical JSON of one object, without its newline. It holds no float: a real number
stands as a string, so that every JSON writer with sorted keys spells a line alike and the digest of
a line does not hang on how a language prints doubles (docs/reference/ledger.md, "Conventions").
"""

from __future__ import annotations

import math
from typing import Any, Final

import orjson

from provenir.core.canonical import canonical_bytes
from provenir.core.digest import digest_bytes
from provenir.core.errors import CanonicalizationError, InputError
from provenir.core.files import parse_json

__all__ = ["MAX_LINE_DEPTH", "line_bytes", "line_digest", "parse_line", "parse_real", "real"]

MAX_LINE_DEPTH: Final = 16
"""Most nested containers in a line that is read."""

_SPECIAL: Final = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_SCALARS: Final = frozenset({str, int, bool, type(None)})


def line_bytes(value: Any) -> bytes:
    """Return the line of a value, without its newline.

    Raises:
        CanonicalizationError: It holds a float, or something else that a line cannot hold.
    """
    if _holds_float(value):
        raise CanonicalizationError(
            "a line holds no float", mend="write the number as text: provenance.ledger.lines.real"
        )
    return canonical_bytes(value)


def line_digest(line: bytes) -> str:
    """Return the digest of a line's bytes."""
    return digest_bytes(line)


def parse_line(line: bytes, *, where: str) -> dict[str, Any]:
    """Return the object that a line holds, if the line is spelled canonically.

    Args:
        line: The bytes without the newline.
        where: What to call the line in an error.

    Raises:
        InputError: Not JSON, not an object, not canonical, or with a float.
        BoundsError: Nested deeper than `MAX_LINE_DEPTH`.
    """
    # What spells back to the same bytes was read without loss: no key twice, no other layout, no
    # integer out of range. Only then is the fast parser's answer the strict one's.
    try:
        value = orjson.loads(line)
        if type(value) is dict and not _holds_float(value) and canonical_bytes(value) == line:
            return value
    except (orjson.JSONDecodeError, CanonicalizationError, RecursionError):
        value = None
    value = parse_json(line, where=where, max_depth=MAX_LINE_DEPTH)
    raise InputError(
        "not a canonical line" if isinstance(value, dict) else "not an object",
        where=where,
        mend="read another copy: a line is RFC 8785 without floats",
    )


def real(number: float) -> str:
    """Write a real number as a line holds it: the shortest `repr` of the double, or its name."""
    value = float(number)
    if math.isfinite(value):
        return repr(value)
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def parse_real(text: str) -> float:
    """Read what `real` wrote.

    Raises:
        InputError: Any other text.
    """
    number = _SPECIAL.get(text)
    if number is None:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if real(number) != text:
            raise InputError(f"{text[:40]!r} is not how a real number is written")
    return number


def _holds_float(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return _any_float(value.values())
    if kind is list or kind is tuple:
        return _any_float(value)
    return isinstance(value, float)


def _any_float(items: Any) -> bool:
    if _SCALARS.issuperset(map(type, items)):
        return False
    return any(map(_holds_float, items))
