"""Leaf rule 1: which JSON value stands for a training row.

A dataset's identity must not depend on the container that the rows came in: a list of dicts, a
JSON Lines file, a Parquet table and a Hugging Face dataset of the same rows have the same leaves.
So the rule widens RFC 8785 to the types those containers hold. Each type that JSON lacks becomes
an object with one key that begins with a single ``$``:

=====================================  =======================================================
value                                  stands as
=====================================  =======================================================
null in an object                      nothing: the field is absent (a null in a list stays)
integer beyond +-(2^53-1)              ``{"$int": "<decimal>"}``
float NaN, +inf, -inf                  ``{"$float": "nan" | "inf" | "-inf"}``
text with a lone surrogate             ``{"$str": "<UTF-16BE, hexadecimal>"}``
bytes, bytearray, memoryview           ``{"$bytes": "<base64>"}``
datetime with a time zone              ``{"$time": "YYYY-MM-DDThh:mm:ss.ffffff[nnn]Z"}`` in UTC
datetime without one                   the same without ``Z``
date; time of day                      ``{"$time": "YYYY-MM-DD"}``; ``{"$time": "hh:mm:ss.ffffff"}``
timedelta                              ``{"$dur": "<n>us"}``, or ``"<n>ns"`` where nanoseconds are
Decimal                                ``{"$dec": "<digits>E<exponent>"}``, no trailing zeros
object with a key that is not          ``{"$map": [[key, value], ...]}``, sorted by the key's
well-formed text                       canonical bytes
=====================================  =======================================================

A real key that begins with ``$`` gets a second one. Tuples stand as lists. Any other type is
refused by name. Two rows have the same leaf exactly if they are the same up to: null = absent,
1 = 1.0 within +-(2^53-1), -0 = 0 (and so 1.5 = 1.50 as decimals, and one instant = the same instant
written in another time zone); text is compared as UTF-16, as JSON does, so a surrogate pair is the
character that it encodes.

Beyond +-(2^53-1) an integer and the float of the same value are two values: the integer is exact
and stands under its tag, the float may be the rounding of many integers and stands as a number.
2**53 and 2.0**53, or 10**20 and 1e20, have different leaves. A container that turns large integers
into floats (pandas does where one is missing) changes the leaf with them.
"""

from __future__ import annotations

import base64
import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import rfc8785

from provenir.core.errors import CanonicalizationError
from provenir.core.limits import MAX_DEPTH, MAX_SAFE_INTEGER

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LEAF_RULE", "encode_example"]

LEAF_RULE: Final = 1
"""Version of the rule; stated wherever a dataset's root is."""


def encode_example(record: Any) -> Any:
    """Return the JSON value that stands for `record` under leaf rule 1.

    Args:
        record: A row; any value that the table in the module's docstring names.

    Returns:
        A value that `canonical_bytes` accepts; the record is not changed.

    Raises:
        CanonicalizationError: A type that the rule does not name, two keys that are one under the
            rule, more than 200 levels, or a value inside itself.
    """
    return _encode(record, 0)


