from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from provenir.core.errors import CanonicalizationError, InputError
from provenir.data import Dataset
from provenir.data.arrow_rows import batch_size, table_rows
from provenir.data.reading import Reading

if TYPE_CHECKING:
    from pathlib import Path

pa: Any = pytest.importorskip("pyarrow", reason="extra files")
pq: Any = pytest.importorskip("pyarrow.parquet", reason="extra files")


def rows(table: Any, **options: Any) -> list[dict[str, Any]]:
    return list(table_rows(table, "table", Reading(**options)))


def one(values: list[Any], kind: Any) -> list[Any]:
    return [row["c"] for row in rows(pa.table({"c": pa.array(values, kind)}))]


WHEN = dt.datetime.fromisoformat("2024-02-29T12:30:15.123456")


@pytest.mark.parametrize(
    ("kind", "value", "want"),
    [
        ("bool_", True, True),
        ("int8", -3, -3),
        ("uint64", 2**64 - 1, 2**64 - 1),
        ("float64", 0.1, 0.1),
        ("large_string", "é", "é"),
        ("string_view", "é", "é"),
        ("binary", b"\xff", b"\xff"),
        ("date32", WHEN.date(), WHEN.date()),
        ("date64", WHEN.date(), WHEN.date()),
        ("null", None, None),
    ],
)
def test_plain_types_are_read_exactly(kind: str, value: Any, want: Any) -> None:
    assert one([value, None], getattr(pa, kind)()) == [want, None]


@pytest.mark.parametrize(
    ("kind", "value", "want"),
    [
        (pa.timestamp("ns"), WHEN, WHEN),
        (pa.timestamp("s"), WHEN.replace(microsecond=0), WHEN.replace(microsecond=0)),
        (pa.duration("ns"), dt.timedelta(microseconds=7), dt.timedelta(microseconds=7)),
        (pa.time64("ns"), WHEN.time(), WHEN.time()),
        (pa.time32("s"), dt.time(1, 2, 3), dt.time(1, 2, 3)),
        (pa.decimal128(9, 2), Decimal("1.50"), Decimal("1.50")),
        (pa.map_(pa.string(), pa.int64()), [("k", 1), ("l", None)], {"k": 1, "l": None}),
        (pa.map_(pa.int64(), pa.string()), [(1, "x")], {1: "x"}),
        (pa.dictionary(pa.int8(), pa.string()), "x", "x"),
        (pa.list_(pa.int64(), 2), [1, None], [1, None]),
        (pa.large_list(pa.timestamp("ns")), [WHEN, None], [WHEN, None]),
        (
            pa.struct([("t", pa.timestamp("ns")), ("m", pa.map_(pa.string(), pa.string()))]),
            {"t": WHEN, "m": [("k", "v")]},
            {"t": WHEN, "m": {"k": "v"}},
        ),
        (pa.struct([("m", pa.map_(pa.string(), pa.string()))]), {"m": None}, {"m": None}),
        (pa.list_(pa.map_(pa.string(), pa.int64())), [[("k", 1)], None], [{"k": 1}, None]),
    ],
)
def test_composite_types_are_read_exactly(kind: Any, value: Any, want: Any) -> None:
    assert one([value, None], kind) == [want, None]


def test_a_time_zone_becomes_utc_without_a_zone_database() -> None:
    zoned = pa.array([0], pa.timestamp("ms")).cast(pa.timestamp("ms", "Mars/Olympus"))
    (value,) = [row["c"] for row in rows(pa.table({"c": zoned}))]
    assert value == dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.timestamp("ns"), 1),
        (pa.duration("ns"), 1),
        (pa.timestamp("s"), 2**50),
        (pa.list_(pa.timestamp("ns")), [1]),
    ],
)
def test_what_python_cannot_hold_exactly_is_refused_by_column(kind: Any, value: Any) -> None:
    with pytest.raises(CanonicalizationError, match="column c "):
        one([value], kind)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (pa.month_day_nano_interval(), "c"),
        (pa.struct([("x", pa.list_(pa.month_day_nano_interval()))]), r"c\.x\[\]"),
        (pa.dense_union([pa.field("x", pa.int64())]), "c"),
        (pa.map_(pa.struct([("x", pa.int64())]), pa.int64()), "c"),
        (pa.struct([("x", pa.int64()), ("x", pa.int64())]), "c"),
    ],
)
def test_unsupported_types_are_refused_by_name_even_without_rows(kind: Any, name: str) -> None:
    table = pa.Table.from_batches([], pa.schema([("c", kind)]))
    with pytest.raises(CanonicalizationError, match=f"column {name} "):
        rows(table)


