"""Making any value safe to write down, without ever failing.

A step or a rollout comes out of somebody's training loop: it may hold tensors, NaN, lone
surrogates, itself, or objects that raise when they are looked at. Nothing of that may stop the
loop, and nothing may be dropped in silence: what cannot be kept becomes null or text, and a
finding says what, how often and where.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import orjson

from provenir.core.coercion import Fault, PlainValue, coerce, element_count
from provenir.core.findings import Finding, Severity
from provenir.core.limits import MAX_SAFE_INTEGER

__all__ = ["PlainValue", "json_line", "scalar", "to_plain"]

DEFAULT_MAX_DEPTH: Final = 64
DEFAULT_MAX_NODES: Final = 200_000

# kind of loss -> (severity, what happened, for one sentence)
_LOSSES: Final[dict[str, tuple[Severity, str]]] = {
    "big_integer": ("info", "integers beyond 2^53 were written as text"),
    "converted_type": ("info", "values of a type that JSON lacks were written as text"),
    "cycle": ("warning", "values that contain themselves were written as null there"),
    "key_collision": ("info", "keys that become equal as text were numbered"),
    "nonfinite": ("warning", "NaN or infinite numbers were written as null"),
    "replaced_surrogates": ("warning", "texts had lone surrogates, replaced by U+FFFD"),
    "too_deep": ("warning", "containers nested too deep were written as null"),
    "too_large": ("warning", "containers were cut: too many values"),
    "unreadable": ("warning", "objects raised when read and were written as null"),
}
_JSON_LINE: Final = (
    orjson.OPT_APPEND_NEWLINE
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_MAX_NUMBER_CHARS: Final = 64
_INDEX: Final = re.compile(r"\[\d+\]")


def to_plain(
    value: object, *, max_depth: int = DEFAULT_MAX_DEPTH, max_nodes: int = DEFAULT_MAX_NODES
) -> tuple[PlainValue, tuple[Finding, ...]]:
    """Return a JSON-safe copy of anything, and findings about what could not be kept.

    Numbers, text, lists and dicts are kept. Array-likes (numpy, torch, by their `tolist` and
    `item`), mappings, dataclasses, enums, sets, dates, paths, decimals become their plain form;
    any other object becomes the text of its `repr`.

    Args:
        value: Anything at all; it is not changed.
        max_depth: Most nested containers kept; at most 200.
        max_nodes: Most values kept in all.

    Returns:
        The plain value, and one finding for each kind of loss, with a count and the first places.
        Never raises.
    """
    try:
        # A copy first, which is one step: another thread may change the dict meanwhile.
        if type(value) is dict and _is_plain_flat(flat := value.copy()):
            return flat, ()
        plain, faults = coerce(value, max_depth=max_depth, max_nodes=max_nodes)
        return plain, tuple(_finding(kind, fault) for kind, fault in faults.items())
    except Exception:  # noqa: BLE001 - out of stack or memory: the loop goes on
        return None, (_EXHAUSTED,)


def _is_plain_flat(value: dict[Any, Any]) -> bool:
    """Say whether a dict is plain as it stands: the usual step, decided in under a microsecond."""
    for key, item in value.items():
        if type(key) is not str or not key.isascii():
            return False
        kind = type(item)
        if kind is float:
            if item - item != 0.0:
                return False
        elif kind is int:
            if not -MAX_SAFE_INTEGER <= item <= MAX_SAFE_INTEGER:
                return False
        elif kind is str:
            if not item.isascii():
                return False
        elif item is not None and kind is not bool:
            return False
    return True


def _finding(kind: str, fault: Fault) -> Finding:
    severity, what = _LOSSES[kind]
    detail = f"{what} ({fault.count}; first at {fault.places[0]})"
    data: dict[str, Any] = {"count": fault.count, "places": list(fault.places)}
    if fault.types:
        data["types"] = list(fault.types)
    # Without indices: a NaN that wanders through a list from call to call is one subject.
    subject = _INDEX.sub("[]", fault.places[0])
    return Finding(kind=kind, severity=severity, detail=detail, subject=subject, data=data)


# Made beforehand: where stack or memory has run out there is none left to make it.
_EXHAUSTED: Final = Finding(
    kind="unreadable",
    severity="warning",
    detail="a value was written as null: stack or memory ran out while it was read",
    subject="$",
    data={"count": 1, "places": ["$"]},
)


def scalar(value: object) -> float | None:
    """Return the number in a value as a float, or None where there is none. Never raises.

    Accepts numbers of every kind, booleans, arrays with one element, and text that is a number.
    NaN and infinities are returned as they are: the caller wants to see them. An integer too large
    for a float becomes an infinity.
    """
    if type(value) is float:
        return value
    if value is None:
        return None
    try:
        return _number(value)
    except Exception:  # noqa: BLE001 - foreign code: what cannot be read is no number
        return None


def _number(value: Any) -> float | None:
    kind = type(value)
    if issubclass(kind, (int, float, Decimal, Fraction)):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if issubclass(kind, str):
        return float(value) if len(value) <= _MAX_NUMBER_CHARS else None
    if element_count(value) not in (None, 1):
        return None
    item = getattr(value, "item", None)
    if callable(item):
        result = item()
        if type(result) in (float, int, bool):
            return _number(result)
        if type(result) is complex:  # numpy gives its real part and a warning
            return None
    return float(value)


def json_line(value: object) -> bytes:
    """Return a value as one line of JSON, newline included. Never raises.

    A plain value (see `to_plain`) is written as it stands; anything else is made plain first,
    without the findings.
    """
    try:
        return orjson.dumps(value, option=_JSON_LINE)
    except (TypeError, ValueError, RecursionError):
        plain, _ = to_plain(value)
        return orjson.dumps(plain, option=_JSON_LINE)
