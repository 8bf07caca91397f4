"""Small Parquet files that would take gigabytes are read within bounds, or refused by name."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from provenir.core.errors import BoundsError
from provenir.data import Dataset

if TYPE_CHECKING:
    from pathlib import Path

IDENTIFY = """
import resource, sys
from provenir.data import Dataset
bytes_at_most = int(sys.argv[2])
import pyarrow.parquet
resource.setrlimit(resource.RLIMIT_AS, (bytes_at_most, bytes_at_most))
print(Dataset(sys.argv[1]).identity().n)
"""


def identified(path: Path, *, mib: int) -> str:
    """The number of rows, counted by a process with that much address space."""
    command = [sys.executable, "-c", IDENTIFY, str(path), str(mib << 20)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("told", [True, False])
def test_a_text_that_every_row_names_is_not_held_for_every_row(tmp_path: Path, told: bool) -> None:
    pa: Any = pytest.importorskip("pyarrow", reason="extra files")
    pq: Any = pytest.importorskip("pyarrow.parquet", reason="extra files")
    entry = "x" * (8 << 20)
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 100, pa.int32()), pa.array([entry]))
    path = tmp_path / "named.parquet"
    pq.write_table(pa.table({"t": column}), path, compression="zstd", store_schema=told)
    assert path.stat().st_size < 10_000
    assert identified(path, mib=1_000) == "100"


def test_a_page_that_expands_as_no_data_does_is_refused(tmp_path: Path) -> None:
    pa: Any = pytest.importorskip("pyarrow", reason="extra files")
    pq: Any = pytest.importorskip("pyarrow.parquet", reason="extra files")
    path = tmp_path / "page.parquet"
    table = pa.table({"t": pa.array(["x" * 2**20] * 1_100)})
    pq.write_table(table, path, compression="zstd", use_dictionary=False)
    with pytest.raises(BoundsError, match="column t expands") as error:
        Dataset(str(path)).identity()
    assert error.value.where == str(path)


def test_the_footer_is_not_read_anew_for_every_row_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pa: Any = pytest.importorskip("pyarrow", reason="extra files")
    pq: Any = pytest.importorskip("pyarrow.parquet", reason="extra files")
    rows = [{"a": str(n), "b": "x" * n, "c": [str(n)]} for n in range(200)]
    path = tmp_path / "groups.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=2)
    opened: list[Any] = []

    class Counted(pq.ParquetFile):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            opened.append(options)
            super().__init__(*args, **options)

    monkeypatch.setattr(pq, "ParquetFile", Counted)
    identity = Dataset(str(path)).identity()
    assert identity.records_root == Dataset(rows).identity().records_root
    assert len(opened) <= 3
