from __future__ import annotations

import gzip
import hashlib
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from provenir.core.canonical import example_digest
from provenir.core.digest import format_digest
from provenir.core.errors import CanonicalizationError, InputError, UsageError
from provenir.core.merkle import merkle_root
from provenir.data import Dataset, DatasetIdentity, FileIdentity, streams

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [{"a": i, "t": f"text {i}"} for i in range(10)]
ROOT = "sha256:" + "0" * 64


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_root_is_the_tree_over_the_example_digests() -> None:
    identity = Dataset(ROWS).identity()
    assert identity.records_root == format_digest(merkle_root(map(example_digest, ROWS)))
    assert (identity.n, identity.leaf_rule, identity.known, identity.files) == (10, 1, True, ())
    assert identity.dataset_hash == identity.records_root


def test_order_count_and_content_change_the_root() -> None:
    roots = {
        Dataset(rows).identity().records_root
        for rows in (ROWS, ROWS[::-1], ROWS[:-1], [*ROWS, {}], [{**ROWS[0], "a": "0"}, *ROWS[1:]])
    }
    assert len(roots) == 5


def test_null_is_absent_at_every_depth_but_not_in_lists() -> None:
    def root(row: dict[str, Any]) -> str | None:
        return Dataset([row]).identity().records_root

    assert root({"a": {"b": None}, "c": None}) == root({"a": {}})
    assert root({"a": [None]}) != root({"a": []})


def test_no_rows_is_known_and_said(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b"")
    (tmp_path / "y.json").write_bytes(b"[]")
    empty = format_digest(hashlib.sha256(b"").digest())
    for source in ([], (), tmp_path / "x.jsonl", tmp_path / "y.json"):
        identity = Dataset(source).identity()
        assert (identity.records_root, identity.n) == (empty, 0)
        assert [f.kind for f in identity.findings] == ["empty_dataset"]


def test_files_are_digested_as_stored(tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", ROWS)
    two = tmp_path / "b.jsonl.gz"
    two.write_bytes(gzip.compress(one.read_bytes()))
    identity = Dataset(tmp_path).identity()
    assert identity.files == tuple(
        FileIdentity(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in (one, two)
    )
    assert identity.records_root == Dataset(ROWS * 2).identity().records_root


def test_a_bad_line_raises_with_file_and_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", ROWS)
    with path.open("a") as file:
        file.write('{"a": 1, "t":\n')
    for strict in (True, False):
        with pytest.raises(InputError) as error:
            Dataset(path, strict=strict).identity()
        assert error.value.where == f"{path}:11"


def test_a_value_without_a_form_makes_the_identity_unknown_by_name() -> None:
    class Thing:
        pass

    rows = [{"a": 1}, {"a": 1, "x": {"deep": [Thing()]}}]
    identity = Dataset(rows).identity()
    assert not identity.known
    assert identity.n == 2
    assert "Thing" in (identity.reason or "")
    assert "row 1, field x" in (identity.reason or "")
    assert [(f.kind, f.severity) for f in identity.findings] == [("unknown_identity", "warning")]
    with pytest.raises(CanonicalizationError, match="Thing"):
        Dataset(rows, strict=True).identity()


def test_a_row_inside_itself_makes_the_identity_unknown() -> None:
    row: dict[str, Any] = {}
    row["self"] = row
    assert not Dataset([row]).identity().known


def test_compare_tells_bytes_from_records(tmp_path: Path) -> None:
    listed = Dataset(ROWS).identity()
    plain = Dataset(write(tmp_path / "a.jsonl", ROWS)).identity()
    packed_path = tmp_path / "a.jsonl.gz"
    packed_path.write_bytes(gzip.compress((tmp_path / "a.jsonl").read_bytes()))
    packed = Dataset(packed_path).identity()
    renamed = Dataset(write(tmp_path / "b.jsonl", ROWS)).identity()
    assert plain.compare(renamed) == "same-bytes"
    assert plain.compare(packed) == plain.compare(listed) == listed.compare(plain) == "same-records"
    assert listed.compare(listed) == "same-records"
    assert plain.compare(Dataset(ROWS[1:]).identity()) == "different"
    unknown = Dataset(iter(ROWS)).identity()
    assert unknown.compare(unknown) == plain.compare(unknown) == "unknown"
    narrowed = Dataset(tmp_path / "a.jsonl", fields=("a",)).identity()
    assert plain.compare(narrowed) == "unknown"


@pytest.mark.parametrize(
    "given",
    [
        {"records_root": None, "n": None},
        {"records_root": ROOT, "n": 1, "reason": "x"},
        {"records_root": ROOT, "n": None},
        {"records_root": "0" * 64, "n": 1},
        {"records_root": ROOT, "n": -1},
        {"records_root": ROOT, "n": 1, "files": (FileIdentity("a", "xyz"),)},
    ],
)
def test_an_identity_validates_itself(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        DatasetIdentity(**given)


def test_to_dict_is_plain(tmp_path: Path) -> None:
    identity = Dataset(write(tmp_path / "a.jsonl", ROWS), fields=("a",)).identity()
    plain = identity.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert set(plain) >= {"records_root", "n", "leaf_rule", "files"}
    assert plain["files"] == [identity.files[0].to_dict()]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".json"])
def test_memory_does_not_grow_with_the_file(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "CHUNK_BYTES", 1 << 15)
    monkeypatch.setattr(streams, "GZIP_SLICE_BYTES", 1 << 12)

    def peak(count: int) -> int:
        rows = [{"i": i, "text": f"{i:06d}" * 20} for i in range(count)]
        path = tmp_path / f"{count}{suffix}"
        if suffix == ".json":
            path.write_text(json.dumps(rows))
        else:
            write(path, rows)
            if suffix.endswith(".gz"):
                path.write_bytes(gzip.compress(path.read_bytes(), 1))
        del rows
        tracemalloc.start()
        Dataset(path).identity()
        _, high = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return high

    # 1,500 rows fill several chunks; eight times as many take no more memory.
    assert peak(12_000) < 1.5 * peak(1_500)


def test_progress_adds_up_to_the_size(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", ROWS)
    for source in (ROWS, ROWS * 500, ROWS * 1024, path, [], [path, path]):
        told: list[int] = []
        dataset = Dataset(source)
        dataset.identity(progress=told.append)
        assert sum(told) == dataset.size[0]


def test_every_file_keeps_its_digest_when_a_row_has_none(tmp_path: Path) -> None:
    deep = '{"a": ' + "[" * 300 + "]" * 300 + "}\n"
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text("{}\n" + deep + "{}\n")
    dataset = Dataset(tmp_path)
    told: list[int] = []
    identity = dataset.identity(progress=told.append)
    assert "200 levels" in (identity.reason or "")
    assert [file.name for file in identity.files] == ["a.jsonl", "b.jsonl"]
    assert sum(told) <= (dataset.size[0] or 0)
