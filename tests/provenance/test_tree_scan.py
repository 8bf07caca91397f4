"""A file that changes while it is hashed has no digest that anybody could rely on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from provenir.core.errors import InputError
from provenir.provenance.artifact import identify_artifact
from provenir.provenance.tree_scan import scan_tree

if TYPE_CHECKING:
    from pathlib import Path


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
