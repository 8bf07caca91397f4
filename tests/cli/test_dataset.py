"""`provenir dataset` from the terminal's side."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("numpy", reason="near-duplicates need the extra data")

WORDS = "a train leaves the station at nine and arrives four hours later in the rain"


@pytest.fixture
def rows(place):
    texts = (WORDS, "something else entirely", WORDS.upper() + "!", WORDS + " again")
    lines = [json.dumps({"text": text, "score": k}) + "\n" for k, text in enumerate(texts)]
    path = place / "rows.jsonl"
    path.write_text("".join([*lines[:2], "broken\n", *lines[2:]]))
    return path


def test_clusters_are_shown_with_both_texts_and_skips_with_their_places(call, rows):
    code, out, err = call("dataset", "dedup", "rows.jsonl")
    assert code == 0
    assert "rows.jsonl:1" in out
    assert "0.92" in out
    assert WORDS in out
    assert WORDS + " again" in out
    assert err.count("\n") == 1
    assert "no row, rows.jsonl:3" in err


def test_json_is_the_whole_of_what_was_found(call, rows):
    code, out, _ = call("dataset", "dedup", rows, "--keep", "max:score", "--json")
    told = json.loads(out)
    assert (code, told["rows"], told["dropped"], told["skipped"]) == (0, 4, 2, 1)
    (cluster,) = told["clusters"]
    assert cluster["kept"] == {"row": 4, "where": f"{rows}:5"}
    assert [member["where"] for member in cluster["dropped"]] == [f"{rows}:1", f"{rows}:4"]


def test_what_is_written_is_the_lines_that_are_kept(call, rows):
    code, out, _ = call("dataset", "dedup", rows, "--output", "kept.jsonl")
    assert (code, "written: kept.jsonl" in out) == (0, True)
    kept = (rows.parent / "kept.jsonl").read_bytes()
    assert kept.splitlines() == rows.read_bytes().splitlines()[:3]
    for name in ("kept.jsonl", rows):
        code, _, err = call("dataset", "dedup", rows, "--output", name)
        assert (code, "never overwritten" in err) == (2, True)
    assert (rows.parent / "kept.jsonl").read_bytes() == kept


def test_several_sources_and_fields(call, rows):
    (rows.parent / "more.jsonl").write_text(json.dumps({"text": "other", "note": WORDS}))
    code, out, _ = call("dataset", "dedup", rows, "more.jsonl", "--json")
    assert (code, json.loads(out)["dropped"]) == (0, 3)
    asked = ("--fields", "score", "--fields", "note")
    told = json.loads(call("dataset", "dedup", rows, "more.jsonl", *asked, "--json")[1])
    assert (told["fields"], told["dropped"], told["empty"]) == (["score", "note"], 0, 4)


def test_options_come_from_files_too(call, rows):
    (rows.parent / "provenir.toml").write_text('[dataset.dedup]\nkeep = "longest"\n')
    own = rows.parent / "config" / "provenir" / "provenir.toml"
    own.parent.mkdir(parents=True)
    for value, dropped in (("1", 1), ("0.95", 1), ("0.9", 2)):
        own.write_text(f"[dataset.dedup]\nthreshold = {value}\n")
        told = json.loads(call("dataset", "dedup", rows, "--json")[1])
        assert (told["threshold"], told["keep"]) == (float(value), "longest")
        assert told["dropped"] == dropped
    own.write_text('[dataset.dedup]\nthreshold = "high"\n')
    assert "not a number" in call("dataset", "dedup", rows)[2]


@pytest.mark.parametrize(
    "words",
    [
        ("rows.jsonl", "--strict"),
        ("rows.jsonl", "--threshold", "2"),
        ("rows.jsonl", "--threshold", "nan"),
        ("rows.jsonl", "--keep", "best"),
        ("rows.jsonl", "--fields", "txt"),
        ("rows.jsonl", "--output", "kept.parquet"),
        ("rows.jsonl", "--output", "nowhere/kept.jsonl"),
        ("nothing.jsonl",),
        ("binary.jsonl",),
        ("torn.jsonl.gz",),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_one_line(call, rows, words):
    (rows.parent / "binary.jsonl").write_bytes(bytes(range(256)) * 50)
    (rows.parent / "torn.jsonl.gz").write_bytes(b"\x1f\x8b\x08\x00\x00")
    code, out, err = call("dataset", "dedup", *words)
    errors = [line for line in err.splitlines() if not line.startswith("warning: ")]
    assert (code, out, len(errors)) == (2, "", 1)
    assert errors[0].startswith("error: ")
    assert not (rows.parent / "kept.jsonl").exists()
