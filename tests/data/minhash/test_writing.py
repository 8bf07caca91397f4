"""What is written is the source byte for byte, without the rows that are not kept."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.core.errors import InputError, UsageError

pytest.importorskip("numpy")

from provenir.data.minhash import find_near_duplicates, write_kept

TEXTS = ("one two three four five six", "seven eight nine ten eleven twelve")
MARK = b"\xef\xbb\xbf"


def line(text: str, spaces: int = 0) -> bytes:
    return json.dumps({"t": text}).encode() + b" " * spaces


def test_every_byte_that_is_kept_stays_as_it_was(tmp_path):
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [
        *(MARK + line(TEXTS[0], 2) + b"\r\n", b"\r\n", line(TEXTS[1]) + b"\n", b"broken \xff\n"),
        *(line(TEXTS[0]) + b"\n", b'{"t": "caf\\u00e9", "t2": 1e400}\n', line(TEXTS[1], 3)),
    ]
    source.write_bytes(b"".join(lines))
    found = find_near_duplicates(source)
    seen = []
    write_kept(source, found, out, advance=seen.append)
    assert out.read_bytes() == b"".join(lines[:4] + lines[5:6])
    assert sum(seen) == source.stat().st_size
    with pytest.raises(UsageError, match="never overwritten"):
        write_kept(source, found, out)
    with pytest.raises(UsageError, match="folder is not there"):
        write_kept(source, found, tmp_path / "no" / "out.jsonl")
    assert len(find_near_duplicates(out).clusters) == 0


def test_a_first_row_that_goes_leaves_the_mark_of_byte_order(tmp_path):
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(MARK + line(TEXTS[0]) + b"\n" + line(TEXTS[0], 1))
    write_kept(source, find_near_duplicates(source, keep="longest"), out)
    assert out.read_bytes() == MARK + line(TEXTS[0]) + b"\n"
    longer = tmp_path / "longer.jsonl"
    source.write_bytes(MARK + line(TEXTS[0]) + b"\n" + line(TEXTS[0] + " seven"))
    write_kept(source, find_near_duplicates(source, keep="longest", threshold=0.6), longer)
    assert longer.read_bytes() == MARK + line(TEXTS[0] + " seven")


def test_several_files_follow_each_other(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jsonl").write_bytes(MARK + line(TEXTS[0]))
    (tmp_path / "in/b.jsonl.gz").write_bytes(gzip.compress(MARK + line(TEXTS[1]) + b"\n"))
    (tmp_path / "in/c.jsonl").write_bytes(line(TEXTS[0]) + b"\n" + line("other"))
    found = find_near_duplicates(tmp_path / "in")
    write_kept(tmp_path / "in", found, tmp_path / "out.jsonl")
    written = (tmp_path / "out.jsonl").read_bytes()
    assert written == MARK + b"\n".join([line(TEXTS[0]), line(TEXTS[1]), line("other"), b""])


def test_a_file_that_changed_meanwhile_leaves_nothing(tmp_path):
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(line(TEXTS[0]) + b"\n" + line(TEXTS[0]))
    found = find_near_duplicates(source)
    source.write_bytes(line(TEXTS[0]) + b"\n" + line(TEXTS[1]))
    with pytest.raises(InputError, match="not what it was"):
        write_kept(source, found, out)
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


@pytest.mark.parametrize("name", ["out.jsonl.gz", "out.parquet", "out"])
def test_a_name_of_another_format_is_refused(tmp_path, name):
    source = tmp_path / "in.jsonl"
    source.write_bytes(line(TEXTS[0]))
    with pytest.raises(UsageError, match="plain JSON lines"):
        write_kept(source, find_near_duplicates(source), tmp_path / name)


def test_rows_that_are_no_lines_are_not_written(tmp_path):
    rows = [{"t": TEXTS[0]}]
    with pytest.raises(UsageError, match="only files of JSON lines"):
        write_kept(rows, find_near_duplicates(rows), tmp_path / "out.jsonl")


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from((*TEXTS, "short", "", "caf\u00e9 au lait", None)), max_size=12),
    st.sampled_from((b"\n", b"\r\n")),
    st.booleans(),
)
def test_the_kept_lines_are_those_of_the_rows(tmp_path_factory, texts, end, closed):
    folder = tmp_path_factory.mktemp("w")
    lines = [b"no row" if text is None else line(text) for text in texts]
    content = end.join(lines) + (end if closed and lines else b"")
    (folder / "in.jsonl").write_bytes(content)
    if lines and all(text is None for text in texts):
        return
    found = find_near_duplicates(folder / "in.jsonl")
    write_kept(folder / "in.jsonl", found, folder / "out.jsonl")
    dropped = set(found.dropped.tolist())
    wanted = [each for k, each in enumerate(content.splitlines(keepends=True)) if k not in dropped]
    assert (folder / "out.jsonl").read_bytes() == b"".join(wanted)