def _encode(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _encode_text(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        return value if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER else {"$int": str_int(value)}
    if kind is float:
        return value if value - value == 0.0 else {"$float": str(value)}
    if depth >= MAX_DEPTH:
        raise CanonicalizationError(
            f"a row with more than {MAX_DEPTH} levels, or a value in itself"
        )
    if kind is dict:
        return _encode_dict(value, depth)
    if kind is list or kind is tuple:
        return [_encode(item, depth + 1) for item in value]
    return _encode_other(value, depth)


def _encode_dict(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    encoded: dict[str, Any] = {}
    for key, item in value.items():
        if item is None:
            continue
        if type(key) is not str or not key.isascii():
            return _encode_unusual_dict(value, depth)
        encoded["$" + key if key.startswith("$") else key] = _encode(item, depth + 1)
    return encoded


def _encode_unusual_dict(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    """Encode an object with a key that is not plain ASCII text."""
    pairs = [
        (_encode(key, depth + 1), _encode(item, depth + 1))
        for key, item in value.items()
        if item is not None
    ]
    if all(type(key) is str for key, _ in pairs):
        encoded = {"$" + key if key.startswith("$") else key: item for key, item in pairs}
        distinct = len(encoded)
        result: dict[str, Any] = encoded
    else:
        by_bytes = {_key_bytes(key): [key, item] for key, item in pairs}
        distinct = len(by_bytes)
        result = {"$map": [by_bytes[key] for key in sorted(by_bytes)]}
    if distinct != len(pairs):
        raise CanonicalizationError("an object with two keys that are one under leaf rule 1")
    return result


def _key_bytes(key: Any) -> bytes:
    return rfc8785.dumps(key)


def _encode_text(text: str) -> Any:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        units = text.encode("utf-16-be", "surrogatepass")
        try:
            return units.decode("utf-16-be")  # only pairs: well-formed as UTF-16
        except UnicodeDecodeError:
            return {"$str": units.hex()}
    return text


def str_int(value: int) -> str:
    """Return the decimal digits of an integer of any size.

    Python refuses `str` beyond 4,300 digits (CVE-2020-10735); `Decimal` converts without that
    limit and exactly.
    """
    try:
        return str(value)
    except ValueError:
        return format(Decimal(value), "f")


def _encode_other(value: Any, depth: int) -> Any:
    """Encode what is not exactly a JSON type: subclasses first, then the tagged types."""
    if isinstance(value, str):
        return _encode(str.__str__(value), depth)
    if isinstance(value, int):
        return _encode(int.__int__(value), depth)
    if isinstance(value, float):
        return _encode(float.__float__(value), depth)
    if isinstance(value, dict):
        return _encode_dict(dict(value), depth)
    if isinstance(value, (list, tuple)):
        return [_encode(item, depth + 1) for item in value]
    for types, tag, write in _TAGGED:
        if isinstance(value, types):
            return {tag: write(value)}
    raise CanonicalizationError(
        f"a row with a value of type {type(value).__module__}.{type(value).__qualname__}",
        mend="leaf rule 1 names the types that a row may hold; convert it first",
    )


def _write_bytes(value: Any) -> str:
    return base64.b64encode(bytes(value)).decode("ascii")


def _write_time(value: Any) -> str:
    if value != value:  # pandas.NaT is an instance of datetime
        raise CanonicalizationError("a row with a time that is no time", mend="use null for it")
    if isinstance(value, dt.datetime):
        # pandas.Timestamp is a datetime that also counts nanoseconds.
        nanosecond = int(getattr(value, "nanosecond", 0))
        zone = ""
        if value.utcoffset() is not None:
            try:
                value = value.astimezone(dt.UTC)
            except OverflowError as error:
                raise CanonicalizationError("a time outside the years 1 to 9999 in UTC") from error
            zone = "Z"
        seconds = value.replace(tzinfo=None, microsecond=0).isoformat(timespec="seconds")
        fraction = f"{value.microsecond:06d}" + (f"{nanosecond:03d}" if nanosecond else "")
        return f"{seconds}.{fraction}{zone}"
    if isinstance(value, dt.time):
        return value.isoformat(timespec="microseconds")
    return str(value.isoformat())


def _write_duration(value: dt.timedelta) -> str:
    microseconds = (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds
    # pandas.Timedelta is a timedelta that also counts nanoseconds.
    nanoseconds = int(getattr(value, "nanoseconds", 0))
    return f"{microseconds * 1_000 + nanoseconds}ns" if nanoseconds else f"{microseconds}us"


def _write_decimal(value: Decimal) -> str:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return str(value)  # NaN, sNaN, Infinity
    text = "".join(map(str, digits)).lstrip("0")
    if not text:
        return "0E0"
    stripped = text.rstrip("0")
    return f"{'-' if sign else ''}{stripped}E{exponent + len(text) - len(stripped)}"


# The order matters: datetime is a date.
_TAGGED: Final[tuple[tuple[tuple[type, ...], str, Callable[[Any], str]], ...]] = (
    ((bytes, bytearray, memoryview), "$bytes", _write_bytes),
    ((dt.datetime, dt.date, dt.time), "$time", _write_time),
    ((dt.timedelta,), "$dur", _write_duration),
    ((Decimal,), "$dec", _write_decimal),
)
