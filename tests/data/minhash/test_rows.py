"""Rows with their places, and what is no row: located, counted, never taken for one."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import InputError
from provenir.data.bounds import MAX_ROW_BYTES
from provenir.data.minhash.rows import MOST_SKIPS, Places, Skips, read_lines, read_rows
from provenir.data.reading import Reading
from provenir.data.sources import resolve

GOOD = b'{"a": "one"}'


def read(source, *, strict=False, wanted=None):
    places, skips = Places(), Skips()
    rows = read_rows(
        resolve(source),
        Reading(strict=strict),
        places=places,
        skips=None if strict else skips,
        wanted=wanted,
    )
    return dict(rows), places, skips


def test_lines_that_are_no_rows_are_skipped_by_place(tmp_path):
    path = tmp_path / "rows.jsonl"
    lines = (b"\xef\xbb\xbf" + GOOD, b"", b"{broken", b"[1]", b'{"a": "\xff"}', b"\x00\x01", GOOD)
    path.write_bytes(b"\r\n".join(lines))
    rows, places, skips = read(str(path))
    assert rows == {0: {"a": "one"}, 5: {"a": "one"}}
    assert [skip.where for skip in skips.told] == [f"{path}:{line}" for line in (3, 4, 5, 6)]
    assert skips.count == 4
    assert [places.where(row) for row in rows] == [f"{path}:1", f"{path}:7"]
    content = path.read_bytes()
    for row in range(6):
        at = places.offsets[row]
        assert content[at : at + places.lengths[row]].strip() in lines or row == 0
    with pytest.raises(InputError, match=r"not JSON.*rows.jsonl:3"):
        read(str(path), strict=True)


def test_rows_are_found_again_by_number(tmp_path):
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n".join([GOOD, b"no", b'{"a": "two"}', b'{"a": "three"}'])))
    assert read(str(path), wanted={1, 3}.__contains__)[0] == {3: {"a": "three"}}


def test_rows_of_several_files_are_numbered_through(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(GOOD + b"\n" + GOOD)
    (tmp_path / "b.json").write_bytes(b"[" + GOOD + b"]")
    (tmp_path / "c.jsonl").write_bytes(GOOD)
    rows, places, _ = read(str(tmp_path))
    assert list(rows) == [0, 1, 2, 3]
    assert [places.where(row).rpartition("/")[2] for row in rows] == [
        *("a.jsonl:1", "a.jsonl:2", "b.json, row 0", "c.jsonl:1")
    ]


def test_rows_in_memory_have_numbers_for_places():
    rows, places, _ = read([{"a": 1}, {"a": 2}])
    assert (list(rows), places.where(1)) == ([0, 1], "row 1")


def test_a_line_beyond_the_bound_is_skipped_and_the_next_one_read(tmp_path):
    path = tmp_path / "rows.jsonl"
    with path.open("wb") as file:
        file.write(GOOD + b'\n{"a": "')
        for _ in range(50):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n' + GOOD + b"\n")
        file.write(b"[" + b"1," * (1 << 20) + b"1]\n" + GOOD)
    rows, places, skips = read(str(path))
    assert list(rows) == [0, 2, 4]
    assert [skip.reason.partition(" ")[0] for skip in skips.told] == ["the", "the"]
    assert str(MAX_ROW_BYTES >> 20) in skips.told[0].reason
    assert places.lengths[1] == 50_000_000 + len(b'{"a": ""}\n')


def test_skips_beyond_the_told_ones_are_counted(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(GOOD + b"\n" + b"no\n" * (MOST_SKIPS + 5))
    _, _, skips = read(str(path))
    assert (len(skips.told), skips.count) == (MOST_SKIPS, MOST_SKIPS + 5)


@given(st.binary(max_size=60), st.integers(1, 7))
def test_lines_are_the_text_in_pieces(text, size):
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    marked = text.startswith(b"\xef\xbb\xbf")
    lines = list(read_lines(iter(chunks)))
    assert b"".join(line.data or b"" for line in lines) == text.removeprefix(b"\xef\xbb\xbf")
    for line in lines:
        assert text[line.offset : line.offset + line.length] == line.data
        assert b"\n" not in line.data[:-1]
    assert marked or not lines or lines[0].offset == 0
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
