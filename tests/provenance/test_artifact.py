from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.core.errors import InputError
from provenir.provenance.artifact import (
    ArtifactIdentity,
    compare,
    compare_scan,
    dir_hash1,
    identify_artifact,
)
from provenir.provenance.tree_scan import ScannedFile, TreeScan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Kinds = set[tuple[str, str]]


def named(differences: list) -> Kinds:
    """(kind, file) without the two rows that speak of an identity as a whole."""
    return {(d.kind, d.name) for d in differences if d.kind not in {"tensors", "files"}}


def test_an_unchanged_folder_has_no_difference(model: Path) -> None:
    identity = identify_artifact(model)
    assert compare(identity, model) == []


def _change(model: Path) -> Kinds:
    (model / "config.json").write_text('{"hidden_size": 4}\n')
    return {("changed", "config.json")}


def _change_weights(model: Path) -> Kinds:
    path = model / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    return {("changed", "model.safetensors")}


def _break_header(model: Path) -> Kinds:
    path = model / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[8] ^= 1
    path.write_bytes(data)
    return {("changed", "model.safetensors"), ("damaged", "model.safetensors")}


def _add(model: Path) -> Kinds:
    (model / "tokenizer" / ".hidden").write_text("")
    return {("added", "tokenizer/.hidden")}


def _remove(model: Path) -> Kinds:
    (model / "tokenizer" / "vocab.txt").unlink()
    return {("removed", "tokenizer/vocab.txt")}


def _rename(model: Path) -> Kinds:
    (model / "config.json").rename(model / "config2.json")
    return {("renamed", "config.json")}


def _link(model: Path) -> Kinds:
    (model / "config.json").rename(model.parent / "elsewhere.json")
    (model / "config.json").symlink_to(model.parent / "elsewhere.json")
    return {("refused", "config.json"), ("removed", "config.json")}


def _added_link(model: Path) -> Kinds:
    (model / "extra").symlink_to("/etc/passwd")
    return {("refused", "extra")}


def _added_fifo(model: Path) -> Kinds:
    os.mkfifo(model / "pipe")
    return {("refused", "pipe")}


def _swap(model: Path) -> Kinds:
    one, two = model / "config.json", model / "tokenizer" / "vocab.txt"
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    return {("changed", "config.json"), ("changed", "tokenizer/vocab.txt")}


def _empty(model: Path) -> Kinds:
    shutil.rmtree(model)
    model.mkdir()
    names = ("config.json", "model.safetensors", "tokenizer/vocab.txt")
    return {("removed", name) for name in names}


CHANGES = [
    _change, _change_weights, _break_header, _add, _remove, _rename, _link, _added_link,
    _added_fifo, _swap, _empty,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_found_and_its_file_named(model: Path, change: Callable[[Path], Kinds]) -> None:
    identity = identify_artifact(model)
    expected = change(model)
    assert named(compare(identity, model)) == expected


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_changed_byte_names_its_file(
    tmp_path_factory: pytest.TempPathFactory, write_weights: Callable, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("m")
    (folder / "w.safetensors").write_bytes(write_weights({"a": b"\0\1\2", "b": b"\3"}))
    (folder / "c.json").write_text('{"x": 1}')
    identity = identify_artifact(folder)
    path = folder / data.draw(st.sampled_from(["w.safetensors", "c.json"]))
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    found = compare(identity, folder)
    assert ("changed", path.name) in named(found)
    assert all(path.name in d.detail for d in found if d.kind == "changed")


def test_weights_that_change_are_said_to_change_the_tensors(model: Path) -> None:
    identity = identify_artifact(model)
    _change_weights(model)
    assert {"tensors", "files"} <= {d.kind for d in compare(identity, model)}


def test_a_file_list_that_the_digest_does_not_back_is_not_believed(model: Path) -> None:
    forged = replace(identify_artifact(model), files=(("config.json", "0" * 64, 1),))
    assert compare(forged, model) == []
    _change(model)
    (difference,) = compare(forged, model)
    assert (difference.kind, "not used" in difference.detail) == ("files", True)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_found_without_a_file_list(
    model: Path, change: Callable[[Path], Kinds]
) -> None:
    bare = replace(identify_artifact(model), files=())
    change(model)
    assert compare(bare, model)


def test_files_of_one_content_are_paired_once_each(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / name).write_text("the same")
    identity = identify_artifact(folder)
    (folder / "a").rename(folder / "x")
    (folder / "b").rename(folder / "y")
    (folder / "c").unlink()
    (folder / "z").write_text("another")
    assert [(d.kind, d.name, d.detail) for d in compare(identity, folder)[1:]] == [
        ("renamed", "a", "a is now x"),
        ("renamed", "b", "b is now y"),
        ("removed", "c", "c is missing"),
        ("added", "z", "z was added"),
    ]


def test_tens_of_thousands_of_other_files_take_no_square_of_time() -> None:
    files = {side: [f"{side}{n}" for n in range(40_000)] for side in ("old", "new")}
    listed = tuple((name, hashlib.sha256(name.encode()).hexdigest(), 1) for name in files["old"])
    scan = TreeScan(
        [ScannedFile(n, hashlib.sha256(n.encode()).hexdigest(), 1) for n in files["new"]]
    )
    digest = dir_hash1((name, sha256) for name, sha256, _ in listed)
    expected = ArtifactIdentity(
        name="m", kind="model", path="", tensor_root=None, n_tensors=0, dir_hash=digest,
        files=listed,
    )  # fmt: skip
    assert len(compare_scan(expected, scan)) == 80_001


def test_a_missing_path_is_an_input_error(model: Path) -> None:
    identity = identify_artifact(model)
    with pytest.raises(InputError):
        compare(identity, model / "absent")


def test_names_are_shown_without_acting_on_a_terminal(model: Path) -> None:
    identity = identify_artifact(model)
    (model / "x\x1b[2J\u202e").write_text("")
    text = "".join(str(d) for d in compare(identity, model))
    assert "\x1b" not in text
    assert "\\x1b" in text
