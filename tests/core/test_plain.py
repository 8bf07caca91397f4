"""Nothing makes these functions raise, and nothing is lost in silence."""

from __future__ import annotations

import datetime as dt
import enum
import json
import math
import sys
import threading
import types
import uuid
from collections import OrderedDict, UserDict, deque, namedtuple
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import Raising, Scalar
from provenir.core.canonical import canonical_bytes
from provenir.core.plain import json_line, scalar, to_plain
from strategies import SAFE, hostile_steps, hostile_values, json_values, trajectories


def kinds(value: Any, **limits: int) -> list[str]:
    return sorted(finding.kind for finding in to_plain(value, **limits)[1])


def assert_plain(value: Any) -> None:
    """A plain value has canonical bytes, and only exact JSON types."""
    canonical_bytes(value)
    stack = [value]
    while stack:
        item = stack.pop()
        assert item is None or type(item) in (bool, int, float, str, list, dict)
        if type(item) is dict:
            assert all(type(key) is str for key in item)
            stack.extend(item.values())
        elif type(item) is list:
            stack.extend(item)


@given(hostile_steps | trajectories | hostile_values)
@settings(max_examples=200)
def test_anything_becomes_plain(value: Any) -> None:
    plain, findings = to_plain(value)
    assert_plain(plain)
    for finding in findings:
        assert finding.data["count"] >= 1
        canonical_bytes(finding.to_dict())
    scalar(value)
    line = json_line(value)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    json.loads(line)


@given(json_values)
def test_plain_values_stay_as_they_are(value: Any) -> None:
    plain, findings = to_plain(value)
    assert plain == value
    assert findings == ()


def test_the_usual_step_is_copied() -> None:
    step = {"step": 1, "kl": 0.5, "note": "warm-up", "ok": True, "none": None}
    plain, findings = to_plain(step)
    assert plain == step
    assert plain is not step
    assert findings == ()


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ({"kl": math.nan}, "nonfinite"),
        ({"kl": -math.inf}, "nonfinite"),
        ({"n": SAFE + 1}, "big_integer"),
        ({"s": "\ud800"}, "replaced_surrogates"),
        ({"\ud800": 1}, "replaced_surrogates"),
    ],
)
def test_a_flat_step_is_looked_at_too(step: dict[str, Any], kind: str) -> None:
    plain, (finding,) = to_plain(step)
    assert finding.kind == kind
    assert_plain(plain)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_nonfinite_becomes_null_with_a_finding(number: float) -> None:
    plain, (finding,) = to_plain({"kl": number, "deep": [{"x": number}], "ok": 1.0})
    assert plain == {"kl": None, "deep": [{"x": None}], "ok": 1.0}
    assert finding.kind == "nonfinite"
    assert finding.severity == "warning"
    assert finding.subject == "$.kl"
    assert finding.data == {"count": 2, "places": ["$.kl", "$.deep[0].x"]}


def test_integers_beyond_2_to_53() -> None:
    plain, (finding,) = to_plain([SAFE, SAFE + 1, -SAFE - 1, 10**5000])
    assert plain == [SAFE, str(SAFE + 1), str(-SAFE - 1), "<integer of 16610 bits>"]
    assert (finding.kind, finding.data["count"]) == ("big_integer", 3)


def test_lone_surrogates_are_replaced_in_text_and_keys() -> None:
    plain, (finding,) = to_plain({"a\ud800": "x\udfffy", "pair": "\ud83d\ude00"})
    assert plain == {"a\ufffd": "x\ufffdy", "pair": "😀"}
    assert (finding.kind, finding.data["count"]) == ("replaced_surrogates", 3)


def test_every_dunder_raises() -> None:
    assert to_plain({"a": Raising(), "b": 1})[0] == {"a": None, "b": 1}
    assert kinds([Raising(), Raising()]) == ["unreadable"]
    assert kinds(Raising(MemoryError())) == ["unreadable"]
    assert kinds(Raising(RecursionError())) == ["unreadable"]
    assert scalar(Raising()) is None
    assert json_line(Raising()) == b"null\n"


