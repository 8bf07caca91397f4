"""Reading JSON that a stranger wrote.

JSON leaves open what to do with duplicate keys, byte order marks, unpaired surrogates and numbers
out of range (RFC 8259 sections 4, 8 and 6). Two readers that answer differently can be shown two
different documents under one signature, so this reader refuses them all, as I-JSON (RFC 7493)
asks, and bounds depth and number before it builds anything.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NoReturn

from provenir.core.canonical import canonical_bytes
from provenir.core.errors import BoundsError, InputError
from provenir.core.limits import MAX_SAFE_INTEGER

__all__ = ["parse_json"]

# A string literal (closed or not) or a bracket. Possessive repeats keep it linear on any input.
_TOKEN: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_WHICH_FILE: Final = "check that this is the file that was meant"
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")


class _RefusedError(Exception):
    """Raised by a hook of the decoder; carries the reason."""


def parse_json(
    data: bytes | bytearray | memoryview,
    *,
    where: str,
    max_depth: int = 64,
    max_items: int | None = None,
    doubles: bool = False,
) -> Any:
    """Return the value of a JSON text, or say why it is not one that every reader agrees on.

    Args:
        data: The text, as UTF-8 bytes. Its size is the caller's business (see `read_bounded`).
        where: What to call the input in an error: a file, ``file:line``.
        max_depth: Most nested arrays and objects accepted.
        max_items: Most brackets and commas accepted, those inside texts included: a bound on the
            number of values that is known before any is built.
        doubles: Read an integer beyond +-(2^53-1) as the double that RFC 8785 prints so (a float
            of 2^53 and above has no decimal point there), and refuse one that is no double.
            Otherwise integers of any size stay integers.

    Returns:
        None, bool, int, float, str, list or dict.

    Raises:
        BoundsError: The value is nested deeper than `max_depth` or holds more than `max_items`.
        InputError: Not UTF-8, a byte order mark, not JSON, a key twice in one object, ``NaN`` or
            ``Infinity``, a number beyond the range of a double, an unpaired surrogate.
    """
    try:
        text = str(data, "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8 at byte {error.start}", where=where, mend=_WHICH_FILE
        ) from error
    if text.startswith("\ufeff"):
        raise InputError("begins with a byte order mark", where=where, mend="remove it")
    if max_items is not None and sum(map(text.count, "[{,")) > max_items:
        raise BoundsError(f"more than {max_items} values", where=where)
    if _depth_exceeds(text, max_depth):
        raise BoundsError(f"nested deeper than {max_depth} levels", where=where, mend=_WHICH_FILE)
    return _decoded(text, where, doubles=doubles)


def _decoded(text: str, where: str, *, doubles: bool) -> Any:
    """Read a bounded text, each way to fail with its own sentence."""
    try:
        value = (_DOUBLES_DECODER if doubles else _DECODER).decode(text)
        if _SURROGATE_ESCAPE.search(text) is not None:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except _RefusedError as error:
        raise InputError(
            f"not strict JSON: {error}", where=where, mend="correct it, or read another copy"
        ) from error
    except json.JSONDecodeError as error:
        place = f"{where}:{error.lineno}:{error.colno}"
        raise InputError(
            f"not JSON: {error.msg}", where=place, mend=f"{_WHICH_FILE}, and is whole"
        ) from error
    except UnicodeEncodeError as error:
        raise InputError(
            "not strict JSON: an unpaired surrogate",
            where=where,
            mend="correct it, or read another copy",
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"not JSON that can be read: {error}", where=where, mend=_WHICH_FILE
        ) from error
    return value


def _depth_exceeds(text: str, max_depth: int) -> bool:
    if text.count("[") + text.count("{") <= max_depth:
        return False
    depth = 0
    for match in _TOKEN.finditer(text):
        mark = match.group(0)
        if mark in "[{":
            depth += 1
            if depth > max_depth:
                return True
        elif mark in "]}":
            depth -= 1
    return False


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _RefusedError(f"the key {key[:80]!r} twice in one object")
            seen.add(key)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise _RefusedError(f"the number {name}")


def _finite_float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise _RefusedError(f"the number {digits[:40]} is beyond the range of a double")
    return value


def _double_or_int(digits: str) -> int | float:
    value = int(digits)
    if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return value
    try:
        double = float(value)
    except OverflowError:
        raise _RefusedError(f"the number {digits[:40]} is beyond the range of a double") from None
    if canonical_bytes(double).decode("ascii") != digits:
        raise _RefusedError(f"the integer {digits[:40]} is beyond 2^53 and no double")
    return double


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_refuse_duplicates,
    parse_constant=_refuse_constant,
    parse_float=_finite_float,
)
_DOUBLES_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_refuse_duplicates,
    parse_constant=_refuse_constant,
    parse_float=_finite_float,
    parse_int=_double_or_int,
)
