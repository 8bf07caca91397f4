"""Canaries in records: the input's type, and the input as it was."""

from __future__ import annotations

import copy
from itertools import pairwise

import pytest

from provenir.core.errors import UsageError
from provenir.data import Dataset
from provenir.eval.canary.scanning import scan_source
from provenir.eval.canary.tagging import tag_records
from provenir.eval.canary.token import derive

CANARY = derive("eval", None, None)
OTHER = derive("other", None, None)


def rows(count=7):
    return [{"q": f"{n}?", "n": n} for n in range(count)]


def leaked(dataset):
    return scan_source(dataset, [CANARY]).leaked_rows


def test_lists_and_tuples_stay_what_they_are():
    for given in (rows(), tuple(rows())):
        before = copy.deepcopy(given)
        tagged = tag_records(given, CANARY)
        assert type(tagged) is type(given)
        assert given == before
        assert leaked(tagged) == tuple(range(7))
        assert all(row["q"] == old["q"] for row, old in zip(tagged, given, strict=True))


def test_a_field_of_text_gets_it_after_its_text_and_once():
    tagged = tag_records(rows(), CANARY, field="q")
    assert tagged[0]["q"].startswith("0?\n")
    assert tag_records(tagged, CANARY, field="q") == tagged
    both = tag_records(tagged, OTHER, field="q")
    assert scan_source(both, [CANARY, OTHER]).leaked_rows == tuple(range(7))


@pytest.mark.parametrize(("records", "which"), [(None, 7), (1, 1), (3, 3), (7, 7)])
def test_so_many_records_get_it_spread_evenly(records, which):
    found = leaked(tag_records(rows(), CANARY, records=records))
    assert len(found) == which
    gaps = {after - before for before, after in pairwise(found)}
    assert max(gaps, default=0) - min(gaps, default=0) <= 1


@pytest.mark.parametrize("records", [0, -1, 8, True, 1.5])
def test_a_number_of_records_that_cannot_be_is_refused(records):
    with pytest.raises(UsageError, match="records"):
        tag_records(rows(), CANARY, records=records)


def test_a_field_of_numbers_is_refused_by_row():
    with pytest.raises(UsageError, match="row 0"):
        tag_records(rows(), CANARY, field="n")


def test_a_path_gives_a_data_set_or_a_copy(tmp_path):
    path = tmp_path / "eval.jsonl"
    path.write_text('{"q": "1"}\n{"q": "2"}\n')
    before = path.read_bytes()
    for source in (path, str(path), [path], Dataset(path)):
        tagged = tag_records(source, CANARY)
        assert isinstance(tagged, Dataset)
        assert leaked(tagged) == (0, 1)
    for name in ("tagged.jsonl", "tagged.jsonl.gz"):
        written = tag_records(path, CANARY, out=tmp_path / name)
        assert leaked(tmp_path / name) == leaked(written) == (0, 1)
        with pytest.raises(UsageError, match="never overwritten"):
            tag_records(path, CANARY, out=tmp_path / name)
    assert path.read_bytes() == before
    with pytest.raises(UsageError, match=r"\.jsonl"):
        tag_records(path, CANARY, out=tmp_path / "tagged.csv")


@pytest.mark.parametrize("field", ["canary", "q"])
def test_tables_frames_and_hub_data_sets_stay_what_they_are(field):
    made = [(pytest.importorskip("pyarrow").Table, "from_pylist")]
    made += [(pytest.importorskip("datasets").Dataset, "from_list")]
    made += [(pytest.importorskip("pandas").DataFrame, "from_records")]
    for kind, make in made:
        given = getattr(kind, make)(rows())
        tagged = tag_records(given, CANARY, field=field, records=3)
        assert type(tagged) is type(given)
        assert len(leaked(tagged)) == 3
        assert leaked(given) == ()
        columns = ["q", "n"] if field == "q" else ["q", "n", "canary"]
        assert list(getattr(tagged, "column_names", None) or tagged.columns) == columns


def test_what_is_no_data_set_is_refused():
    for source in ({"q": "1"}, 7, iter(rows())):
        with pytest.raises(UsageError):
            tag_records(source, CANARY)


def test_a_stream_is_refused_before_anything_is_taken_from_it():
    given = iter(rows())
    with pytest.raises(UsageError, match="never consumed"):
        tag_records(given, CANARY)
    assert len(list(given)) == 7
