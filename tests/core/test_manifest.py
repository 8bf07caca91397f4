"""The run manifest and where it is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from provenir.core.digest import digest_bytes, digest_value
from provenir.core.errors import (
    AlteredDocumentError,
    DocumentError,
    EvidenceError,
    InputError,
    ProvenirError,
    UsageError,
)
from provenir.core.manifest import RunManifest, RunManifestStore
from strategies import json_objects, unicode_text

D = digest_bytes(b"")


def manifest(run_id: str = "a-20260102T030405Z-0123abcd", **fields: Any) -> RunManifest:
    given_fields = {
        "run_id": run_id,
        "name": "a",
        "config_hash": D,
        "dependencies_lockfile": D,
        "status": "running",
        "started_at": "2026-01-02T03:04:05.000Z",
    }
    return RunManifest.create(**{**given_fields, **fields})


@given(unicode_text, json_objects)
def test_round_trip(name: str, fingerprint: dict[str, Any]) -> None:
    value = manifest(name=name, fingerprint=fingerprint)
    assert RunManifest.from_bytes(value.to_bytes(), where="x") == value


def test_content_hash_is_over_all_other_fields() -> None:
    value = manifest(seed=7)
    fields = value.model_dump(mode="json")
    assert fields.pop("content_hash") == digest_value(fields) == value.content_hash


def test_with_changes() -> None:
    before = manifest()
    after = before.with_changes(status="completed", ended_at="2026-01-02T04:00:00Z", files={"a": D})
    assert (after.status, after.files, after.run_id) == ("completed", {"a": D}, before.run_id)
    assert after.content_hash != before.content_hash
    assert before.status == "running"
    assert after.with_changes(status="running", ended_at=None, files={}) == before


def test_an_edited_manifest_is_refused() -> None:
    data = manifest().to_bytes().replace(b'"running"', b'"completed"')
    with pytest.raises(AlteredDocumentError, match="digest that it states") as caught:
        RunManifest.from_bytes(data, where="m.json")
    assert caught.value.where == "m.json"
    assert caught.value.reason == "altered-document"
    assert isinstance(caught.value, DocumentError)
    assert isinstance(caught.value, EvidenceError)


def test_a_wrong_hash_is_refused_at_construction() -> None:
    fields = manifest().model_dump()
    with pytest.raises(AlteredDocumentError):
        RunManifest(**{**fields, "content_hash": D})
    assert RunManifest(**fields) == manifest()
    with pytest.raises(UsageError, match="computed"):
        RunManifest.create(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"run_id": "../evil"},
        {"run_id": ""},
        {"config_hash": "abc"},
        {"dataset_hash": "sha256:xyz"},
        {"status": "done"},
        {"started_at": "yesterday"},
        {"files": {"a": "md5:1"}},
        {"seed": "one"},
        {"unknown": 1},
    ],
)
def test_create_refuses(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        manifest(**fields)


def test_save_and_load(tmp_path: Path) -> None:
    store = RunManifestStore(tmp_path / "artifacts" / "manifests")
    value = manifest()
    path = store.save(value)
    assert path == store.path(value.run_id) == store.root / f"{value.run_id}.json"
    assert store.load(value.run_id) == value
    store.save(value.with_changes(status="failed"))
    assert store.load(value.run_id).status == "failed"
    assert [path.name for path in store.root.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "folder",
    ["manifests", "my-run/manifests", "runs/x/manifests", "my-run/runs/x/manifests"],
)
def test_runs_are_found_around_the_store(tmp_path: Path, folder: str) -> None:
    artifacts = tmp_path / "artifacts"
    value = manifest()
    RunManifestStore(artifacts / folder).save(value)
    store = RunManifestStore(artifacts / "manifests")
    assert store.load(value.run_id) == value
    assert store.list() == [value]


def test_search_with_a_relative_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    value = manifest()
    RunManifestStore("artifacts/my-run/manifests").save(value)
    assert RunManifestStore("artifacts/manifests").load(value.run_id) == value


def test_the_store_itself_comes_first(tmp_path: Path) -> None:
    store = RunManifestStore(tmp_path / "manifests")
    RunManifestStore(tmp_path / "aaa" / "manifests").save(manifest(name="elsewhere"))
    store.save(manifest(name="here"))
    assert store.load(manifest().run_id).name == "here"
    assert [item.name for item in store.list()] == ["here"]


def test_a_run_that_is_missing(tmp_path: Path) -> None:
    store = RunManifestStore(tmp_path / "no" / "manifests")
    with pytest.raises(InputError, match="no manifest of the run"):
        store.load("x-20260102T030405Z-0123abcd")
    assert store.list() == []


@pytest.mark.parametrize("run_id", ["../secret", "/etc/passwd", "", "a/b", "a\x00b", "..", "*"])
def test_ids_cannot_leave_the_store(tmp_path: Path, run_id: str) -> None:
    (tmp_path / "secret.json").write_bytes(manifest().to_bytes())
    store = RunManifestStore(tmp_path / "manifests")
    for look in (store.load, store.path, store.find):
        with pytest.raises(InputError, match="cannot be an id"):
            look(run_id)


def test_a_manifest_under_another_name(tmp_path: Path) -> None:
    store = RunManifestStore(tmp_path / "a" / "manifests")
    store.save(manifest())
    store.path(manifest().run_id).rename(store.path("other"))
    with pytest.raises(AlteredDocumentError, match="another run"):
        store.load("other")


def test_list_is_sorted_and_does_not_hide_the_unreadable(tmp_path: Path) -> None:
    store = RunManifestStore(tmp_path / "a" / "manifests")
    late = manifest("late", started_at="2026-03-01T00:00:00Z")
    early = manifest("early", started_at="2026-02-01T00:00:00Z")
    store.save(late)
    store.save(early)
    assert store.list() == [early, late]
    (store.root / "broken.json").write_text("{")
    with pytest.raises(DocumentError):
        store.list()
    seen: list[tuple[Path, ProvenirError]] = []
    assert store.list(on_error=lambda path, error: seen.append((path, error))) == [early, late]
    assert [path.name for path, _ in seen] == ["broken.json"]
