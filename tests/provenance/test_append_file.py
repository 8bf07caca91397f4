"""One append-only file: what it opens, and what it leaves open."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from provenir.provenance.append_file import AppendFile


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_torn_end_gets_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "steps.jsonl"
    path.write_bytes(b'{"step":0}\n{"st')
    file = AppendFile(path)
    file.append(b'{"step":1}\n')
    file.append(b'{"step":2}\n')
    file.close()
    assert path.read_bytes() == b'{"step":0}\n{"st\n{"step":1}\n{"step":2}\n'


def test_a_fifo_is_refused_without_waiting_for_a_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "steps.jsonl")
    before = descriptors()
    with pytest.raises(OSError, match="not a regular file"):
        AppendFile(tmp_path / "steps.jsonl")
    assert descriptors() == before


def test_the_last_free_descriptor_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "steps.jsonl"
    path.write_bytes(b"{}\n")
    before = descriptors()
    lowest = os.dup(0)
    os.close(lowest)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 1, hard))
    try:
        file = AppendFile(path)
        with pytest.raises(OSError, match="Too many open files"):
            AppendFile(path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    file.close()
    assert descriptors() == before