def test_a_refused_column_makes_the_identity_unknown_and_keeps_the_file_digests(
    tmp_path: Path,
) -> None:
    table = pa.table({"t": pa.array([1], pa.timestamp("ns")), "a": [1]})
    pq.write_table(table, tmp_path / "x.parquet")
    dataset = Dataset(tmp_path / "x.parquet")
    identity = dataset.identity()
    assert not identity.known
    assert "column t " in (identity.reason or "")
    assert [file.name for file in identity.files] == ["x.parquet"]
    with pytest.raises(CanonicalizationError):
        Dataset(tmp_path / "x.parquet", strict=True).identity()
    narrowed = Dataset(tmp_path / "x.parquet", fields=["a"]).identity()  # type: ignore[arg-type]
    assert narrowed.records_root == Dataset([{"a": 1}]).identity().records_root


def test_float32_columns_are_named_once_each() -> None:
    reading = Reading()
    table = pa.table(
        {
            "x": pa.array([0.1] * 5000, pa.float32()),
            "y": pa.array([{"z": [0.5]}] * 5000, pa.struct([("z", pa.list_(pa.float16()))])),
            "w": [0.1] * 5000,
        }
    )
    assert len(list(table_rows(table, "table", reading))) == 5000
    assert [(f.kind, f.subject, f.data["count"]) for f in reading.findings()] == [
        ("inexact_column", "x", 1),
        ("inexact_column", "y.z[]", 1),
    ]


def test_two_columns_of_one_name_are_refused() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(InputError, match="called 'a'"):
        rows(table)


def test_a_table_without_columns_has_empty_rows() -> None:
    assert rows(pa.table({"a": [1, 2]}).select([])) == [{}, {}]


def test_a_map_with_one_key_twice_is_refused() -> None:
    with pytest.raises(CanonicalizationError, match="one key twice"):
        one([[("k", 1), ("k", 2)]], pa.map_(pa.string(), pa.int64()))


def test_text_that_is_not_utf8_is_refused_by_column() -> None:
    bad = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, 1], pa.int32()).buffers()[1], pa.py_buffer(b"\xff")]
    )
    with pytest.raises(CanonicalizationError, match="column c "):
        rows(pa.table({"c": bad}))


@pytest.mark.parametrize("cut", [0, 3, 100, -1])
def test_a_torn_parquet_file_is_refused(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": list(range(1000))}), file)
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(InputError, match="not a Parquet file"):
        Dataset(file).identity()


def test_a_damaged_page_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": [str(i) * 9 for i in range(9000)]}), file, compression="zstd")
    data = bytearray(file.read_bytes())
    data[100:2000] = bytes(1900)
    file.write_bytes(bytes(data))
    with pytest.raises(InputError, match="cannot read the data"):
        Dataset(file).identity()


def test_progress_of_a_parquet_file_adds_up(tmp_path: Path) -> None:
    for count in (0, 1, 5000):
        file = tmp_path / "x.parquet"
        pq.write_table(pa.table({"a": pa.array(range(count), pa.int64())}), file)
        told: list[int] = []
        dataset = Dataset(file)
        assert dataset.identity(progress=told.append).n == count
        assert sum(told) == dataset.size[0]


def test_nested_json_text_is_parsed() -> None:
    if not hasattr(pa, "json_"):
        pytest.skip("this release of pyarrow has no JSON type")
    text = pa.array(['{"a": [1, "z"]}', None], pa.json_())
    nested = pa.StructArray.from_arrays([pa.ListArray.from_arrays([0, 1, 2], text)], ["x"])
    assert [row["c"] for row in rows(pa.table({"c": nested}))] == [
        {"x": [{"a": [1, "z"]}]},
        {"x": [None]},
    ]
    with pytest.raises(CanonicalizationError, match="column c holds JSON"):
        rows(pa.table({"c": pa.array(['{"a"'], pa.json_())}))


def test_other_extension_types_are_read_as_they_are_stored() -> None:
    tensor = pa.ExtensionArray.from_storage(
        pa.fixed_shape_tensor(pa.float64(), [2]),
        pa.FixedSizeListArray.from_arrays(pa.array([1.0, 2.0]), 2),
    )
    assert rows(pa.table({"c": tensor})) == [{"c": [1.0, 2.0]}]


def test_batches_are_smaller_where_rows_are_large() -> None:
    assert batch_size(0, 10) == batch_size(10, 10) == 1024
    assert batch_size(1 << 30, 1024) == 16
    assert batch_size(1 << 40, 2) == 1
    table = pa.table({"a": ["x" * (1 << 20)] * 40})
    assert len(rows(table)) == 40
