from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import InputError
from provenir.core.strict_toml import MAX_LINE_DOTS, TomlTable, parse_toml


def table(text: str) -> TomlTable:
    return TomlTable(parse_toml(text.encode(), where="x.toml"), "x.toml")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_an_input_error(data):
    with contextlib.suppress(InputError):
        assert isinstance(parse_toml(data, where="x"), dict)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffa = 1",
        "a = 1\na = 2",
        "[a]\n[a]",
        "a = " + "[" * 100_000,
        "a = " + "{a=" * 10_000,
        "a." * (MAX_LINE_DOTS + 1) + "b = 1",
        "a = 1e",
        "a = " + "9" * 10_000,
    ],
    ids=["mark", "key twice", "table twice", "deep", "deep tables", "dots", "half", "digits"],
)
def test_what_has_no_one_reading_or_costs_too_much_is_refused(text):
    with pytest.raises(InputError, match="the file cannot be read"):
        parse_toml(text.encode(), where="x.toml")


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(InputError, match=r"the settings cannot be read.*x\.toml"):
        parse_toml(b"a = '\xff'", where="x.toml", what="the settings")


def test_a_field_has_its_kind_or_is_named():
    read = table('t = "word"\nn = 3\nb = true\nl = ["x", "y", "x"]\n[in]\nn = 0')
    assert read.text("t", max_chars=4) == "word"
    assert read.integer("n", most=3) == 3
    assert read.boolean("b") is True
    assert read.boolean("missing") is False
    assert read.texts("l") == ("x", "y")
    assert read.texts("missing") is None
    inner = read.table("in")
    for ask in (
        lambda: read.text("t", max_chars=3),
        lambda: read.text("n", max_chars=3),
        lambda: read.text("missing", max_chars=3),
        lambda: read.integer("n", most=2),
        lambda: read.integer("b", most=2),
        lambda: read.boolean("n"),
        lambda: read.texts("t"),
        lambda: read.table("n"),
        lambda: read.only(("t", "n", "b", "l")),
    ):
        with pytest.raises(InputError, match=r"x\.toml: \w"):
            ask()
    with pytest.raises(InputError, match=r"in\.n: not a whole number"):
        inner.integer("n", most=2)


@pytest.mark.parametrize("text", ["a\\u0000b", "a\\u202eb", "a\\u200bb", "e\\u0301", ""])
def test_a_text_has_one_look(text):
    with pytest.raises(InputError, match="t: "):
        table(f't = "{text}"').text("t", max_chars=10)


@pytest.mark.parametrize(
    "value",
    [
        '"2026-01-02T03:04:05Z"',
        "2026-01-02T03:04:05Z",
        "2026-01-02 05:04:05+02:00",
        '"2026-01-02T05:04:05+02:00"',
    ],
)
def test_an_instant_is_a_text_or_a_date_time(value):
    assert table(f"at = {value}").instant("at") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-02T03:04:05",
        "2026-01-02",
        "03:04:05",
        '"2026-01-02T03:04:05"',
        '"soon"',
        "7",
        "0001-01-01T00:00:00+10:00",
        "[]",
    ],
)
def test_a_time_without_its_zone_is_refused(value):
    with pytest.raises(InputError, match="at: not a time with its zone"):
        table(f"at = {value}").instant("at")
