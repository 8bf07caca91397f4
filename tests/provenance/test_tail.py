from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.provenance.tail import News, Tail

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "steps.jsonl"


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(data)


def test_a_file_may_come_later_and_grow(path: Path) -> None:
    tail = Tail(path)
    assert tail.read() == News([])
    append(path, b"one\ntwo\n")
    assert tail.read() == News([b"one", b"two"])
    assert tail.read() == News([])
    append(path, b"three\n")
    assert tail.read() == News([b"three"])


def test_a_line_without_its_end_waits_for_it(path: Path) -> None:
    tail = Tail(path)
    append(path, b"one\ntw")
    assert tail.read().lines == [b"one"]
    assert tail.has_torn_end
    append(path, b"o\n")
    assert tail.read() == News([b"two"])
    assert not tail.has_torn_end


def test_a_torn_end_that_is_cut_off_is_no_other_file(path: Path) -> None:
    tail = Tail(path)
    append(path, b"one\ntw")
    tail.read()
    os.truncate(path, 4)
    append(path, b"next\n")
    assert tail.read() == News([b"next"])


@pytest.mark.parametrize("how", ["renamed over", "truncated", "written anew and longer"])
def test_another_file_is_read_from_its_beginning(path: Path, how: str) -> None:
    tail = Tail(path)
    append(path, b"one\ntwo\n")
    tail.read()
    if how == "renamed over":
        other = path.with_suffix(".new")
        other.write_bytes(b"one\ntwo\nother\n")
        other.rename(path)
        assert tail.read() == News([b"one", b"two", b"other"], replaced=True)
    elif how == "truncated":
        path.write_bytes(b"new\n")
        assert tail.read() == News([b"new"], replaced=True)
    else:
        path.write_bytes(b"another beginning\nand more\n")
        assert tail.read() == News([b"another beginning", b"and more"], replaced=True)
    assert tail.read() == News([])


def test_a_file_that_goes_is_awaited(path: Path) -> None:
    tail = Tail(path)
    append(path, b"one\n")
    tail.read()
    path.rename(path.with_suffix(".old"))
    assert tail.read() == News([])
    append(path, b"two\n")
    assert tail.read() == News([b"two"], replaced=True)


def test_a_line_beyond_the_bound_is_left_out_and_counted(path: Path) -> None:
    tail = Tail(path, read_bytes=4, max_line_bytes=20)
    append(path, b"a\n" + b"y" * 20 + b"\n" + b"x" * 50 + b"\nb\n")
    lines: list[bytes] = []
    while True:
        news = tail.read()
        lines += news.lines
        if not news.more:
            break
    assert lines == [b"a", b"y" * 20, b"b"]
    assert tail.overlong == 1


def test_what_is_no_file_brings_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert Tail(tmp_path / "pipe").read() == News([])
    assert Tail(tmp_path).read() == News([])


@given(
    st.lists(st.binary(max_size=6).map(lambda b: b.replace(b"\n", b" ")), max_size=12),
    st.lists(st.integers(1, 9), min_size=1, max_size=12),
)
@settings(max_examples=60)
def test_however_a_file_is_written_its_lines_come_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], cuts: list[int]
) -> None:
    path = tmp_path_factory.mktemp("tail") / "file"
    data = b"".join(line + b"\n" for line in lines)
    tail, got, at = Tail(path, read_bytes=4), list[bytes](), 0
    for cut in [*cuts, len(data) + 1]:
        append(path, data[at : at + cut])
        at += cut
        while True:
            news = tail.read()
            assert not news.replaced
            got += news.lines
            if not news.more:
                break
    assert got == lines
