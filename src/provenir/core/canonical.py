"""Canonical bytes: the one serialisation that digests and signatures are over.

RFC 8785 (JSON Canonicalization Scheme). The reference implementation is the package `rfc8785`;
for most values `orjson` with sorted keys writes the same bytes many times faster. The fast path is
taken only for values whose two serialisations are provably equal, and a property test compares
them:

- object keys hold code points below U+D800 only, so that sorting by UTF-8 bytes (orjson) and by
  UTF-16 units (RFC 8785 section 3.2.3) are both sorting by code point;
- a float that is integral and below 2^53 is handed over as the integer that RFC 8785 prints; one
  of a magnitude where ECMAScript's ``Number::toString`` uses no exponent is printed by both as the
  shortest digits that round-trip; any other is printed by the reference implementation and spliced
  in;
- every other type is exactly `None`, `bool`, `str`, `int` within +-(2^53-1), `list`, `tuple`,
  `dict`; a subclass may print itself differently, so it takes the slow path. What orjson refuses
  (lone surrogates, integers beyond +-(2^53-1), keys that are no text) takes it too.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import orjson
import rfc8785

from provenir.core.errors import CanonicalizationError
from provenir.core.leaf import LEAF_RULE, encode_example
from provenir.core.limits import MAX_DEPTH, MAX_SAFE_INTEGER
from provenir.core.text import is_encodable

__all__ = [
    "LEAF_RULE",
    "canonical_bytes",
    "example_bytes",
    "example_digest",
    "plain_example_bytes",
]

# ECMAScript prints 1e-6 <= |x| < 1e21 without an exponent; orjson leaves that notation earlier.
# The limits here lie inside what both print in plain notation.
_PLAIN_FLOAT_MIN: Final = 1e-4
_PLAIN_FLOAT_MAX: Final = 1e15
# From here on a float may be what a parser made of an integer beyond 64 bits.
_MAYBE_AN_INTEGER: Final = 2.0**63
_OPTIONS: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_NOT_NULL: Final = frozenset({str, int, bool})
_AS_IT_IS: Final = _NOT_NULL | {type(None)}


class _SlowPathError(Exception):
    """The value is not one that both writers print alike."""


def _fast_form(value: Any, depth: int, *, row: bool) -> Any:
    """Return an equal value that orjson prints canonically, or raise `_SlowPathError`.

    With `row`, the equal value under leaf rule 1, for rows that need none of its tags. A container
    that orjson prints canonically as it is comes back itself. The range of integers is left to
    `OPT_STRICT_INTEGER`.
    """
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind is float:
        return _fast_float(value, row=row)
    if depth < MAX_DEPTH:
        if kind is dict:
            return _fast_object(value, depth, row=row)
        if kind is list or kind is tuple:
            if _AS_IT_IS.issuperset(map(type, value)):
                return value
            return [_fast_form(item, depth + 1, row=row) for item in value]
    raise _SlowPathError


def _fast_float(value: float, *, row: bool) -> Any:
    if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER and value.is_integer():
        return int(value)
    size = abs(value)
    if _PLAIN_FLOAT_MIN <= size < _PLAIN_FLOAT_MAX:
        return value
    if row and not size < _MAYBE_AN_INTEGER:
        raise _SlowPathError
    return orjson.Fragment(rfc8785.dumps(value))


def _fast_object(value: dict[Any, Any], depth: int, *, row: bool) -> dict[str, Any]:
    names = "".join(value)  # a TypeError where a key is no text
    if not (names.isascii() or max(names) < "\ud800") or (row and "$" in names):
        raise _SlowPathError
    as_it_is = _NOT_NULL if row else _AS_IT_IS
    for item in value.values():
        if type(item) not in as_it_is:
            break
    else:
        return value
    return {
        key: item if type(item) in _AS_IT_IS else _fast_form(item, depth + 1, row=row)
        for key, item in value.items()
        if not (row and item is None)
    }


def canonical_bytes(value: Any) -> bytes:
    """Serialise a document to its canonical bytes (RFC 8785).

    Args:
        value: `None`, `bool`, `int` within +-(2^53-1), finite `float`, `str`, and lists, tuples
            and dicts of these with string keys, at most 200 levels deep.

    Returns:
        UTF-8 bytes, equal for equal values on every machine.

    Raises:
        CanonicalizationError: The value holds a NaN, an infinity, an integer beyond +-(2^53-1),
            bytes, a lone surrogate, a key that is no string, any other type, or itself. The
            message names the place.
    """
    try:
        return orjson.dumps(_fast_form(value, 0, row=False), option=_OPTIONS)
    except (_SlowPathError, TypeError, ValueError, RecursionError):
        # orjson's encode error is a TypeError: lone surrogates end here too.
        return _reference_bytes(value)


def _reference_bytes(value: Any) -> bytes:
    """Serialise by the reference implementation, with our limits and our errors."""
    refusal = _first_refusal(value)
    if refusal is not None:
        where, why = refusal
        raise CanonicalizationError(
            f"no canonical bytes for {why}",
            where=f"at {where}",
            mend="documents hold null, booleans, text, finite floats, integers within "
            "+-(2^53-1), lists, and objects with text keys",
        )
    try:
        return rfc8785.dumps(value)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CanonicalizationError(f"no canonical bytes: {error}") from error


def _first_refusal(value: Any) -> tuple[str, str] | None:
    """Return (JSON path, what it is) of the first item without canonical bytes."""
    stack: list[tuple[str, Any, int]] = [("$", value, 0)]
    while stack:
        where, item, depth = stack.pop()
        why = _refusal(item, depth)
        if why is not None:
            return where, why
        if isinstance(item, dict):
            for key in item:
                if not isinstance(key, str):
                    return where, f"an object key of type {type(key).__name__}"
                if not is_encodable(key):
                    return where, "an object key with a lone surrogate"
            stack.extend((f"{where}.{key}", item[key], depth + 1) for key in reversed(item))
        elif isinstance(item, (list, tuple)):
            last = len(item) - 1
            stack.extend(
                (f"{where}[{last - i}]", item[last - i], depth + 1) for i in range(last + 1)
            )
    return None


def _refusal(item: Any, depth: int) -> str | None:
    """Say why a single item is refused, without looking inside containers."""
    if item is None or isinstance(item, bool):
        return None
    if isinstance(item, int):
        within = -MAX_SAFE_INTEGER <= item <= MAX_SAFE_INTEGER
        return None if within else "an integer beyond +-(2^53-1)"
    if isinstance(item, float):
        # NaN and the infinities are the only floats that do not subtract to zero.
        return None if item - item == 0.0 else f"the float {item}"
    if isinstance(item, str):
        return None if is_encodable(item) else "text with a lone surrogate"
    if isinstance(item, (dict, list, tuple)):
        return None if depth < MAX_DEPTH else f"more than {MAX_DEPTH} levels, or a value in itself"
    return f"a value of type {type(item).__name__}"


def example_bytes(record: Any) -> bytes:
    """Return the canonical bytes of one training row under leaf rule 1 (see `core.leaf`).

    Raises:
        CanonicalizationError: The record holds a type that the rule does not name, two keys that
            are one under the rule, more than 200 levels, or itself.
    """
    data = plain_example_bytes(record)
    return canonical_bytes(_encode_row(record)) if data is None else data


def plain_example_bytes(record: Any) -> bytes | None:
    """Return what `example_bytes` does for a record that needs nothing unusual, None for others.

    Whatever a parser makes of an integer beyond 64 bits is unusual: a reader whose parser turns
    such an integer into a float may rely on the bytes that it gets.
    """
    try:
        if type(record) is dict:
            form: Any = _fast_object(record, 0, row=True)
        else:
            form = _fast_form(record, 0, row=True)
        return orjson.dumps(form, option=_OPTIONS)
    except (_SlowPathError, TypeError, ValueError, RecursionError):
        return None


def _encode_row(record: Any) -> Any:
    try:
        return encode_example(record)
    except RecursionError as error:
        raise CanonicalizationError("a row nested too deep for the stack left here") from error


def example_digest(record: Any) -> bytes:
    """Return the 32 raw bytes of the SHA-256 of `example_bytes`: the leaf input of a dataset."""
    return hashlib.sha256(example_bytes(record)).digest()
