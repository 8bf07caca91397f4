from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.core.errors import InputError
from provenir.provenance.run_layout import find_runs
from provenir.provenance.run_record import read_run

if TYPE_CHECKING:
    from pathlib import Path


def make_run(path: Path, **fields: object) -> Path:
    (path / "manifests").mkdir(parents=True)
    manifest = {"run_id": path.name, "status": "running", "started_at": "2026-01-01T00:00:00Z"}
    (path / "manifests" / f"{path.name}.json").write_text(json.dumps({**manifest, **fields}))
    return path


def test_a_torn_end_is_left_out_and_counted(tmp_path: Path) -> None:
    run = make_run(tmp_path / "r")
    (run / "steps.jsonl").write_bytes(b'{"step":0}\n{"step":1}\n{"ste')
    record = read_run(run)
    assert [row["step"] for row in record.steps()] == [0, 1]
    assert record.torn_lines() == {"steps.jsonl": 1}
    assert (record.status, record.alive) == ("running", False)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([b'{"step":7}', b"", b"nope", b"[1]", b"\xff\xfe", b"12"])))
def test_damaged_lines_are_counted_never_raised(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    run = make_run(tmp_path_factory.mktemp("runs") / "r")
    (run / "steps.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    good = [line for line in lines if line.startswith(b"{")]
    record = read_run(run)
    assert len(list(record.steps())) == len(good)
    assert record.torn_lines()["steps.jsonl"] == len(lines) - len(good)


def test_reading_changes_nothing(tmp_path: Path) -> None:
    run = make_run(tmp_path / "r")
    (run / "run.lock").write_text("123")
    before = {p: p.stat().st_mtime_ns for p in run.rglob("*")}
    record = read_run(run)
    record.torn_lines()
    assert not record.alive
    assert {p: p.stat().st_mtime_ns for p in run.rglob("*")} == before


def test_a_fifo_in_place_of_the_lock_is_nobodys(tmp_path: Path) -> None:
    run = make_run(tmp_path / "r")
    os.mkfifo(run / "run.lock")
    assert read_run(run).alive is False


def test_documents_are_listed_and_read(tmp_path: Path) -> None:
    run = make_run(tmp_path / "r")
    (run / "bom.json").write_text('{"model_id":"m"}')
    (run / "passport.md").write_text("#")
    (run / "private.json").write_text("{}")
    record = read_run(run)
    assert record.documents == ("bom.json", "passport.md")
    assert record.document("bom.json") == {"model_id": "m"}
    with pytest.raises(InputError):
        record.document("lineage.json")


def test_a_damaged_manifest_is_a_finding(tmp_path: Path) -> None:
    run = tmp_path / "r"
    (run / "manifests").mkdir(parents=True)
    (run / "manifests" / "x.json").write_text("{torn")
    record = read_run(run)
    assert [f.kind for f in record.findings] == ["unreadable_manifest"]
    assert (record.run_id, record.status, record.manifest) == (None, None, {})


def test_no_folder_and_no_run_are_input_errors(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(InputError):
            read_run(path)


def test_runs_are_found_where_the_layout_puts_them_oldest_first(tmp_path: Path) -> None:
    default = make_run(tmp_path / "runs" / "a", started_at="2026-01-03T00:00:00Z")
    named = make_run(tmp_path / "my-run", started_at="2026-01-02T00:00:00Z")
    moved = make_run(named / "runs" / "old", started_at="2026-01-01T00:00:00Z")
    (tmp_path / "manifests").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert find_runs(tmp_path) == [moved, named, default]
    assert find_runs(named) == [moved, named]
    assert find_runs(tmp_path / "absent") == []
