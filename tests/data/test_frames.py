from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from provenir.core.errors import InputError
from provenir.data import Dataset

pd: Any = pytest.importorskip("pandas", reason="pandas is not needed")

DAY = dt.datetime.fromisoformat("2024-01-02T00:00:00")


def test_a_frame_has_the_root_of_its_rows_without_the_index() -> None:
    rows = [
        {
            "a": i,
            "f": i / 7,
            "s": f"é{i}",
            "b": i % 2 == 0,
            "l": [i, None],
            "t": DAY,
        }
        for i in range(3000)
    ]
    frame = pd.DataFrame(rows, index=range(7, 3007))
    identity = Dataset(frame).identity()
    assert identity.records_root == Dataset(rows).identity().records_root
    assert identity.findings == ()
    assert Dataset(frame).rows().__next__() == rows[0]


def test_missing_values_are_absent_and_named() -> None:
    frame = pd.DataFrame(
        {"a": [1, None], "s": ["x", pd.NA], "t": [pd.Timestamp(DAY), pd.NaT], "o": [None, {"k": 1}]}
    )
    identity = Dataset(frame).identity()
    want = [{"a": 1, "s": "x", "t": DAY}, {"o": {"k": 1}}]
    assert identity.records_root == Dataset(want).identity().records_root
    assert {f.subject for f in identity.findings if f.kind == "missing_values"} == {"a", "s", "t"}


def test_float32_columns_are_named() -> None:
    frame = pd.DataFrame({"x": pd.Series([0.5], dtype="float32")})
    assert [f.subject for f in Dataset(frame).identity().findings] == ["x"]


def test_odd_column_names_are_refused() -> None:
    with pytest.raises(InputError, match="not text"):
        Dataset(pd.DataFrame([[1, 2]])).identity()
    with pytest.raises(InputError, match="one name"):
        Dataset(pd.DataFrame([[1, 2]], columns=["a", "a"])).identity()


def test_fields_narrow_a_frame() -> None:
    frame = pd.DataFrame({"a": [1], "b": [object()]})
    narrowed = Dataset(frame, fields=("a",))
    assert narrowed.identity().records_root == Dataset([{"a": 1}]).identity().records_root