def test_a_hostile_metaclass_and_a_lying_class() -> None:
    class Meta(type):
        def __getattribute__(cls, name: str) -> Any:
            raise RuntimeError(name)

    class Nameless(metaclass=Meta):
        pass

    class Liar:
        @property
        def __class__(self) -> Any:  # type: ignore[override]
            raise RuntimeError("no class")

    for value in (Nameless(), Nameless, Liar()):
        plain, findings = to_plain({"x": value})
        assert_plain(plain)
        assert findings
        scalar(value)


def test_overridden_methods_of_builtin_subclasses_are_not_called() -> None:
    class Bad(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            raise RuntimeError

        __iter__ = keys = __len__ = items

    class BadList(list):  # type: ignore[type-arg]
        def __iter__(self) -> Any:
            raise RuntimeError

    class BadText(str):
        __slots__ = ()

        def __str__(self) -> str:
            raise RuntimeError

    class BadFloat(float):
        def __float__(self) -> float:
            raise RuntimeError

    value = {"d": Bad(a=1), "l": BadList([1, 2]), "s": BadText("x"), "f": BadFloat(1.5)}
    assert to_plain(value) == ({"d": {"a": 1}, "l": [1, 2], "s": "x", "f": 1.5}, ())


def test_cycles_are_cut_and_shared_values_are_not() -> None:
    shared = [1]
    value: dict[str, Any] = {"x": shared, "y": shared}
    value["self"] = value
    plain, (finding,) = to_plain(value)
    assert plain == {"x": [1], "y": [1], "self": None}
    assert (finding.kind, finding.subject) == ("cycle", "$.self")


def test_100_000_nested_lists() -> None:
    value: Any = 0
    for _ in range(100_000):
        value = [value]
    plain, (finding,) = to_plain(value)
    assert finding.kind == "too_deep"
    depth = 0
    while isinstance(plain, list):
        plain, depth = plain[0], depth + 1
    assert (depth, plain) == (64, None)
    assert json_line(value) == b"[" * 64 + b"null" + b"]" * 64 + b"\n"


def test_at_the_end_of_the_stack_it_still_returns() -> None:
    """Only the frame that cannot even call it sees an error, and that is the caller's own."""
    value = {"a": [[["x"]]]}
    results: list[Any] = []

    def descend() -> None:
        try:
            descend()
        finally:
            try:
                results.append(to_plain(value))
            except RecursionError as error:
                results.append(error)

    with pytest.raises(RecursionError):
        descend()
    raised = [result for result in results if isinstance(result, RecursionError)]
    assert len(raised) <= 2
    assert results[: len(raised)] == raised
    returned = results[len(raised) :]
    assert {finding.kind for _, findings in returned for finding in findings} == {"unreadable"}
    assert returned[-1] == (value, ())


def test_too_many_values_are_cut() -> None:
    plain, (finding,) = to_plain([list(range(100)), "after"], max_nodes=50)
    assert finding.kind == "too_large"
    assert isinstance(plain, list)
    assert isinstance(plain[0], list)
    assert len(plain[0]) <= 50


def test_a_large_array_is_not_unfolded() -> None:
    class Large:
        shape = (10**6, 10**6)

        def tolist(self) -> Any:
            raise AssertionError("would need terabytes")

    plain, (finding,) = to_plain(Large())
    assert finding.kind == "too_large"
    assert "(1000000, 1000000)" in str(plain)


def test_standard_types() -> None:
    class Color(enum.Enum):
        RED = "red"

    @dataclass
    class Pair:
        a: int
        b: Any

    Point = namedtuple("Point", "x y")
    identifier = uuid.UUID(int=1)
    value = {
        "enum": Color.RED,
        "path": Path("a") / "b",
        "uuid": identifier,
        "time": dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
        "date": dt.date(2026, 1, 2),
        "span": dt.timedelta(seconds=1.5),
        "decimal": Decimal("0.5"),
        "fraction": Fraction(1, 4),
        "set": {3, 1, 2},
        "tuple": (1, (2,)),
        "named": Point(1, 2),
        "deque": deque([1]),
        "ordered": OrderedDict(a=1),
        "mapping": UserDict({"k": types.MappingProxyType({"v": 1})}),
        "dataclass": Pair(1, Pair(2, None)),
    }
    assert to_plain(value) == (
        {
            "enum": "red",
            "path": "a/b",
            "uuid": str(identifier),
            "time": "2026-01-02T00:00:00+00:00",
            "date": "2026-01-02",
            "span": 1.5,
            "decimal": 0.5,
            "fraction": 0.25,
            "set": [1, 2, 3],
            "tuple": [1, [2]],
            "named": [1, 2],
            "deque": [1],
            "ordered": {"a": 1},
            "mapping": {"k": {"v": 1}},
            "dataclass": {"a": 1, "b": {"a": 2, "b": None}},
        },
        (),
    )


def test_other_types_become_text_with_a_finding() -> None:
    plain, (finding,) = to_plain({"bytes": b"\xff", "complex": 1j, "type": int})
    assert plain == {"bytes": "base64:/w==", "complex": "1j", "type": "builtins.int"}
    assert finding.kind == "converted_type"
    assert finding.data["types"] == ["builtins.bytes", "builtins.complex", "builtins.type"]


def test_generators_are_not_consumed() -> None:
    generator = iter(range(3))
    assert kinds(generator) == ["converted_type"]
    assert list(generator) == [0, 1, 2]


def test_keys_become_text_and_collisions_are_numbered() -> None:
    plain, (finding,) = to_plain({1: 0, "1": "b", 2.0: "c", None: "d", (1, 2): "e", False: "f"})
    assert plain == {
        "1": 0,
        "1#2": "b",
        "2.0": "c",
        "null": "d",
        "[1,2]": "e",
        "false": "f",
    }
    assert finding.kind == "key_collision"


def test_a_mock_is_text_not_an_endless_walk() -> None:
    assert kinds(MagicMock()) == ["converted_type"]


def test_a_dict_that_another_thread_changes() -> None:
    shared: dict[str, Any] = {str(n): [n] for n in range(200)}
    stop = threading.Event()

    def churn() -> None:
        number = 0
        while not stop.is_set():
            shared[f"new{number % 50}"] = [number]
            shared.pop(f"new{(number + 25) % 50}", None)
            number += 1

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(200):
            plain, findings = to_plain(shared)
            assert isinstance(plain, dict)
            assert findings == ()
            assert plain["0"] == [0]
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(interval)


def test_places_are_bounded_and_printable() -> None:
    _, (finding,) = to_plain({"\x1b" * 1000: [math.nan] * 50})
    assert finding.data["count"] == 50
    assert len(finding.data["places"]) == 5
    assert "\x1b" not in finding.detail
    assert len(finding.detail) < 300


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1.5, 1.5),
        (2, 2.0),
        (True, 1.0),
        (None, None),
        ("0.5", 0.5),
        ("not a number", None),
        ("9" * 1000, None),
        (10**400, math.inf),
        (-(10**400), -math.inf),
        (Decimal("0.25"), 0.25),
        (Fraction(1, 2), 0.5),
        (Fraction(10**400), math.inf),
        (Scalar(2.5), 2.5),
        ([1.0], None),
        ({}, None),
        (object(), None),
        (1j, None),
    ],
)
def test_scalar(value: Any, number: float | None) -> None:
    assert scalar(value) == number


