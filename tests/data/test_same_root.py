"""The promise of the room: the same rows have the same root in every container."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenir.data import Dataset

pa: Any = pytest.importorskip("pyarrow", reason="extra files")
pq: Any = pytest.importorskip("pyarrow.parquet", reason="extra files")
zstandard: Any = pytest.importorskip("zstandard", reason="extra files")

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.one_of(TEXT.filter(lambda name: "\0" not in name), st.sampled_from(["$int", "$", "a.b"]))

# A column is an Arrow type and a strategy for its values; JSON can hold the first kind only.
JSON_LEAVES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (pa.int64(), st.integers(-(2**63), 2**63 - 1) | st.sampled_from([2**53, -(2**53) - 1, 0])),
    (
        pa.float64(),
        FINITE | st.integers(-9, 9).map(float),
    ),
    (pa.bool_(), st.booleans()),
    (pa.string(), TEXT),
]
ARROW_LEAVES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (pa.float64(), st.floats()),
    (pa.binary(), st.binary(max_size=8)),
    (pa.timestamp("us"), st.datetimes()),
    (
        pa.timestamp("us", "UTC"),
        st.datetimes(timezones=st.just(dt.UTC)),
    ),
    (pa.date32(), st.dates()),
    (pa.duration("us"), st.timedeltas(dt.timedelta(-(10**5)), dt.timedelta(10**5))),
    (pa.decimal128(12, 3), st.decimals(-(10**8), 10**8, places=3)),
]


def columns(leaves: list[tuple[Any, st.SearchStrategy[Any]]]) -> st.SearchStrategy[Any]:
    """Pairs of an Arrow type and a strategy of its values with nulls."""
    flat = st.sampled_from(leaves)

    def nest(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        lists = inner.map(lambda c: (pa.list_(c[0]), st.lists(st.none() | c[1], max_size=3)))
        structs = st.dictionaries(NAMES, inner, min_size=1, max_size=3).map(
            lambda fields: (
                pa.struct([(name, c[0]) for name, c in fields.items()]),
                st.fixed_dictionaries({name: st.none() | c[1] for name, c in fields.items()}),
            )
        )
        return lists | structs

    return st.recursive(flat, nest, max_leaves=4)


@st.composite
def tables(draw: st.DrawFn, leaves: list[tuple[Any, st.SearchStrategy[Any]]]) -> Any:
    """A schema and rows that conform to it, every top-level field present, perhaps null."""
    fields = draw(st.dictionaries(NAMES, columns(leaves), min_size=1, max_size=4))
    row = st.fixed_dictionaries({name: st.none() | column[1] for name, column in fields.items()})
    schema = pa.schema([(name, column[0]) for name, column in fields.items()])
    return schema, draw(st.lists(row, max_size=6))


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def root(source: Any) -> tuple[str | None, int | None]:
    identity = Dataset(source).identity()
    assert identity.known, identity.reason
    return identity.records_root, identity.n


def write_all(folder: Path, rows: list[dict[str, Any]]) -> list[Path]:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    contents = {
        "a.jsonl": lines,
        "b.jsonl": "\r\n".join(json.dumps(without_nulls(row)) for row in rows).encode(),
        "c.jsonl.gz": gzip.compress(lines),
        "d.jsonl.zst": zstandard.ZstdCompressor().compress(lines),
        "e.json": json.dumps(rows, indent=1).encode(),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


@given(tables(JSON_LEAVES))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_list_jsonl_gz_zst_json_and_parquet_agree(table: Any) -> None:
    schema, rows = table
    want = root(rows)
    assert root([without_nulls(row) for row in rows]) == want
    with TemporaryDirectory() as name:
        paths = write_all(Path(name), rows)
        parquet = Path(name, "f.parquet")
        pq.write_table(pa.Table.from_pylist(rows, schema), parquet)
        for path in (*paths, parquet):
            assert root(path) == want, path.name


@given(tables(JSON_LEAVES + ARROW_LEAVES))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_list_table_and_parquet_agree_on_types_that_json_lacks(table: Any) -> None:
    schema, rows = table
    built = pa.Table.from_pylist(rows, schema)
    want = root(rows)
    assert root(built) == want
    with TemporaryDirectory() as name:
        parquet = Path(name, "f.parquet")
        pq.write_table(built, parquet, row_group_size=2)
        assert root(parquet) == want


@given(tables(JSON_LEAVES + ARROW_LEAVES))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_list_and_hugging_face_agree(table: Any) -> None:
    datasets = pytest.importorskip("datasets", reason="extra train")
    schema, rows = table
    assert root(datasets.Dataset(pa.Table.from_pylist(rows, schema))) == root(rows)


def test_chat_rows_agree_everywhere(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="extra train")
    rows = [
        {
            "id": 2**60 + i,
            "messages": [
                {"role": "user", "content": f"Wie viel ist {i} + {i}? 🤔"},
                {"role": "assistant", "content": str(2 * i), "score": None if i % 2 else i / 8},
            ],
            "tags": [] if i % 3 else ["sum", None],
            "meta": None if i % 5 == 0 else {"source": "own", "weight": 1.0},
        }
        for i in range(2500)
    ]
    want = root(rows)
    hub = datasets.Dataset.from_list(rows)
    assert root(hub) == want
    hub.to_parquet(tmp_path / "x.parquet")
    hub.to_json(tmp_path / "x.jsonl")
    for path in ("x.parquet", "x.jsonl"):
        assert root(tmp_path / path) == want
    half = tmp_path / "half"
    half.mkdir()
    write_all(half, rows[:1250])
    assert root([half / "a.jsonl", half / "c.jsonl.gz"]) == root(rows[:1250] * 2)


def test_times_agree_where_they_survive(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="extra train")
    berlin = dt.timezone(dt.timedelta(hours=2))
    rows = [
        {
            "naive": dt.datetime.fromisoformat("2024-02-29T01:02:03.456789"),
            "zoned": dt.datetime(2024, 7, 1, 12, tzinfo=berlin),
            "day": dt.date(2024, 2, 29),
            "took": dt.timedelta(microseconds=5),
            "price": Decimal("1.50"),
        }
    ]
    hub = datasets.Dataset.from_list(rows)
    assert root(hub) == root(rows)
    hub.to_parquet(tmp_path / "x.parquet")
    assert root(tmp_path / "x.parquet") == root(rows)
    utc = rows[0]["zoned"].astimezone(dt.UTC)  # type: ignore[attr-defined]
    assert root([{**rows[0], "zoned": utc}]) == root(rows)


def test_a_float32_column_differs_and_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": pa.array([0.1], pa.float32())}), tmp_path / "x.parquet")
    identity = Dataset(tmp_path / "x.parquet").identity()
    assert identity.records_root != Dataset([{"x": 0.1}]).identity().records_root
    assert [(f.kind, f.subject) for f in identity.findings] == [("inexact_column", "x")]
