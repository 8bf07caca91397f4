from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from provenir.core.errors import InputError, UsageError
from provenir.data.paths import expand


class BytesPath(os.PathLike[Any]):
    """A path object that gives bytes."""

    def __fspath__(self) -> bytes:
        return b"x.jsonl"


def names(source: object) -> list[str]:
    return [file.name for file in expand(source)[0]]  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.jsonl", "a/z.parquet", "a-1.json.gz", "B.JSONL.ZST", "README.md", "é.ndjson"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("{}\n")
    for name in (".hidden.jsonl", "_SUCCESS", "_tmp/x.jsonl", ".git/x.jsonl"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("{}\n")
    return tmp_path


def test_a_folder_is_read_sorted_and_says_what_it_left_out(folder: Path) -> None:
    files, ignored = expand(folder)
    assert [f.name for f in files] == [
        "B.JSONL.ZST",
        "a-1.json.gz",
        "a/z.parquet",
        "b.jsonl",
        "é.ndjson",
    ]
    assert [(f.format, f.compression) for f in files] == [
        ("lines", ".zst"),
        ("json", ".gz"),
        ("parquet", None),
        ("lines", None),
        ("lines", None),
    ]
    assert ignored == ("README.md",)


def test_a_glob_is_read_sorted_with_names_from_its_fixed_part(folder: Path) -> None:
    assert names(str(folder / "*.[jn]*")) == ["a-1.json.gz", "b.jsonl", "é.ndjson"]
    assert names(str(folder / "**" / "*.parquet")) == ["a/z.parquet"]
    assert names(folder / "a" / "*.parquet") == ["z.parquet"]


def test_a_glob_may_be_relative(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert names("*.jsonl") == ["b.jsonl"]
    assert names("a/*") == ["z.parquet"]


def test_a_file_whose_name_looks_like_a_glob_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "[1].jsonl").write_text("{}")
    (tmp_path / "1.jsonl").write_text("{}")
    assert names(tmp_path / "[1].jsonl") == ["[1].jsonl"]


def test_a_list_keeps_its_order_with_names_from_the_common_folder(folder: Path) -> None:
    given = [folder / "b.jsonl", str(folder / "a" / "z.parquet"), folder / "b.jsonl"]
    assert names(given) == names(tuple(given)) == ["b.jsonl", "a/z.parquet", "b.jsonl"]
    assert names([folder / "b.jsonl"]) == ["b.jsonl"]


def test_a_linked_file_is_read_and_a_linked_folder_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "blob").mkdir()
    (tmp_path / "blob" / "x.jsonl").write_text("{}")
    inner = tmp_path / "data"
    inner.mkdir()
    (inner / "linked.jsonl").symlink_to(tmp_path / "blob" / "x.jsonl")
    (inner / "loop").symlink_to(tmp_path)
    assert names(inner) == ["linked.jsonl"]


def test_a_name_that_is_not_utf8_stays_printable(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.jsonl")).write_text("{}")
    assert names(tmp_path) == ["\ufffd.jsonl"]


@pytest.mark.parametrize(
    ("text", "error", "mend"),
    [
        ("missing.jsonl", InputError, "working folder"),
        ("openai/gsm8k", InputError, "load_dataset"),
        ("nothing/*.jsonl", InputError, "working folder"),
        ("s3://bucket/x.jsonl", UsageError, "download"),
        ('{"a": 1}', InputError, "json.loads"),
        ('[{"a": 1}]', InputError, "json.loads"),
        ("data.csv", UsageError, "list of dicts"),
        ("packed.parquet.gz", UsageError, "list of dicts"),
        ("empty", InputError, "jsonl"),
        ("", InputError, "working folder"),
        ("~nobody-at-all/x.jsonl", InputError, "working folder"),
        ("nul\0byte", InputError, "working folder"),
        ("x" * 5000, InputError, "working folder"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_mend(
    text: str,
    error: type[Exception],
    mend: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for name in ("data.csv", "packed.parquet.gz"):
        (tmp_path / name).write_text("a,b\n")
    with pytest.raises(error, match=mend):
        expand(text)


def test_bytes_and_saved_folders_are_refused_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{}")
    (tmp_path / "data-00000.arrow").write_text("")
    with pytest.raises(UsageError, match="load_from_disk"):
        expand(tmp_path)
    with pytest.raises(UsageError, match="fsdecode"):
        expand(BytesPath())


def test_a_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x.jsonl").write_text("{}")
    assert names("~/x.jsonl") == ["x.jsonl"]


def test_a_link_to_a_parent_is_no_endless_glob(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.jsonl").write_text("{}")
    for link in ("one", "two", "three"):
        (tmp_path / "a" / link).symlink_to(tmp_path)
    for pattern in ("**", "**/*.jsonl", "a/**"):
        assert [Path(name).name for name in names(str(tmp_path / pattern))] == ["x.jsonl"]


def test_hidden_files_match_only_a_pattern_with_a_dot(folder: Path) -> None:
    assert ".hidden.jsonl" not in names(str(folder / "*.jsonl"))
    assert names(str(folder / ".h*.jsonl")) == [".hidden.jsonl"]


def test_names_of_a_list_do_not_depend_on_how_its_paths_are_written(folder: Path) -> None:
    winding = folder / "a" / ".." / "b.jsonl"
    assert names([winding, folder / "a" / "z.parquet"]) == ["b.jsonl", "a/z.parquet"]


def test_folders_in_a_list_say_what_they_left_out(folder: Path) -> None:
    assert expand([folder])[1] == ("README.md",)
