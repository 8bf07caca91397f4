"""Computing what can be computed from constants alone: the decoders that hide code.

Every function takes and returns plain Python values, raises `Unknown` where the result is not
known, and never makes a value of more than `MAX_FOLDED` characters, bytes and items, nested ones
included: a bound on the length alone lets a list of long texts become a text of gigabytes.
"""

from __future__ import annotations

import ast
import base64
import binascii
import codecs
import json
import operator
import zlib
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.code.limits import MAX_BRACKETS, MAX_FOLDED
from provenir.environments.code.words import words

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "FUNCTIONS",
    "METHODS",
    "OPERATORS",
    "Unknown",
    "bounded",
    "fold_call",
    "fold_method",
    "fold_operator",
    "weight",
]

_MAX_BITS: Final = 4096
_MAX_LITERAL: Final = 4096
_ENCODINGS: Final = words(
    "ascii base64 hex latin-1 latin1 rot-13 rot13 utf-8 utf8 utf-16 utf-16-le utf-32 unicode-escape"
)
_SIZED: Final = (str, bytes, bytearray, list, tuple, set, frozenset, dict, range)


class Unknown(Exception):  # noqa: N818 - an outcome, no fault
    """The value is not known without running the program."""


def _inflate(data: Any) -> bytes:
    machine = zlib.decompressobj()
    out = machine.decompress(bytes(data), MAX_FOLDED)
    if machine.unconsumed_tail:
        raise Unknown
    return out


def _decode(data: Any, encoding: str = "utf-8", _errors: str = "strict") -> Any:
    if encoding.replace("_", "-").lower() not in _ENCODINGS:
        raise Unknown
    return codecs.decode(data, encoding)


def _sized_bytes(value: Any, *rest: Any) -> bytes:
    if isinstance(value, int) or not isinstance(value, _SIZED):
        if rest or not isinstance(value, int) or value > 64:
            raise Unknown
        return bytes(value)
    return bytes(value, *rest)


def _items(value: Any) -> Any:
    if isinstance(value, int) or not hasattr(value, "__iter__"):
        raise Unknown
    return value


def _sum(value: Any, start: Any = 0) -> Any:
    if not isinstance(start, int | float) or any(isinstance(item, _SIZED) for item in value):
        raise Unknown  # adding lists copies what there is of the sum each time
    return sum(value, start)


def _literal(text: Any) -> Any:
    opening = sum(text.count(mark) for mark in "([{-+~")
    if len(text) > _MAX_LITERAL or opening > MAX_BRACKETS:
        raise Unknown
    return ast.literal_eval(text)


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "ast.literal_eval": _literal,
    "base64.a85decode": base64.a85decode,
    "base64.b16decode": base64.b16decode,
    "base64.b32decode": base64.b32decode,
    "base64.b64decode": base64.b64decode,
    "base64.b85decode": base64.b85decode,
    "base64.decodebytes": base64.decodebytes,
    "base64.standard_b64decode": base64.standard_b64decode,
    "base64.urlsafe_b64decode": base64.urlsafe_b64decode,
    "binascii.a2b_base64": binascii.a2b_base64,
    "binascii.a2b_hex": binascii.a2b_hex,
    "binascii.unhexlify": binascii.unhexlify,
    "builtins.bool": bool,
    "builtins.bytearray": _sized_bytes,
    "builtins.bytes": _sized_bytes,
    "builtins.bytes.fromhex": bytes.fromhex,
    "builtins.chr": chr,
    "builtins.float": float,
    "builtins.int": int,
    "builtins.len": len,
    "builtins.list": lambda value=(): list(_items(value)),
    "builtins.max": max,
    "builtins.min": min,
    "builtins.ord": ord,
    "builtins.range": range,
    "builtins.repr": repr,
    "builtins.reversed": lambda value: list(reversed(_items(value))),
    "builtins.sorted": lambda value: sorted(_items(value)),
    "builtins.str": lambda value="", *rest: str(value, *rest),
    "builtins.sum": _sum,
    "builtins.tuple": lambda value=(): tuple(_items(value)),
    "codecs.decode": _decode,
    "json.loads": json.loads,
    "os.path.join": lambda *parts: "/".join(parts),
    "zlib.decompress": _inflate,
}
"""Functions without an effect, by their full name."""

