"""Rows, fields and places of canaries in sources of every kind."""

from __future__ import annotations

import gzip
import json

import pytest

from provenir.core.errors import BoundsError, InputError, UsageError
from provenir.data import Dataset
from provenir.eval.canary import scanning
from provenir.eval.canary.scanning import scan_source
from provenir.eval.canary.token import derive

KEY = b"k" * 32
CANARY = derive("eval", "acme", KEY)
OTHER = derive("eval", "bolt", KEY)
DUPLICATE = '{"a": "%s", "a": "x"}'


def rows():
    return [
        {"prompt": "1+1", "answer": "2"},
        {"messages": [{"role": "user"}, {"content": f"see {CANARY.upper()}"}], "n": 1},
        {"prompt": "x", "meta": {"tags": ["a", {"deep": CANARY.replace("-", "\u200b\n")}]}},
        {"prompt": "y" * 100},
        {CANARY: f"{OTHER}, {CANARY}"},
    ]


EXPECTED = [
    (1, "messages[1].content", CANARY),
    (2, "meta.tags[1].deep", CANARY),
    (4, "", CANARY),
]


def jsonl(path, values, *, end="\n"):
    path.write_text("".join(json.dumps(value) + end for value in values))
    return path


def places(report):
    return [(hit.row, hit.field, hit.canary) for hit in report]


def test_every_field_of_every_row_is_looked_at():
    report = scan_source(rows(), [CANARY])
    assert places(report)[:3] == EXPECTED
    assert report.leaked_rows == (1, 2, 4)
    assert report.examined == {"rows": 5}
    assert (report.sought, report.is_clean) == (1, False)
    assert scan_source(rows(), [derive("another", None, None)]).is_clean


def test_a_hit_names_whose_copy_leaked():
    report = scan_source(rows(), [CANARY, OTHER])
    assert report.rows_by_recipient == {"acme": 3, "bolt": 1}
    assert {hit.recipient for hit in report if hit.row == 4} == {"acme", "bolt"}


