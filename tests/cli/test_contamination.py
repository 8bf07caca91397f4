"""`provenir contamination` from the terminal's side."""

from __future__ import annotations

import gzip
import json

import pytest

pytest.importorskip("numpy", reason="a check needs the extra data")

ITEMS = [
    {
        "question": "Natalia sold clips to 48 of her friends in April, and then she sold half as "
        "many clips in May. How many clips did Natalia sell altogether in April and May?",
        "answer": "72",
    },
    {
        "question": "Weng earns $12 an hour for babysitting. Yesterday, she just did 50 minutes "
        "of babysitting. How much did she earn for all of it?",
        "answer": "10",
    },
]
FRUIT = "Nothing of interest stands in row {}, only the usual words about apples and pears."


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def evals(place):
    return write_rows(place / "eval.jsonl", ITEMS)


@pytest.fixture
def clean(place):
    return write_rows(place / "clean.jsonl", [{"text": FRUIT.format(k)} for k in range(20)])


@pytest.fixture
def train(place):
    rows = [{"text": FRUIT.format(k)} for k in range(20)]
    rows[7] = {"chat": [{"role": "user", "content": "Solve: " + ITEMS[0]["question"].upper()}]}
    path = write_rows(place / "train.jsonl", rows)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], b"{broken\n", b"\n", *lines[3:]]))
    return path


def test_a_leak_is_shown_with_both_texts_and_the_common_words_marked(call, train, evals):
    code, out, _ = call("contamination", train, evals)
    assert code == 1
    assert "eval[0] · 100% of its question · train.jsonl:10" in out
    assert "«Natalia sold clips" in out
    assert "Solve: «NATALIA SOLD CLIPS" in out
    assert "CONTAMINATED: 1 of 20 examined rows" in out
    assert "train.jsonl:4: not JSON" in out


def test_json_is_the_document_and_output_the_same(call, train, evals):
    code, out, err = call("contamination", train, evals, "--json", "--output", "report.json")
    assert (code, "written: report.json" in err) == (1, True)
    told = json.loads(out)
    assert told == json.loads((train.parent / "report.json").read_bytes())
    assert (told["contaminated_rows"], told["skips"]["rows"]) == ("8", "3")


def test_codes_say_clean_undecided_and_error(call, clean, train, evals, place):
    code, out, _ = call("contamination", clean, evals)
    assert (code, "CLEAN: 0 of 20" in out) == (0, True)
    lines = clean.read_text()
    clean.write_text(lines + "{broken\n")
    code, out, _ = call("contamination", clean, evals)
    assert (code, "NOTHING FOUND: 0 of 20" in out) == (3, True)
    assert call("contamination", clean, evals, "--strict")[0] == 2
    few = write_rows(place / "few.jsonl", [{"question": "Why?"}])
    clean.write_text(lines)
    code, out, _ = call("contamination", clean, few)
    assert (code, "NOTHING EXAMINED" in out) == (3, True)
    assert "CLEAN" not in out
    (place / "none.jsonl").write_text("")
    assert call("contamination", "none.jsonl", evals)[0] == 2
    assert call("contamination", clean)[0] == 2
    assert call("contamination", clean, evals, "--fields", "txet")[0] == 2
    assert call("contamination", clean, evals, "--n", "8")[0] == 2
    assert call("contamination", clean, "missing.jsonl")[0] == 2


def test_several_eval_sets_have_their_names(call, train, evals, place):
    (place / "other").mkdir()
    other = write_rows(place / "other" / "eval.jsonl", ITEMS[1:])
    code, out, _ = call("contamination", train, "--eval", evals, "--eval", f"b={other}", "--json")
    sets = {part["name"]: part["leaked_items"] for part in json.loads(out)["evals"]}
    assert (code, sets) == (1, {"eval": 1, "b": 0})
    assert call("contamination", train, "--eval", evals, "--eval", other)[0] == 2


def test_clean_rows_keep_their_bytes(call, train, evals, place):
    code, out, _ = call("contamination", train, evals, "--filter-to", "kept.jsonl")
    assert (code, "19 clean rows" in out) == (1, True)
    lines = train.read_bytes().splitlines(keepends=True)
    kept = (place / "kept.jsonl").read_bytes()
    assert kept == b"".join([*lines[:3], *lines[5:9], *lines[10:]])
    code, _, err = call("contamination", train, evals, "--filter-to", "kept.jsonl")
    assert (code, "never overwritten" in err) == (2, True)
    assert (place / "kept.jsonl").read_bytes() == kept
    packed = place / "train.jsonl.gz"
    packed.write_bytes(gzip.compress(train.read_bytes()))
    assert call("contamination", packed, evals, "--filter-to", "again.jsonl")[0] == 1
    assert (place / "again.jsonl").read_bytes() == kept