METHODS: Final[dict[type, frozenset[str]]] = {
    str: words(
        "capitalize casefold encode format join lower lstrip removeprefix removesuffix replace "
        "rstrip split strip swapcase title translate upper splitlines"
    ),
    bytes: words("decode hex join lower replace strip split upper"),
}
"""Methods of constants that are computed."""

_GROWING: Final = frozenset({"format", "join", "replace", "translate"})

OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "Add": operator.add,
    "BitAnd": operator.and_,
    "BitOr": operator.or_,
    "BitXor": operator.xor,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "LShift": operator.lshift,
    "Mod": operator.mod,
    "Mult": operator.mul,
    "Pow": operator.pow,
    "RShift": operator.rshift,
    "Sub": operator.sub,
}


def weight(value: Any) -> int:
    """Return how many characters, bytes and items a value holds, as far as `MAX_FOLDED` goes."""
    total = 0
    waiting: list[Any] = [value]
    while waiting and total <= MAX_FOLDED:
        item = waiting.pop()
        total += 1
        if not isinstance(item, _SIZED):
            continue
        total += len(item)
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset) and total <= MAX_FOLDED:
            waiting += item
    return total


def bounded(value: Any) -> Any:
    """Return a value that is not too large to go on with.

    Raises:
        Unknown: It is too large.
    """
    if isinstance(value, int):
        if value.bit_length() > _MAX_BITS:
            raise Unknown
    elif isinstance(value, _SIZED) and weight(value) > MAX_FOLDED + 1:
        raise Unknown
    return value


def _computed(function: Callable[..., Any], args: list[Any]) -> Any:
    try:
        return bounded(function(*args))
    except Unknown:
        raise
    except Exception as fault:
        raise Unknown from fault


def fold_call(name: str, args: list[Any]) -> Any:
    """Return what the function of this full name gives for constants."""
    function = FUNCTIONS.get(name)
    if function is None:
        raise Unknown
    if any(isinstance(arg, range) and len(arg) > MAX_FOLDED for arg in args):
        raise Unknown
    return _computed(function, args)


def fold_method(value: Any, name: str, args: list[Any]) -> Any:
    """Return what a method of a constant gives."""
    if name not in METHODS.get(type(value), ()):
        raise Unknown
    if name == "format":
        raise_if_wide(value)
    if name in _GROWING and _product(value, args) > MAX_FOLDED:
        raise Unknown
    return _computed(getattr(value, name), args)


def raise_if_wide(pattern: str) -> None:
    """Refuse a format that could make a long text out of a short one."""
    if ":" in pattern or "!" in pattern or "." in pattern or "[" in pattern:
        raise Unknown


def _product(value: Any, args: list[Any]) -> int:
    """The most that every character of a text becomes when each argument stands for it."""
    return (len(value) + 1) * max((weight(arg) for arg in args), default=1)


def fold_operator(name: str, left: Any, right: Any) -> Any:
    """Return what a binary operator gives for two constants."""
    function = OPERATORS.get(name)
    if function is None:
        raise Unknown
    if name in {"Mult", "Pow", "LShift"}:
        return _grown(function, left, right, name)
    if name == "Mod" and isinstance(left, str | bytes) and len(left) > 2 and "*" in str(left):
        raise Unknown
    if name == "Mod" and isinstance(left, str | bytes):
        pattern = str(left)
        if any(c.isdigit() for c in pattern) or pattern.count("%") * weight(right) > MAX_FOLDED:
            raise Unknown
    return _computed(function, [left, right])


def _grown(function: Callable[[Any, Any], Any], left: Any, right: Any, name: str) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        size = left.bit_length() * max(right, 1) if name == "Pow" else left.bit_length() + right
        if name == "Mult":
            size = left.bit_length() + right.bit_length()
        if (right < 0 and name != "Mult") or size > _MAX_BITS:
            raise Unknown
    elif isinstance(left, _SIZED) or isinstance(right, _SIZED):
        length = weight(left) if isinstance(left, _SIZED) else weight(right)
        times = right if isinstance(left, _SIZED) else left
        if not isinstance(times, int) or length * times > MAX_FOLDED:
            raise Unknown
    elif name != "Mult":
        raise Unknown
    return _computed(function, [left, right])
