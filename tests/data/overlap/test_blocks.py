"""Blocks: the same rows whatever the ranges, each once, with their places."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provenir.core.errors import InputError
from provenir.core.merkle import leaf_hash
from provenir.data.overlap import blocks
from provenir.data.overlap.blocks import Buffers, byte_ranges
from provenir.data.overlap.plain import PADDING
from provenir.data.overlap.row_blocks import line_blocks, row_line, value_blocks

LINES = st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"_")), max_size=12)


def text_of(block):
    return bytes(block.buf[: block.size])


def ranges(path, length, chunks=1):
    found = path.stat()
    buffers = Buffers(1 << 17)
    for one in byte_ranges(path, found.st_size, found.st_mtime_ns, length, chunks):
        block, memory = one.read(buffers)
        assert len(block.buf) >= block.size + PADDING
        yield one, block
        buffers.give(memory)


@given(LINES, st.integers(1, 60), st.integers(1, 3), st.booleans())
@example([b"\xef\xbb\xbf"], 1, 1, False)
@example([b"\xef\xbb\xbfab", b"c"], 3, 1, True)
def test_ranges_hold_every_row_once_in_order(tmp_path_factory, lines, length, chunks, ended):
    data = b"\n".join(lines) + (b"\n" if ended else b"")
    path = tmp_path_factory.mktemp("ranges") / "rows.jsonl"
    path.write_bytes(data)
    marked = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    joined, total = b"", 0
    leaves = []
    for _, block in ranges(path, length, chunks):
        text = text_of(block)
        if text:
            assert data[block.offset : block.offset + block.size] == text
            assert total + block.lines_before == data.count(b"\n", 0, block.offset)
        leaves += block.leaves
        joined += text
        assert block.line_ends().tolist() == [at for at, b in enumerate(text) if b == ord("\n")]
        total += block.lines
    assert joined == data[marked:]
    assert total == data.count(b"\n")
    chunk = max(length, 4)
    parts = [data[at : at + chunk] for at in range(0, len(data), chunk)]
    assert leaves == list(map(leaf_hash, parts))


@given(LINES, st.integers(1, 30), st.integers(1, 60))
def test_streams_hold_every_row_once_in_order(lines, cut, length):
    data = b"".join(line + b"\n" for line in lines)
    chunks = [data[at : at + cut] for at in range(0, len(data), cut)]
    found = list(line_blocks(chunks, length))
    marked = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    assert b"".join(map(text_of, found)) == data[marked:]
    assert sum(block.lines for block in found) == data.count(b"\n")
    assert all(data[b.offset : b.offset + b.size] == text_of(b) for b in found)


@pytest.mark.parametrize("length", [64, 300, 5_000])
def test_a_row_that_is_too_long_is_named_and_left_out(tmp_path, monkeypatch, length):
    from provenir.data.overlap import row_blocks

    monkeypatch.setattr(blocks, "MAX_ROW_BYTES", 200_000)
    monkeypatch.setattr(row_blocks, "MAX_ROW_BYTES", 200_000)
    monkeypatch.setattr(blocks, "_TAIL_BYTES", 1 << 12)
    data = b'{"a":1}\n' + b'{"b":"' + b"x" * 400_000 + b'"}\n{"c":1}\n'
    path = tmp_path / "rows.jsonl"
    path.write_bytes(data)
    streamed = list(line_blocks([data[at : at + 777] for at in range(0, len(data), 777)], length))
    for found in ([block for _, block in ranges(path, length)], streamed):
        assert [block.too_long for block in found if block.too_long is not None] == [8]
        assert b"".join(map(text_of, found)) == b'{"a":1}\n{"c":1}\n'
        assert sum(block.lines for block in found) == 3


def test_a_file_that_changes_is_refused(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"{}\n" * 50)
    (one,) = byte_ranges(path, 150, path.stat().st_mtime_ns, 1 << 20)
    path.write_bytes(b"{}\n" * 51)
    with pytest.raises(InputError, match="changed while it was read"):
        one.read(Buffers(1 << 10))


def test_values_become_lines():
    rows = [{"a": "x\n"}, {"b": 2**70}, {"c": "\ud800"}, {1: float("nan")}]
    lines = [row_line(row) for row in rows]
    assert lines[0] == b'{"a":"x\\n"}\n'
    assert all(line.count(b"\n") == 1 for line in lines)
    found = list(value_blocks(rows, 20, keep=True))
    assert b"".join(map(text_of, found)) == b"".join(lines)
    assert [row for block in found for row in block.rows] == rows
