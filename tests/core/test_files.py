"""Files: whole or not at all on the way out, bounded on the way in."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from provenir.core.errors import BoundsError, InputError
from provenir.core.files import (
    atomic_write,
    open_append,
    open_regular,
    read_bounded,
    read_json,
    read_lines,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_atomic_write_creates_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    atomic_write(path, b"one")
    atomic_write(str(path), b"two")
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["a.json"]


def test_atomic_write_sets_the_mode_from_the_start(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        atomic_write(tmp_path / "secret", b"x", mode=0o600)
        atomic_write(tmp_path / "public", b"x")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "public").stat().st_mode) == 0o644


def test_atomic_write_into_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        atomic_write(tmp_path / "no" / "a", b"x")
    assert caught.value.filename == str(tmp_path / "no" / "a")


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_hard_links_still_replaces_nothing(tmp_path, monkeypatch, code):
    def link(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", link)
    path = tmp_path / "signed.json"
    atomic_write(path, b"first", mode=0o600, replace=False)
    assert path.read_bytes() == b"first"
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        atomic_write(path, b"second", replace=False)
    assert path.read_bytes() == b"first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["signed.json"]


def test_atomic_write_can_spare_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic_write(path, b"first", mode=0o600, replace=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (link := tmp_path / "link").symlink_to("nowhere")
    for taken in (path, link):
        with pytest.raises(FileExistsError, match=taken.name):
            atomic_write(taken, b"second", replace=False)
    assert path.read_bytes() == b"first"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["file", "link"]


def test_a_failed_rename_leaves_the_old_content_and_no_rest(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    (target / "kept").write_bytes(b"old")
    with pytest.raises(OSError) as caught:
        atomic_write(target, b"new")
    assert ".tmp-" not in str(caught.value)
    assert str(target) in str(caught.value)
    assert names(tmp_path) == ["folder"]
    assert (target / "kept").read_bytes() == b"old"


def test_a_full_disk_leaves_the_old_content_and_no_rest(tmp_path: Path) -> None:
    """A child whose files may not exceed 4 KiB stands for a disk that fills while writing."""
    path = tmp_path / "a"
    atomic_write(path, b"old")
    child = os.fork()
    if child == 0:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            atomic_write(path, b"x" * 100_000)
        except OSError as error:
            os._exit(0 if error.errno == errno.EFBIG else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_the_data_is_synced_before_the_rename_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    sync, replace = os.fsync, os.replace

    def noted_sync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        order.append("sync folder" if is_folder else "sync file")
        sync(descriptor)

    def noted_replace(source: Path, target: Path) -> None:
        order.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_replace)
    atomic_write(tmp_path / "a", b"x")
    assert order == ["sync file", "rename", "sync folder"]


def test_atomic_write_replaces_a_link_and_not_its_target(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "link").symlink_to("target")
    atomic_write(tmp_path / "link", b"new")
    assert (tmp_path / "target").read_bytes() == b"precious"
    assert not (tmp_path / "link").is_symlink()


def test_atomic_write_with_the_longest_name(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    atomic_write(path, b"x")
    assert path.read_bytes() == b"x"


def test_read_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_bounded(path) == b"12345"
    assert read_bounded(path, max_bytes=5) == b"12345"
    with pytest.raises(BoundsError, match="larger than 4 bytes"):
        read_bounded(path, max_bytes=4)


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    server = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        server.bind("socket")
    finally:
        os.chdir(here)
        server.close()
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    hostile = [tmp_path, *(tmp_path / name for name in ("fifo", "socket", "dangling", "loop"))]
    for path in [*hostile, Path("/dev/null"), tmp_path / "missing", tmp_path / ("n" * 300)]:
        with pytest.raises(InputError) as caught:
            read_bounded(path)
        assert caught.value.where == str(path)
    with pytest.raises(InputError, match="cannot open"):
        read_bounded(f"{tmp_path}/nul\x00byte")


def test_links_are_followed_only_where_allowed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")
    assert read_bounded(tmp_path / "link") == b"x"
    with pytest.raises(InputError, match="cannot open"):
        read_bounded(tmp_path / "link", follow_symlinks=False)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    path.chmod(0)
    with pytest.raises(InputError, match="cannot open"):
        read_bounded(path)


def test_open_regular_gives_a_blocking_stream(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    with open_regular(tmp_path / "a") as stream:
        assert os.get_blocking(stream.fileno())
        assert stream.read() == b"x"


def test_open_append_makes_a_file_and_writes_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for line in (b"one\n", b"two\n"):
        descriptor = open_append(path)
        assert os.get_blocking(descriptor)
        os.write(descriptor, line)
        assert os.pread(descriptor, 3, 0) == b"one"
        os.close(descriptor)
    assert path.read_bytes() == b"one\ntwo\n"


def test_open_append_takes_regular_files_only(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in ("fifo", "link", "."):
        with pytest.raises(OSError, match=r"not a regular|symbolic|directory"):
            open_append(tmp_path / name)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert not (tmp_path / "elsewhere").exists()


def test_read_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"a": [1]}')
    assert read_json(path) == {"a": [1]}
    with pytest.raises(BoundsError):
        read_json(path, max_bytes=3)
    path.write_text("{")
    with pytest.raises(InputError, match=r"a\.json:1:2"):
        read_json(path)


def test_read_lines_yields_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"one\n\nthree\r\n")
    reader = read_lines(path)
    assert list(reader) == [(1, b"one"), (2, b""), (3, b"three\r")]
    assert reader.torn is None
    assert list(reader) == []


@pytest.mark.parametrize("rest", [b"{", b'{"step": 4', b'{"step": 4}'])
def test_read_lines_flags_a_torn_last_line(tmp_path: Path, rest: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"one\n" + rest)
    reader = read_lines(path)
    assert list(reader) == [(1, b"one")]
    assert reader.torn == rest


def test_read_lines_of_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.touch()
    reader = read_lines(path)
    assert list(reader) == []
    assert reader.torn is None


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_read_lines_refuses_a_line_that_is_too_long(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"ok\n" + b"x" * 100 + end)
    reader = read_lines(path, max_line_bytes=50)
    assert next(reader) == (1, b"ok")
    with pytest.raises(BoundsError, match=":2"):
        next(reader)


def test_read_lines_accepts_a_line_of_exactly_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x" * 50 + b"\n" + b"y" * 50)
    reader = read_lines(path, max_line_bytes=50)
    assert [line for _, line in reader] == [b"x" * 50]
    assert reader.torn == b"y" * 50


def test_read_lines_refuses_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_lines(tmp_path)


def test_atomic_write_takes_pieces_and_leaves_nothing_where_they_fail(tmp_path: Path) -> None:
    path = tmp_path / "a"
    atomic_write(path, iter((b"one", b"", b"two")))
    assert path.read_bytes() == b"onetwo"

    def failing() -> Iterator[bytes]:
        yield b"new"
        raise InputError("the source changed")

    with pytest.raises(InputError, match="changed"):
        atomic_write(path, failing())
    assert path.read_bytes() == b"onetwo"
    assert names(tmp_path) == ["a"]