def test_files_of_every_kind_give_the_same_rows(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    zstandard = pytest.importorskip("zstandard")
    flat = [{"a": f"{n} {CANARY if n % 3 == 0 else ''}"} for n in range(1_000)]
    plain = jsonl(tmp_path / "a.jsonl", flat)
    with gzip.open(tmp_path / "b.jsonl.gz", "wb") as packed:
        packed.write(plain.read_bytes())
    (tmp_path / "c.jsonl.zst").write_bytes(zstandard.compress(plain.read_bytes()))
    (tmp_path / "d.json").write_text(json.dumps(flat))
    parquet.write_table(pyarrow.Table.from_pylist(flat), tmp_path / "e.parquet")
    want = tuple(range(0, 1_000, 3))
    sources = (*sorted(tmp_path.iterdir()), flat, tuple(flat), Dataset(plain))
    for source in sources:
        report = scan_source(source, [CANARY])
        assert report.leaked_rows == want, source
        assert report.examined["rows"] == 1_000
    folder = scan_source(tmp_path, [CANARY])
    assert folder.leaked_rows == tuple(1_000 * file + row for file in range(5) for row in want)
    assert folder.hits[-1].location == f"{tmp_path / 'e.parquet'}, row 999"
    assert folder.hits[1].location == f"{plain}:4"


def test_files_of_other_kinds_are_never_clean_in_silence(tmp_path):
    jsonl(tmp_path / "a.jsonl", [{"a": "x"}])
    (tmp_path / "README.md").write_text("about it")
    assert scan_source(tmp_path, [CANARY]).is_clean
    (tmp_path / "b.csv").write_text(f"a\n{CANARY}\n")
    report = scan_source(tmp_path, [CANARY])
    assert (report.leaked_rows, report.is_clean) == ((), False)
    assert report.not_examined == {"other files": "1 are of no kind that is read: b.csv"}


@pytest.mark.parametrize(
    "row",
    [{("a", CANARY): 1}, {"x": {("a", 1): CANARY}}, {"\ud800": 1, "x": [{b"k": (CANARY,)}]}],
)
def test_keys_that_are_no_text_hide_nothing(row):
    assert scan_source([row], [CANARY]).leaked_rows == (0,)


def test_a_hub_data_set_is_read():
    datasets = pytest.importorskip("datasets")
    found = scan_source(datasets.Dataset.from_list([{"a": "x"}, {"a": str(CANARY)}]), [CANARY])
    assert places(found) == [(1, "a", CANARY)]


def test_streams_are_never_consumed():
    generator = iter(rows())
    with pytest.raises(UsageError, match="never consumed"):
        scan_source(generator, [CANARY])
    assert len(list(generator)) == 5


def test_blank_lines_are_no_rows_and_lines_are_counted_all_the_same(tmp_path):
    path = tmp_path / "a.jsonl"
    hit = json.dumps({"a": CANARY})
    path.write_bytes(f'\ufeff\n\n{{"a":1}}\r\n \t\r\n{hit}\n\n\n{hit}'.encode())
    report = scan_source(path, [CANARY])
    assert report.leaked_rows == (1, 2)
    assert [hit.location for hit in report] == [f"{path}:5", f"{path}:8"]


def test_rows_are_counted_over_the_ends_of_blocks(tmp_path):
    long = {"a": "word " * 90_000}
    path = jsonl(tmp_path / "a.jsonl", [long, {"a": CANARY}] * 8)
    report = scan_source(path, [CANARY])
    assert report.leaked_rows == tuple(range(1, 16, 2))
    assert report.hits[-1].location == f"{path}:16"


@pytest.mark.parametrize(
    "line", ['{"a": "%s"', "%s", '["%s"]', '{"a": NaN, "b": "\\ud800 %s"}', DUPLICATE]
)
def test_what_is_no_row_is_looked_at_as_it_stands(tmp_path, line):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n' + line % CANARY + "\n")
    report = scan_source(path, [CANARY])
    assert report.leaked_rows == (1,)
    assert len(report) == 1


def test_bytes_that_are_no_text_hide_nothing(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": "\xff\xfe\x00\xc3' + CANARY.encode() + b'\x80"}\n')
    assert scan_source(path, [CANARY]).leaked_rows == (0,)


@pytest.mark.parametrize("value", [CANARY.encode(), {CANARY}, {"a", (CANARY,)}, "\ud800" + CANARY])
def test_values_that_json_lacks_are_looked_at(value):
    assert scan_source([{"a": value}], [CANARY]).leaked_rows == (0,)


def test_a_canary_in_a_list_of_pieces_is_found_and_one_over_fields_or_rows_is_not():
    head, tail = CANARY[:16], CANARY[16:]
    assert places(scan_source([{"a": [head, tail]}], [CANARY])) == [(0, None, CANARY)]
    assert scan_source([{"x": head, "y": tail}], [CANARY]).is_clean
    assert scan_source([{"a": head}, {"a": tail}], [CANARY]).is_clean


def test_a_torn_file_is_an_error_and_never_clean(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}\n' * 10_000)[:-20])
    with pytest.raises(InputError, match="torn"):
        scan_source(path, [CANARY])
    (tmp_path / "long.jsonl").write_bytes(b'"' + b"x" * (50 << 20) + b'"')
    with pytest.raises(BoundsError, match=r"long\.jsonl:1"):
        scan_source(tmp_path / "long.jsonl", [CANARY])


def test_an_empty_file_is_not_clean(tmp_path):
    (tmp_path / "a.jsonl").touch()
    report = scan_source(tmp_path / "a.jsonl", [CANARY])
    assert (report.is_clean, report.examined["rows"]) == (False, 0)


def test_nothing_to_look_for_is_refused():
    with pytest.raises(UsageError, match="no canary"):
        scan_source(rows(), [])


def test_only_the_wanted_fields_are_looked_at(tmp_path):
    path = jsonl(tmp_path / "a.jsonl", [{"a": CANARY, "b": "x"}])
    assert scan_source(Dataset(path, fields=("b",)), [CANARY]).leaked_rows == ()


def test_hits_beyond_the_bound_are_counted(monkeypatch):
    monkeypatch.setattr(scanning, "MAX_HITS", 10)
    report = scan_source([{"a": CANARY}] * 25, [CANARY])
    assert (len(report), len(report.leaked_rows)) == (10, 25)
    assert "15 more" in report.not_examined["hits"]


def test_progress_adds_up_to_the_bytes_of_the_file(tmp_path):
    path = jsonl(tmp_path / "a.jsonl", rows() * 50)
    seen = []
    scan_source(path, [CANARY], seen.append)
    assert sum(seen) == path.stat().st_size
