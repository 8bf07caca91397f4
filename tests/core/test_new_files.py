"""A file that is there is never lost, and where none can be made that is said first."""

from __future__ import annotations

import stat

import pytest

from provenir.core.errors import UsageError
from provenir.core.new_files import check_new, write_new


def test_a_file_is_written_once(tmp_path):
    path = tmp_path / "a"
    check_new(path)
    write_new(path, iter([b"one ", b"two"]), mode=0o600)
    assert path.read_bytes() == b"one two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for again in (lambda: check_new(path), lambda: write_new(path, b"three")):
        with pytest.raises(UsageError, match="never overwritten"):
            again()
    assert path.read_bytes() == b"one two"


def test_a_link_to_nothing_is_something(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nothing")
    with pytest.raises(UsageError, match="never overwritten"):
        check_new(link)


def test_a_folder_that_is_missing_is_said_first(tmp_path):
    with pytest.raises(UsageError, match="folder"):
        check_new(tmp_path / "no" / "a")
