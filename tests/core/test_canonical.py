"""Canonical bytes: the vectors of RFC 8785, and the fast path against the reference."""

from __future__ import annotations

import enum
import math
import struct
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provenir.core.canonical import canonical_bytes
from provenir.core.errors import CanonicalizationError, InputError
from strategies import SAFE, json_values


@given(json_values)
@settings(max_examples=200)
@example({"a": 1.0, "b": -0.0, "c": [1e-4, 1e15, 9007199254740992.0]})
@example({"": [], "\x7f": {}, "é": "\x00\u2028/"})
@example({"\U00010000": 1, "\ue000": 2})
@example({"\ud7ff": 1e-9, "\ue000": 1e22, "é": 2})
def test_equals_the_reference_implementation(value: Any) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


_AT_THE_LIMITS = [1e-7, 1e-6, 1e-5, 1e-4, 1e15, 1e16, 1e20, 1e21, 1e22, 2.0**53, 5e-324]


@given(
    st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(1e-7, 1e-3)
    | st.floats(1e14, 1e22)
    | st.sampled_from(_AT_THE_LIMITS).map(lambda x: math.nextafter(x, 0.0))
    | st.sampled_from(_AT_THE_LIMITS).map(lambda x: math.nextafter(x, math.inf))
    | st.sampled_from(_AT_THE_LIMITS)
)
@settings(max_examples=500)
def test_floats_equal_the_reference_implementation(number: float) -> None:
    assert canonical_bytes([number, -number]) == rfc8785.dumps([number, -number])


# RFC 8785 appendix B.
@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555554", "333333333.33333325"),
        ("41b3de4355555555", "333333333.3333333"),
        ("41b3de4355555556", "333333333.3333334"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_number_vectors_of_the_rfc(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical_bytes(number) == text.encode()


def test_keys_sort_by_utf16_units() -> None:
    # RFC 8785 section 3.2.3.
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    order = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    text = canonical_bytes(value).decode()
    assert [value[key] for key in order] == [
        name for _, name in sorted((text.index(f'"{name}"'), name) for name in value.values())
    ]


def test_strings_of_the_rfc() -> None:
    # RFC 8785 section 3.2.2.2.
    value = "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/"
    assert canonical_bytes(value) == b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (math.nan, "$"),
        ({"a": [0, math.inf]}, "$.a[1]"),
        ([-math.inf], "$[0]"),
        ({"n": SAFE + 1}, "$.n"),
        ({"n": -SAFE - 1}, "$.n"),
        ({"b": b"bytes"}, "$.b"),
        ({"a": {1: "x"}}, "$.a"),
        ({None: 1}, "$"),
        (["\ud800"], "$[0]"),
        ({"\udfff": 1}, "$"),
        ({"s": {1, 2}}, "$.s"),
        ({"o": object()}, "$.o"),
    ],
)
def test_refuses_and_names_the_place(value: Any, where: str) -> None:
    with pytest.raises(CanonicalizationError) as caught:
        canonical_bytes(value)
    assert caught.value.where == f"at {where}"
    assert isinstance(caught.value, InputError)
    assert isinstance(caught.value, ValueError)


def test_refuses_a_value_inside_itself() -> None:
    value: dict[str, Any] = {}
    value["again"] = [value]
    with pytest.raises(CanonicalizationError, match="200 levels"):
        canonical_bytes(value)


def _nested(levels: int) -> Any:
    value: Any = "leaf"
    for _ in range(levels):
        value = [value]
    return value


def test_the_depth_limit_is_exact() -> None:
    assert canonical_bytes(_nested(200)) == b"[" * 200 + b'"leaf"' + b"]" * 200
    with pytest.raises(CanonicalizationError, match="200 levels"):
        canonical_bytes(_nested(201))
    with pytest.raises(CanonicalizationError):
        canonical_bytes(_nested(100_000))


def test_subclasses_are_written_by_their_value() -> None:
    class Color(enum.StrEnum):
        RED = "red"

    class Level(enum.IntEnum):
        HIGH = 3

    class Loud(str):
        __slots__ = ()

        def __str__(self) -> str:
            return self.upper()

    assert canonical_bytes({"c": Color.RED, "l": Level.HIGH, "s": Loud("x")}) == (
        b'{"c":"red","l":3,"s":"x"}'
    )


def test_the_value_is_not_changed() -> None:
    value = {"a": 1.0, "b": (1, 2)}
    canonical_bytes(value)
    assert repr(value) == "{'a': 1.0, 'b': (1, 2)}"