def test_published_rules_and_the_long_form(call, train, evals):
    asked = ("--rule", "gpt3-13gram", "--eval-fields", "question")
    code, out, _ = call("contamination", "check", train, evals, *asked)
    assert (code, "gpt3-13gram 1, 13 words" in out) == (1, True)
    assert "other eval fields" in out


def test_an_index_is_an_eval_set_too(call, train, evals, place):
    code, out, _ = call("dataset", "index", evals, f"more={evals}", "-o", "evals.idx")
    assert (code, "more" in out) == (0, True)
    digest = out.split()[-1]
    code, out, _ = call("contamination", train, "evals.idx", "--json")
    by_index = json.loads(out)
    assert (code, by_index["index"]) == (1, digest)
    asked = ("--eval", evals, "--eval", f"more={evals}")
    by_files = json.loads(call("contamination", train, *asked, "--json")[1])
    assert by_index["hits"] == by_files["hits"]
    assert by_index["index"] == by_files["index"]
    code, _, err = call("dataset", "index", evals, "-o", "evals.idx")
    assert (code, "never overwritten" in err) == (2, True)
    assert call("dataset", "index", evals, "-o", "evals.bin")[0] == 2
    for words in (("--method", "exact"), ("--eval-fields", "question"), ("--exhaustive",)):
        assert call("contamination", train, "evals.idx", *words)[0] == 2
    assert call("contamination", train, "--eval", "evals.idx", "--eval", evals)[0] == 2
    damaged = bytearray((place / "evals.idx").read_bytes())
    damaged[-9] ^= 1
    (place / "bad.idx").write_bytes(damaged)
    code, _, err = call("contamination", train, "bad.idx")
    assert (code, err.count("\n")) == (2, 1)


def test_a_report_is_held_against_the_data(call, train, evals, place):
    assert call("contamination", train, evals, "--output", "report.json")[0] == 1
    code, out, _ = call("contamination", "recheck", "report.json")
    assert (code, "good: report.json" in out) == (0, True)
    code, out, _ = call("contamination", "recheck", "report.json", "--json", "--sample", "3")
    assert (code, json.loads(out)["sampled"]) == (0, 3)
    moved = place / "elsewhere"
    moved.mkdir()
    for path in (train, evals):
        path.rename(moved / path.name)
    code, out, _ = call("contamination", "recheck", "report.json")
    assert (code, "could not decide" in out) == (3, True)
    given = ("--train", moved / "train.jsonl", "--eval", moved / "eval.jsonl")
    assert call("contamination", "recheck", "report.json", *given)[0] == 0
    forged = json.loads((place / "report.json").read_text())
    forged["hits"][0]["score"] = 0.6
    forged["hits"][0]["detail"] = forged["hits"][0]["detail"].replace("100%", "60%")
    (place / "forged.json").write_text(json.dumps(forged))
    code, out, _ = call("contamination", "recheck", "forged.json", *given)
    assert (code, "REFUSED: forged.json" in out) == (1, True)
    out = call("contamination", "recheck", "forged.json", *given, "--json")[1]
    said = {check["name"]: check["detail"] for check in json.loads(out)["checks"]}
    assert "train.jsonl:10, eval[0]: score is 1.0, the report has 0.6" in said["hits"]
    assert call("contamination", "recheck", evals)[0] == 2


def test_a_threshold_in_a_file_of_the_folder_is_passed_over_aloud(call, train, evals, place):
    (place / "provenir.toml").write_text("[contamination.check]\nthreshold = 0.9\nstrict = true\n")
    for words in (("contamination",), ("contamination", "check")):
        code, _, err = call(*words, train, evals)
        assert code == 2, "strict counts"
        assert "contamination.check.threshold" in err
    assert call("contamination")[0] == 2
    assert "recheck" in call("contamination", "--help")[1]


def test_the_default_of_the_option_is_that_of_the_function():
    from provenir.cli.contamination import DEFAULT_SAMPLE
    from provenir.eval.contamination import recheck

    assert recheck.DEFAULT_SAMPLE == DEFAULT_SAMPLE