def test_scalar_keeps_what_is_not_finite() -> None:
    assert scalar(-math.inf) == -math.inf
    assert math.isnan(scalar(math.nan) or 0.0)
    assert math.isnan(scalar(Scalar(math.nan)) or 0.0)


def test_scalar_refuses_arrays_of_many() -> None:
    class Many(Scalar):
        shape = (2,)

    assert scalar(Many(1.0)) is None


def test_json_line_of_what_orjson_would_write_otherwise() -> None:
    assert json_line({"a": math.nan}) == b'{"a":null}\n'
    assert json_line({"a": 2**60}) == b'{"a":"1152921504606846976"}\n'
    assert json_line({1: dt.timedelta(seconds=1)}) == b'{"1":1.0}\n'
    assert json_line("a\nb") == b'"a\\nb"\n'


def test_numpy_values() -> None:
    np = pytest.importorskip("numpy", reason="numpy is not installed")
    value = {
        "f4": np.float32(0.5),
        "f8": np.float64(0.5),
        "i8": np.int64(7),
        "b": np.bool_(True),
        "s": np.str_("x"),
        "zero_d": np.array(1.5),
        "nan": np.float32("nan"),
        "array": np.arange(4).reshape(2, 2),
        "objects": np.array([None, "x"], dtype=object),
        "datetime": np.datetime64("2026-01-02"),
        np.int64(3): 1,
    }
    plain, findings = to_plain(value)
    assert plain == {
        "f4": 0.5,
        "f8": 0.5,
        "i8": 7,
        "b": True,
        "s": "x",
        "zero_d": 1.5,
        "nan": None,
        "array": [[0, 1], [2, 3]],
        "objects": [None, "x"],
        "datetime": "2026-01-02",
        "3": 1,
    }
    assert_plain(plain)
    assert [finding.kind for finding in findings] == ["nonfinite"]
    assert kinds(np.zeros(1000), max_nodes=100) == ["too_large"]
    assert scalar(np.array([2.5])) == 2.5
    assert scalar(np.zeros(2)) is None
    assert scalar(np.float32(0.5)) == 0.5


