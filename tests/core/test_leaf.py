"""Leaf rule 1: what it writes, what it identifies, and nothing else."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provenir.core.canonical import (
    LEAF_RULE,
    canonical_bytes,
    example_bytes,
    example_digest,
    plain_example_bytes,
)
from provenir.core.errors import CanonicalizationError
from strategies import SAFE, row_values, rows, text_rows

# A normal form of our own, written without the code under test: two values are the same row up to
# null = absent, 1 = 1.0 within +-(2^53-1), -0 = 0, decimals by value, instants by value, text by
# UTF-16 units.


def normal(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return ("const", value)
    if isinstance(value, int):
        return ("num", Fraction(value)) if abs(value) <= SAFE else ("int", value)
    if isinstance(value, float):
        return ("num", Fraction(value)) if math.isfinite(value) else ("float", str(value))
    if isinstance(value, str):
        return ("str", value.encode("utf-16-be", "surrogatepass"))
    if isinstance(value, bytes):
        return ("bytes", value)
    if isinstance(value, dt.datetime):
        zoned = value.tzinfo is not None
        moment = value.astimezone(dt.UTC).replace(tzinfo=None) if zoned else value
        return ("datetime", zoned, moment)
    if isinstance(value, (dt.date, dt.time, dt.timedelta)):
        return (type(value).__name__, value)
    if isinstance(value, Decimal):
        return ("dec", decimal_form(value))
    if isinstance(value, (list, tuple)):
        return ("list", tuple(normal(item) for item in value))
    pairs = [(normal(key), normal(item)) for key, item in value.items() if item is not None]
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise KeyError("two keys are one")
    return ("map", frozenset(pairs))


def decimal_form(value: Decimal) -> Any:
    if not value.is_finite():
        return str(value)
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    number = int("".join(map(str, digits)))
    while number and number % 10 == 0:
        number, exponent = number // 10, exponent + 1
    return (sign, number, exponent) if number else 0


def decode(value: Any) -> Any:
    """Read the JSON that the rule wrote back into the normal form."""
    if isinstance(value, list):
        return ("list", tuple(decode(item) for item in value))
    if not isinstance(value, dict):
        # A printed integer may be a float of 2^53 and above, which is no integer of the row.
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return normal(float(value) if is_number else value)
    if len(value) == 1:
        ((tag, content),) = value.items()
        if tag in _READ:
            return _READ[tag](content)
    return ("map", frozenset((decode_key(key), decode(item)) for key, item in value.items()))


def decode_key(key: str) -> Any:
    assert not key.startswith("$") or key.startswith("$$")
    return normal(key[1:] if key.startswith("$") else key)


def decode_time(text: str) -> Any:
    if "T" in text:
        moment = dt.datetime.fromisoformat(text.removesuffix("Z"))
        return ("datetime", text.endswith("Z"), moment)
    return normal(dt.date.fromisoformat(text) if "-" in text else dt.time.fromisoformat(text))


_READ = {
    "$int": lambda text: ("int", int(text)),
    "$float": lambda text: ("float", text),
    "$str": lambda text: ("str", bytes.fromhex(text)),
    "$bytes": lambda text: ("bytes", base64.b64decode(text, validate=True)),
    "$time": decode_time,
    "$dur": lambda text: normal(dt.timedelta(microseconds=int(text.removesuffix("us")))),
    "$dec": lambda text: ("dec", decimal_form(Decimal(text))),
    "$map": lambda pairs: ("map", frozenset((decode(k), decode(v)) for k, v in pairs)),
}


@given(rows | row_values)
@settings(max_examples=300)
@example({"$int": "5"})
@example({"$$int": "5", "$map": [], "$": None})
@example({"a": None, "b": [None], "c": {"d": None}})
@example(["\ud83d\ude00", "😀", "\ud800"])
@example({"\ud83d\ude00\ud800": 1})
@example({1: None, "a": 2})
@example(Decimal("-0.00"))
@example(Decimal("1.500"))
def test_reading_back_gives_the_row(row: Any) -> None:
    """Injective: what was written determines the row up to the three equalities."""
    try:
        expected = normal(row)
    except KeyError:
        with pytest.raises(CanonicalizationError, match="two keys"):
            example_bytes(row)
        return
    assert decode(json.loads(example_bytes(row))) == expected


@given(text_rows, st.data())
def test_absent_null_and_order_do_not_matter(row: dict[str, Any], data: st.DataObject) -> None:
    items = data.draw(st.permutations([*row.items(), ("extra", None), ("$more", None)]))
    assert example_bytes(dict(items)) == example_bytes(row)


@given(rows)
def test_plain_rows_have_the_bytes_of_documents(row: dict[str, Any]) -> None:
    """The fast path of rows writes what the slow path writes."""
    from provenir.core.leaf import encode_example

    try:
        slow = canonical_bytes(encode_example(row))
    except CanonicalizationError:
        with pytest.raises(CanonicalizationError):
            example_bytes(row)
    else:
        assert example_bytes(row) == slow


@given(rows)
@example({"a": 1.0, "b": [-0.0, 1e15, 2.0**62], "c": {"d": None}})
def test_the_plain_form_is_the_only_form_or_none(row: dict[str, Any]) -> None:
    plain = plain_example_bytes(row)
    assert plain is None or plain == example_bytes(row)


@pytest.mark.parametrize("number", [2.0**63, -(2.0**63), 2.0**64, 1e300, 2**53, -(2**63), 2**64])
def test_what_may_have_been_an_integer_of_more_digits_has_no_plain_form(number: float) -> None:
    assert plain_example_bytes({"n": number}) is None
    assert plain_example_bytes({"n": [{"m": number}]}) is None
    assert plain_example_bytes({"n": 2.0**63 - 1024, "m": 2**53 - 1}) is not None


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (None, "null"),
        ({"a": None}, "{}"),
        ({"a": [None]}, '{"a":[null]}'),
        ({"n": 1.0, "z": -0.0}, '{"n":1,"z":0}'),
        ({"n": 2**53 - 1}, '{"n":9007199254740991}'),
        ({"n": 2**53}, '{"n":{"$int":"9007199254740992"}}'),
        ({"n": -(10**30)}, '{"n":{"$int":"-1' + "0" * 30 + '"}}'),
        ({"f": math.nan}, '{"f":{"$float":"nan"}}'),
        ({"f": -math.inf}, '{"f":{"$float":"-inf"}}'),
        ({"b": b"\x00\xff"}, '{"b":{"$bytes":"AP8="}}'),
        ({"b": bytearray(b"x")}, '{"b":{"$bytes":"eA=="}}'),
        ({"b": memoryview(b"x")}, '{"b":{"$bytes":"eA=="}}'),
        ({"s": "\ud800"}, '{"s":{"$str":"d800"}}'),
        ({"$a": 1, "$$b": 2}, '{"$$$b":2,"$$a":1}'),
        ({"t": dt.date(2026, 1, 2)}, '{"t":{"$time":"2026-01-02"}}'),
        ({"t": dt.time(3, 4, 5)}, '{"t":{"$time":"03:04:05.000000"}}'),
        ({"t": dt.timedelta(days=-1, microseconds=1)}, '{"t":{"$dur":"-86399999999us"}}'),
        ({"d": Decimal("1.50")}, '{"d":{"$dec":"15E-1"}}'),
        ({"d": Decimal("-1200")}, '{"d":{"$dec":"-12E2"}}'),
        ({"d": Decimal("0.00")}, '{"d":{"$dec":"0E0"}}'),
        ({"d": Decimal("NaN")}, '{"d":{"$dec":"NaN"}}'),
        ({2: "b", 1: "a"}, '{"$map":[[1,"a"],[2,"b"]]}'),
        (("a", 1), '["a",1]'),
    ],
)
def test_written_form(row: Any, text: str) -> None:
    assert example_bytes(row).decode() == text


def test_times_are_instants_where_they_have_a_zone() -> None:
    zone = dt.timezone(dt.timedelta(hours=5, minutes=30))
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=zone)
    text = '{"$time":"2026-01-01T21:34:05.000006Z"}'
    assert example_bytes(moment).decode() == text
    assert example_bytes(moment.astimezone(dt.UTC)).decode() == text
    assert example_bytes(moment.replace(tzinfo=None)).decode() == (
        '{"$time":"2026-01-02T03:04:05.000006"}'
    )


def test_nanoseconds_are_kept() -> None:
    class Timestamp(dt.datetime):
        nanosecond = 7

    class Timedelta(dt.timedelta):
        nanoseconds = 7

    moment = Timestamp(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
    assert example_bytes(moment).decode() == '{"$time":"2026-01-02T03:04:05.000006007Z"}'
    assert example_bytes(Timedelta(microseconds=1)).decode() == '{"$dur":"1007ns"}'


def test_integers_of_any_size() -> None:
    huge = 10**5_000
    assert example_bytes(huge) == b'{"$int":"1' + b"0" * 5_000 + b'"}'
    assert example_bytes(-huge - 1)[:11] == b'{"$int":"-1'
    assert example_bytes(-huge - 1).endswith(b'01"}')


@pytest.mark.parametrize("value", [{1, 2}, object(), 1j, range(3), iter([]), Fraction(1, 2)])
def test_other_types_are_refused_by_name(value: Any) -> None:
    with pytest.raises(CanonicalizationError, match=type(value).__qualname__):
        example_bytes({"a": [value]})


def test_keys_that_are_one_are_refused() -> None:
    with pytest.raises(CanonicalizationError, match="two keys"):
        example_bytes({"\ud83d\ude00": 1, "😀": 2})
    with pytest.raises(CanonicalizationError, match="two keys"):
        example_bytes({float("nan"): 1, float("nan"): 2})


def test_cycles_and_depth_are_refused() -> None:
    row: dict[str, Any] = {}
    row["again"] = row
    with pytest.raises(CanonicalizationError, match="200 levels"):
        example_bytes(row)


def test_a_time_outside_the_calendar_is_refused() -> None:
    zone = dt.timezone(dt.timedelta(hours=5))
    with pytest.raises(CanonicalizationError, match="years"):
        example_bytes(dt.datetime(1, 1, 1, tzinfo=zone))


def test_arrow_values_of_a_table_keep_their_identity() -> None:
    pa = pytest.importorskip("pyarrow", reason="the extra files is not installed")
    rows_in = [
        {"t": dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "d": Decimal("1.5"), "b": b"x", "n": None},
        {"t": None, "d": Decimal("2.25"), "b": None, "n": {"a": None, "x": [1, None]}},
    ]
    back = pa.Table.from_pylist(rows_in).to_pylist()
    assert [example_bytes(row) for row in back] == [example_bytes(row) for row in rows_in]


def test_digest_is_over_the_bytes() -> None:
    assert LEAF_RULE == 1
    assert example_digest({"a": 1}) == hashlib.sha256(b'{"a":1}').digest()


@pytest.mark.parametrize("integer", [2**53, -(2**53), 2**60, 10**20])
def test_beyond_the_safe_integers_an_integer_is_not_its_float(integer: int) -> None:
    assert example_bytes({"n": integer}) != example_bytes({"n": float(integer)})
    assert example_bytes({"n": SAFE}) == example_bytes({"n": float(SAFE)})
