"""A file that changes while it is hashed has no digest that anybody could rely on."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenir.core.errors import InputError
from provenir.provenance import tree_scan
from provenir.provenance.artifact import identify_artifact
from provenir.provenance.tree_scan import scan_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAYS = [
    {"files": True, "tensors": True},
    {"files": False, "tensors": True},
    {"files": True, "tensors": False},
]


def _rewrite(path: Path) -> None:
    path.write_bytes(b"B" * path.stat().st_size)


def _rewrite_and_hide(path: Path) -> None:
    """The time of the last write can be set back; that of the last change cannot."""
    before = path.stat()
    _rewrite(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    while path.stat().st_ctime_ns == before.st_ctime_ns:  # a coarse clock stood still
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace(path: Path) -> None:
    before = path.stat()
    other = path.with_name("other")
    other.write_bytes(b"B" * before.st_size)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def _remove(path: Path) -> None:
    path.unlink()


def _grow(path: Path) -> None:
    path.write_bytes(b"B" * (path.stat().st_size + 1))


@pytest.mark.parametrize("change", [_rewrite, _rewrite_and_hide, _replace, _remove, _grow])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, change) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(b"A" * 10_000_000)
    os.utime(path, ns=(1, 1))
    calls: list[int] = []

    def progress(count: int) -> None:
        if not calls:
            change(path)
        calls.append(count)

    scan = scan_tree(tmp_path, progress=progress)
    assert scan.refused == {"weights.bin": "it changed while it was read"}
    assert scan.files == []
    path.write_bytes(b"A" * 10_000_000)
    calls.clear()
    with pytest.raises(InputError, match="cannot be part"):
        identify_artifact(tmp_path, progress=progress)


def test_a_file_that_is_only_read_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"A" * 10_000_000)
    scan = scan_tree(tmp_path, progress=lambda _: (tmp_path / "a").read_bytes() and None)
    assert [file.size for file in scan.files] == [10_000_000]
    assert scan.refused == {}


@pytest.mark.parametrize("way", WAYS)
def test_weights_that_change_are_refused_whatever_is_asked_for(
    tmp_path: Path, write_weights: Callable[..., bytes], way: dict[str, bool]
) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(write_weights({"a": b"A" * 3_000_000, "b": b"B"}))
    os.utime(path, ns=(1, 1))
    scan = scan_tree(tmp_path, **way, progress=lambda _: _rewrite(path))
    assert scan.refused == {"w.safetensors": "it changed while it was read"}
    assert scan.files == []


@given(st.lists(st.integers(0, 400), max_size=6), st.integers(1, 300), st.sampled_from(WAYS))
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_digests_do_not_depend_on_the_buffer(
    tmp_path: Path,
    write_weights: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
    sizes: list[int],
    buffer: int,
    way: dict[str, bool],
) -> None:
    monkeypatch.setattr(tree_scan, "_BUFFER_BYTES", buffer)
    weights = {f"t{n}": bytes([n]) * size for n, size in enumerate(sizes)}
    data = write_weights(weights)
    (tmp_path / "w.safetensors").write_bytes(data)
    (tmp_path / "w.txt").write_bytes(data)
    told: list[int] = []
    scan = scan_tree(tmp_path, **way, progress=told.append)
    expected = {name: hashlib.sha256(part).hexdigest() for name, part in weights.items()}
    whole = hashlib.sha256(data).hexdigest() if way["files"] else ""
    first = scan.files[0]
    assert {tensor.entry.name: tensor.sha256 for tensor in first.tensors} == (
        expected if way["tensors"] else {}
    )
    assert [file.name for file in scan.files] == ["w.safetensors", "w.txt"][: 1 + way["files"]]
    assert {(file.sha256, file.size) for file in scan.files} == {(whole, len(data))}
    assert sum(told) == len(data) * len(scan.files)


@pytest.mark.parametrize("way", WAYS)
def test_memory_does_not_grow_with_the_weights(
    tmp_path: Path, write_weights: Callable[..., bytes], way: dict[str, bool]
) -> None:
    (tmp_path / "w.safetensors").write_bytes(write_weights({"a": bytes(30_000_000), "b": b"B"}))
    tracemalloc.start()
    scan_tree(tmp_path, **way)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