def test_torch_values() -> None:
    torch = pytest.importorskip("torch", reason="the extra train is not installed")
    parameter = torch.tensor(1.5, requires_grad=True)
    half = torch.tensor([1.0, 2.0], dtype=torch.bfloat16)
    assert to_plain({"p": parameter, "h": half}) == ({"p": 1.5, "h": [1.0, 2.0]}, ())
    assert scalar(parameter) == 1.5
    assert scalar(half) is None
    assert kinds(torch.tensor(math.nan)) == ["nonfinite"]
    assert kinds(torch.empty(10**6, device="meta"), max_nodes=100) == ["too_large"]


def test_the_value_is_not_changed() -> None:
    value = {"a": [1, {"b": (2, math.nan)}]}
    before = repr(value)
    to_plain(value)
    assert repr(value) == before


@given(st.integers(-5, 500), st.integers(-5, 500))
@settings(max_examples=30)
def test_any_limits(max_depth: int, max_nodes: int) -> None:
    plain, _ = to_plain({"a": [[1, 2, {"b": 3}]]}, max_depth=max_depth, max_nodes=max_nodes)
    assert_plain(plain)


class Thing:
    pass


def test_what_has_no_plain_form_is_the_same_text_in_every_process():
    plain, notes = to_plain({"f": json.dumps, "c": Thing, "o": Thing(), "l": lambda: 1})
    assert plain["f"] == "json.dumps"
    assert plain["c"].endswith("test_plain.Thing")
    assert plain["o"].startswith("<")
    assert "0x" not in plain["o"]
    assert "0x" not in plain["l"]
    assert [note.kind for note in notes] == ["converted_type"]


def test_a_complex_number_of_numpy_is_no_number(recwarn):
    np = pytest.importorskip("numpy", reason="needs the extra data")
    for value in (np.complex64(1j), np.complex128(2), np.array([1 + 1j])):
        assert scalar(value) is None
    assert list(recwarn) == []
