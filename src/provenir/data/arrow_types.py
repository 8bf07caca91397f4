"""Which Arrow columns become rows, in what form, and which are refused by name.

A type falls in one of three groups:

* *exact*: its Python value is the one that the same row has in a list of dicts or, where JSON
  has the type at all, in JSONL;
* *inexact*: float16 and float32 widen to a double with other digits than the text they once came
  from (0.1 becomes 0.10000000149011612): read, and named in a finding `inexact_column`;
* *refused*: leaf rule 1 has no form for it (intervals, unions, foreign types).

Some exact types need a step in between: nanoseconds are cast to microseconds and refused where
that would drop digits (Python's clock types end there), time zones are set to UTC so that no zone
database is asked, maps become objects, and `arrow.json` text (the `Json` feature of Hugging Face)
is parsed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from provenir.core.errors import CanonicalizationError
from provenir.core.extras import require
from provenir.data.reading import Reading

Convert: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """How the values of one column are read.

    Attributes:
        type: the Arrow type to cast to before reading, equal to the stored one where none is due.
        convert: applied to every Python value, None where it stays as it is.
    """

    type: Any
    convert: Convert | None = None


def plan(arrow_type: Any, path: str, reading: Reading) -> Column:
    """Decide how a column is read.

    Args:
        arrow_type: a `pyarrow.DataType`.
        path: name of the column, with dots for what is nested.
        reading: receives the finding for inexact columns.

    Raises:
        CanonicalizationError: the type is refused; the message names column and type.
    """
    pa: Any = require("files", "pyarrow")
    kind = pa.types
    if kind.is_float16(arrow_type) or kind.is_float32(arrow_type):
        reading.note(
            "inexact_column",
            f"column {path} holds {arrow_type}: its values do not equal the decimal text they may "
            "have come from, so its digest may differ from that of the same rows as JSONL",
            subject=path,
        )
        return Column(arrow_type)
    if any(test(arrow_type) for test in _exact(kind)):
        return Column(arrow_type)
    for test, make in _composite(kind):
        if test(arrow_type):
            return make(pa, arrow_type, path, reading)
    raise CanonicalizationError(
        f"column {path} is of type {arrow_type}, for which leaf rule 1 has no form",
        mend="convert the column (to text, numbers, lists or structs) or leave it out with fields=",
    )


def _exact(kind: Any) -> tuple[Callable[[Any], bool], ...]:
    return (
        kind.is_null,
        kind.is_boolean,
        kind.is_integer,
        kind.is_float64,
        kind.is_string,
        kind.is_large_string,
        kind.is_string_view,
        kind.is_binary,
        kind.is_large_binary,
        kind.is_binary_view,
        kind.is_fixed_size_binary,
        kind.is_decimal,
        kind.is_date,
    )


_Make: TypeAlias = Callable[[Any, Any, str, Reading], Column]


def _composite(kind: Any) -> tuple[tuple[Callable[[Any], bool], _Make], ...]:
    return (
        (kind.is_timestamp, _timestamp),
        (kind.is_duration, _duration),
        (kind.is_time, _time),
        (kind.is_struct, _struct),
        (kind.is_map, _map),
        (_is_list(kind), _list),
        (kind.is_dictionary, _dictionary),
        (lambda given: hasattr(given, "extension_name"), _extension),
    )


def _is_list(kind: Any) -> Callable[[Any], bool]:
    tests = (
        kind.is_list,
        kind.is_large_list,
        kind.is_fixed_size_list,
        kind.is_list_view,
        kind.is_large_list_view,
    )
    return lambda given: any(test(given) for test in tests)


def _microseconds(unit: str) -> str:
    return "us" if unit == "ns" else unit


def _timestamp(pa: Any, given: Any, path: str, reading: Reading) -> Column:
    return Column(pa.timestamp(_microseconds(given.unit), "UTC" if given.tz else None))


def _duration(pa: Any, given: Any, path: str, reading: Reading) -> Column:
    return Column(pa.duration(_microseconds(given.unit)))


def _time(pa: Any, given: Any, path: str, reading: Reading) -> Column:
    return Column(pa.time64("us") if given == pa.time64("ns") else given)


def _struct(pa: Any, given: Any, path: str, reading: Reading) -> Column:
    names = [child.name for child in given]
    if len(set(names)) != len(names):
        raise CanonicalizationError(
            f"column {path} is a struct with two fields of one name", mend="rename one of them"
        )
    columns = {child.name: plan(child.type, f"{path}.{child.name}", reading) for child in given}
    cast = pa.struct([pa.field(name, column.type) for name, column in columns.items()])
    converts = {name: column.convert for name, column in columns.items() if column.convert}

    def convert(value: Any) -> Any:
        for name, each in converts.items():
            value[name] = None if value[name] is None else each(value[name])
        return value

    return Column(cast, convert if converts else None)


def _list(pa: Any, given: Any, path: str, reading: Reading) -> Column:
    item = plan(given.value_type, f"{path}[]", reading)
    cast = given if item.type == given.value_type else pa.large_list(item.type)
    each = item.convert
    if each is None:
        return Column(cast)
    return Column(cast, lambda value: [None if one is None else each(one) for one in value])


def _map(pa: Any, given: Any, path: str, reading: Reading) -> Column:
    key = plan(given.key_type, f"{path}{{key}}", reading)
    item = plan(given.item_type, f"{path}{{value}}", reading)
    if key.convert is not None or pa.types.is_nested(given.key_type):
        raise CanonicalizationError(
            f"column {path} is a map with keys of type {given.key_type}", mend="use text keys"
        )
    each = item.convert

    def convert(value: Any) -> Any:
        found = {name: each(one) if each and one is not None else one for name, one in value}
        if len(found) != len(value):
            raise CanonicalizationError(f"column {path} holds a map with one key twice")
        return found

    return Column(pa.map_(key.type, item.type), convert)


def _dictionary(pa: Any, given: Any, path: str, reading: Reading) -> Column:
    return plan(given.value_type, path, reading)


def _extension(pa: Any, given: Any, path: str, reading: Reading) -> Column:
    storage = plan(given.storage_type, path, reading)
    if given.extension_name == "arrow.json":
        return Column(storage.type, lambda text: _parsed(text, path))
    return storage


def _parsed(text: str, path: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CanonicalizationError(f"column {path} holds JSON that cannot be read") from error
