"""Near-duplicates of a source: what joins, what is kept, what was not looked at."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.core.errors import InputError, MissingExtraError, UsageError
from provenir.core.findings import Report
from provenir.data import Dataset

pytest.importorskip("numpy")

from provenir.data.minhash import dedup as dedup_module
from provenir.data.minhash import find_near_duplicates, near_items
from provenir.data.minhash.corpus import Corpus
from provenir.data.minhash.kernels import SIZE
from provenir.data.minhash.parts import parts_of
from provenir.data.minhash.signing import jaccard, shingle_set

VOCABULARY = [f"w{k}" for k in range(5000)]


def passage(rng: random.Random, words: int = 80) -> list[str]:
    return rng.choices(VOCABULARY, k=words)


def edited(rng: random.Random, words: list[str], edits: int) -> list[str]:
    """The words with some of them, evenly spread, replaced."""
    found = list(words)
    for k in range(edits):
        found[(2 * k + 1) * len(words) // (2 * edits)] = rng.choice("QRSTUVXYZ") * 3
    return found


def rows_with_twins(rng: random.Random, count: int, twins: int) -> list[dict[str, object]]:
    rows = [{"id": k, "text": " ".join(passage(rng))} for k in range(count)]
    for k in range(twins):
        words = edited(rng, str(rows[k]["text"]).split(), 1)
        rows.append({"id": count + k, "text": " ".join(words)})
    return rows


def numbers(found) -> list[list[int]]:
    return sorted(cluster.rows.tolist() for cluster in found.clusters)


def test_twins_are_found_and_nothing_else():
    rows = rows_with_twins(random.Random(1), 300, 40)
    found = find_near_duplicates(rows)
    assert numbers(found) == [[k, 300 + k] for k in range(40)]
    assert found.dropped.tolist() == list(range(300, 340))
    assert (found.rows, found.empty, found.skipped, found.not_compared) == (340, 0, 0, 0)
    for cluster in found.clusters:
        own, other = (shingle_set(parts_of(rows[row])) for row in cluster.rows.tolist())
        (member,) = cluster.dropped
        bound = 1e-6 if member.exact else 0.15
        assert member.similarity == pytest.approx(jaccard(own, other), abs=bound)
        assert member.where == f"row {member.row}"


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_clusters_are_those_of_all_pairs_compared_exactly(data):
    """Away from the threshold by the margin of an estimate, the answer is that of brute force."""
    rng = random.Random(data.draw(st.integers(0, 1 << 32)))
    base = [passage(rng, 120) for _ in range(6)]
    texts = [" ".join(edited(rng, rng.choice(base), rng.choice((1, 1, 8, 20)))) for _ in range(25)]
    sets = [shingle_set(parts_of(text)) for text in texts]
    group = list(range(len(texts)))
    for b in range(len(texts)):
        for a in range(b):
            if jaccard(sets[a], sets[b]) >= 0.7:
                group = [group[a] if one == group[b] else one for one in group]
    wanted = sorted(
        members
        for each in set(group)
        if len(members := [k for k, one in enumerate(group) if one == each]) > 1
    )
    assert numbers(find_near_duplicates([{"t": text} for text in texts], threshold=0.7)) == wanted


def test_pairs_beyond_the_room_are_judged_by_estimate(monkeypatch):
    rows = rows_with_twins(random.Random(2), 50, 10)
    monkeypatch.setattr(dedup_module, "EXACT_SHINGLES", -1)
    found = find_near_duplicates(rows, threshold=0.6)
    assert numbers(found) == [[k, 50 + k] for k in range(10)]
    assert not any(member.exact for cluster in found.clusters for member in cluster.dropped)


@pytest.mark.parametrize(
    ("keep", "kept"),
    [("first", 0), ("longest", 1), ("max:score", 2), ("min:score", 0), ("max:late", 3)],
)
def test_one_row_of_a_cluster_is_kept_by_the_policy(keep, kept):
    words = " ".join(passage(random.Random(3)))
    rows = [
        {"text": words, "score": 1},
        {"text": words + " and more", "score": float("nan")},
        {"text": words, "score": 3, "late": None},
        {"text": words, "late": 0.5},
        {"text": "something else entirely is written in this row"},
    ]
    (cluster,) = find_near_duplicates(rows, keep=keep).clusters
    assert (cluster.kept, cluster.rows.tolist()) == (kept, [0, 1, 2, 3])


def test_policies_that_cannot_decide_are_refused():
    rows = [{"text": "a b c d e f", "name": "x"}] * 2
    for name in ("last", "max", "max:", ":name", ""):
        with pytest.raises(UsageError, match="longest"):
            find_near_duplicates(rows, keep=name)
    with pytest.raises(InputError, match="'name' is no number"):
        find_near_duplicates(rows, keep="max:name")
    with pytest.raises(InputError, match="no row of a cluster has the field 'gone'"):
        find_near_duplicates(rows, keep="max:gone")


def test_only_the_fields_asked_for_are_compared():
    rng = random.Random(4)
    prompt = " ".join(passage(rng))
    rows = [{"prompt": prompt, "answer": " ".join(passage(rng))} for _ in range(3)]
    assert numbers(find_near_duplicates(rows)) == []
    assert numbers(find_near_duplicates(rows, fields=["prompt"])) == [[0, 1, 2]]
    assert numbers(find_near_duplicates(Dataset(rows, fields=["prompt"]))) == [[0, 1, 2]]
    with pytest.raises(InputError, match="no row has the field 'promt'"):
        find_near_duplicates(rows, fields=["promt"])


def test_texts_without_words_are_near_nothing_and_one_word_texts_are():
    rows = [{"t": text} for text in ("", "", "...", "yes", "Yes.", "no", "\x00\x1b", "あ", "あ")]
    found = find_near_duplicates(rows)
    assert numbers(found) == [[3, 4], [7, 8]]
    assert (found.rows, found.empty) == (9, 4)
    report = found.report()
    assert isinstance(report, Report)
    assert not report.is_clean
    assert report.not_examined == {"rows": "4: without words"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Съешь ещё этих мягких французских булок, да выпей чаю.", "СЪЕШЬ ЕЩЁ этих мягких "),
        ("北京大学是中国最著名的大学之一,位于北京市海淀区。", "北京大学是中国最著名"),
        ("ความรู้คือประทีปส่องทาง และปัญญาคือแสงสว่าง", "ความรู้คือ"),
        ("सत्यमेव जयते नानृतं सत्येन पन्था विततो देवयानः", "सत्यमेव जयते नानृतं"),
        ("كل الطرق تؤدي إلى روما كما يقول المثل القديم", "كل الطرق تؤدي إلى"),
    ],
)
def test_other_scripts(one, other):
    rows = [{"t": text} for text in (one, other, one.upper() + "!", "plain text of another kind")]
    assert numbers(find_near_duplicates(rows)) == [[0, 2]]


@pytest.mark.slow
def test_a_million_equal_rows_are_one_signature():
    row = {"t": "the same words in every one of these rows"}
    found = find_near_duplicates([row] * 1_000_000)
    (cluster,) = found.clusters
    assert (len(cluster), cluster.kept, len(found.dropped)) == (1_000_000, 0, 999_999)
    corpus = Corpus()
    corpus.read(((number, row) for number in range(1000)), None)
    assert (corpus.sketches.shape, len(corpus.rows)) == ((1, SIZE), 1000)


def test_a_very_long_text(tmp_path):
    words = "word " * 10_000_000
    found = find_near_duplicates([{"t": words}, {"t": "other"}, {"t": words + "end"}])
    assert numbers(found) == []  # one shingle and two
    found = find_near_duplicates([{"t": "x" * 50_000_000}, {"t": "X" * 50_000_000}])
    assert numbers(found) == [[0, 1]]


def test_skips_are_told_and_a_file_without_rows_is_no_clean_one(tmp_path):
    path = tmp_path / "rows.jsonl"
    row = json.dumps({"t": "one two three four five six"})
    path.write_text(f"{row}\nbroken\n{row}\n")
    found = find_near_duplicates(path)
    assert (numbers(found), found.skipped, found.skips[0].where) == ([[0, 2]], 1, f"{path}:2")
    assert found.to_dict()["clusters"][0]["dropped"][0]["where"] == f"{path}:3"
    assert found.report().not_examined == {"lines": "1: no rows"}
    with pytest.raises(InputError, match=r"rows\.jsonl:2"):
        find_near_duplicates(path, strict=True)
    path.write_bytes(b"\x00\x01binary\xfe\n" * 100)
    with pytest.raises(InputError, match="no line is a row"):
        find_near_duplicates(path)
    path.write_text("")
    assert not find_near_duplicates(path).report().is_clean


def test_files_of_other_kinds_are_told(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a": "one row"}\n')
    (tmp_path / "b.csv").write_text("a\none row\n")
    (finding,) = find_near_duplicates(tmp_path).findings
    assert (finding.kind, "b.csv" in finding.detail) == ("ignored_files", True)


def test_every_source_gives_the_same(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = rows_with_twins(random.Random(5), 60, 9)
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "a.json").write_text(json.dumps(rows))
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    wanted = numbers(find_near_duplicates(rows, threshold=0.75))
    for name in ("a.jsonl", "a.json", "a.parquet"):
        found = find_near_duplicates(tmp_path / name, threshold=0.75)
        assert numbers(found) == wanted
        assert [file.name for file in found.files] == [name]


def test_a_stream_is_refused():
    with pytest.raises(UsageError, match="never consumed"):
        find_near_duplicates(row for row in [{"t": "x"}])


def test_the_bar_sees_every_pass():
    from contextlib import contextmanager

    told = {}

    @contextmanager
    def bar(label):
        told[label] = 0

        def advance(count):
            told[label] += count

        yield advance

    find_near_duplicates(rows_with_twins(random.Random(6), 50, 5), keep="max:id", bar=bar)
    assert told == {"reading": 55, "comparing": 55, "choosing": 55}


def test_rows_near_items_are_those_that_brute_force_finds():
    rng = random.Random(7)
    rows = rows_with_twins(rng, 200, 30)
    items = [row["text"] for row in rows[:60]] + ["", rows[5]["text"]]
    found = {(near.row, near.item): near.similarity for near in near_items(rows, items, 0.7)}
    sets = [shingle_set(parts_of(item)) for item in items]
    wanted = {}
    for number, row in enumerate(rows):
        own = shingle_set(parts_of(row))
        for item, shingles in enumerate(sets):
            if (similarity := jaccard(own, shingles)) >= 0.7:
                wanted[number, item] = similarity
    assert found == wanted
    assert list(found) == sorted(found)


def test_near_items_reads_fields_texts_and_streams():
    text = "one two three four five six seven"
    rows = ({"a": text, "b": "noise " * 50} for _ in range(2))
    assert [near.row for near in near_items(rows, [text], 0.9, fields=("a",))] == [0, 1]
    assert list(near_items([], [text])) == list(near_items([text], [])) == []
    assert [near.similarity for near in near_items([text.upper().encode()], [{"q": text}])] == [1]
    with pytest.raises(UsageError):
        list(near_items([text], [text], 0))


def test_without_numpy_the_install_line_is_told(monkeypatch):
    import sys

    from provenir.data import minhash

    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(MissingExtraError, match="pip install -e"):
        minhash.near_items  # noqa: B018
