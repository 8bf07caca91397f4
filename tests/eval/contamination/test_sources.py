"""The same rows give the same hits in whatever container, by any number of threads."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("numpy", reason="needs the extra data")

from provenir.core.errors import InputError
from provenir.core.merkle import leaf_hash, merkle_root
from provenir.eval.contamination import ContaminationChecker, ContaminationConfig, corpus

QUESTION = "How many slabs of salt do eleven camels carry when each of them bears four slabs of it?"
EVAL = {"salt": [{"question": QUESTION}]}
ROWS = [
    {"prompt": QUESTION if n % 7 == 3 else f"pull lever number {n} of the machine", "n": n}
    for n in range(40)
]
FOUND = "3,10,17,24,31,38"


def check(train, **settings):
    return ContaminationChecker(ContaminationConfig(**settings)).check_datasets(train, EVAL)


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def stored(tmp_path, kind):
    path = tmp_path / f"rows.{kind}"
    if kind == "parquet":
        pa = pytest.importorskip("pyarrow")
        pq = pytest.importorskip("pyarrow.parquet")
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    elif kind == "jsonl.zst":
        path.write_bytes(pytest.importorskip("zstandard").compress(lines(ROWS)))
    else:
        path.write_text(json.dumps(ROWS))
    return path


@pytest.mark.parametrize("kind", ["parquet", "jsonl.zst", "json"])
def test_files_of_every_kind(tmp_path, kind):
    report = check(stored(tmp_path, kind))
    assert report.contaminated_rows == FOUND
    assert report.is_complete
    assert report.corpus.records_root == check(ROWS).corpus.records_root
    kept = ContaminationChecker().filter_contaminated(stored(tmp_path, kind), report)
    assert len(list(kept)) == len(ROWS) - 6


@pytest.mark.parametrize("make", ["datasets", "pyarrow", "pandas"])
def test_tables_of_every_kind(make):
    library = pytest.importorskip(make)
    if make == "pandas":
        train = library.DataFrame(ROWS)
    else:
        train = (library.Dataset if make == "datasets" else library.Table).from_pandas(
            pytest.importorskip("pandas").DataFrame(ROWS)
        )
    report = check(train)
    assert report.contaminated_rows == FOUND
    kept = ContaminationChecker().filter_contaminated(train, report)
    assert type(kept) is type(train)
    assert len(kept) == len(ROWS) - 6


def test_folders_globs_and_lists_number_rows_through(tmp_path):
    for name, part in (("a.jsonl", ROWS[:20]), ("b.jsonl", ROWS[20:])):
        (tmp_path / name).write_bytes(lines(part))
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for train in (tmp_path, str(tmp_path / "*.jsonl"), paths):
        report = check(train)
        assert report.contaminated_rows == FOUND
        assert [file.first_row for file in report.corpus.files] == [0, 20]
        last = report.hits[-1]
        assert (last.place.file, last.place.line) == ("b.jsonl", 19)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_blocks_and_threads_change_nothing(tmp_path, monkeypatch, workers):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(ROWS))
    whole = check(path)
    monkeypatch.setattr(corpus, "_LEAST_CHUNK", 100)
    cut = check(path, workers=workers)
    assert cut.hits == whole.hits
    chunks = [path.read_bytes()[at : at + 100] for at in range(0, path.stat().st_size, 100)]
    leaves = b"".join(map(leaf_hash, chunks)).hex()
    assert cut.corpus.files[0].leaves == leaves
    assert cut.corpus.merkle_root == "sha256:" + merkle_root(chunks).hex()


def test_progress_adds_up_to_the_bytes(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(ROWS))
    told = []
    ContaminationChecker().check_datasets(path, EVAL, progress=told.append)
    assert sum(told) == path.stat().st_size
    told.clear()
    ContaminationChecker().check_datasets(ROWS, EVAL, progress=told.append)
    assert sum(told) == len(ROWS)


@pytest.mark.parametrize("raw", [b"\xff\xfe{\x00}\x00", b"\x1f\x8b\x08", b"PAR1"])
def test_a_file_of_another_format_than_its_name_is_an_error(tmp_path, raw):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(raw + b"\n" * 3)
    with pytest.raises(InputError, match=r"rows\.jsonl"):
        check(path)


def test_nul_and_other_encodings_are_located_skips(tmp_path):
    path = tmp_path / "rows.jsonl"
    latin = json.dumps({"prompt": "caf\xe9"}, ensure_ascii=False).encode("latin-1")
    path.write_bytes(lines(ROWS[:4]) + b'{"a": "\x00"}\n' + latin + b"\n" + lines(ROWS[4:]))
    report = check(path)
    assert [(skip.line, skip.row) for skip in report.skips.first] == [(5, 4), (6, 5)]
    assert report.contaminated == 6
    assert not report.is_clean
