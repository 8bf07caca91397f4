"""The checker on lists and files: what it finds, where, and what it refuses."""

from __future__ import annotations

import gzip
import json
import math
import os
import random

import pytest

pytest.importorskip("numpy", reason="needs the extra data")

from provenir.core.canonical import example_digest
from provenir.core.digest import format_digest
from provenir.core.errors import InputError, UsageError
from provenir.data import Dataset
from provenir.data.overlap.index import EvalIndex
from provenir.eval.contamination import (
    ContaminationChecker,
    ContaminationConfig,
    ContaminationReport,
)
from provenir.eval.contamination.recheck import recheck

QUESTION = (
    "A caravan of eleven camels left Timbuktu before dawn carrying salt slabs, and each camel "
    "bore four slabs of ninety pounds. How many pounds of salt did the caravan carry in all?"
)
EVAL = [
    {"question": QUESTION, "answer": "Eleven camels with four slabs each carry 44 slabs of salt"},
    {"question": "Name the painter who finished the blue ceiling of the chapel in one winter"},
]
CLEAN = {"prompt": "Light becomes chemical energy that plants keep as sugar", "response": "yes"}
LEAK = {"prompt": "Solve this.", "response": f"First: {QUESTION}"}


def check(train, evals=None, **settings):
    checker = ContaminationChecker(ContaminationConfig(**settings))
    return checker.check_datasets(train, {"salt": EVAL} if evals is None else evals)


def written(tmp_path, rows, name="train.jsonl", *, end="\n", raw=b""):
    path = tmp_path / name
    data = b"".join((json.dumps(row) + end).encode() for row in rows) + raw
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def test_a_leak_is_found_with_its_place_and_both_texts():
    report = check([CLEAN, LEAK, CLEAN])
    (hit,) = report.hits
    assert (hit.train_index, hit.eval_set, hit.eval_index, hit.method) == (1, "salt", 0, "ngram")
    assert report.contamination_rate == pytest.approx(1 / 3)
    assert report.eval_leak_rate == {"salt": 0.5}
    span = hit.spans[0]
    assert LEAK[span.train_field][span.train_start : span.train_end] == QUESTION.rstrip("?")
    assert EVAL[0][span.eval_field][span.eval_start : span.eval_end] == QUESTION.rstrip("?")
    assert hit.train_excerpt.text.startswith("First: A caravan")
    assert not report.is_clean


def test_a_clean_corpus_is_clean_and_says_what_was_examined():
    report = check([CLEAN] * 3)
    assert report.is_clean
    assert report.examined == {"rows": 3, "items": 2, "set_aside": 0}
    assert report.contamination_rate == 0.0


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["train.jsonl", "train.jsonl.gz"])
def test_files_have_the_hits_of_lists_with_lines_and_bytes(tmp_path, name, end):
    rows = [CLEAN, LEAK, CLEAN, LEAK]
    path = written(tmp_path, rows, name, end=end)
    report = check(path)
    text = "".join(json.dumps(row) + end for row in rows).encode()
    assert report.contaminated_rows == "1,3"
    for hit in report.hits:
        place = hit.place
        assert json.loads(text[place.offset : place.offset + place.length]) == LEAK
        assert place.line == hit.train_index + 1
        assert place.file == name
    assert [hit.place.digest for hit in report.hits] == [
        hit.place.digest for hit in check(rows).hits
    ]


def test_the_document_says_the_same_and_is_read_again(tmp_path):
    report = check(written(tmp_path, [CLEAN, LEAK]))
    report.write(tmp_path / "report.json")
    again = ContaminationReport.read(tmp_path / "report.json")
    assert again == report
    assert again.digest() == report.digest()
    assert again.row_numbers() == {1}


def test_lines_that_cannot_be_read_are_counted_with_their_place(tmp_path):
    path = written(tmp_path, [CLEAN, LEAK], raw=b"{broken\n\n\xff\xfe{}\n[1]\n")
    report = check(path)
    assert report.rows_examined == 2
    assert report.skips.count == 3
    assert [(skip.line, skip.row) for skip in report.skips.first] == [(3, 2), (5, 3), (6, 4)]
    data = path.read_bytes()
    assert [data[skip.offset :][:2] for skip in report.skips.first] == [b"{b", b"\xff\xfe", b"[1"]
    assert not report.is_complete
    with pytest.raises(InputError, match=r"train\.jsonl:3"):
        check(path, strict=True)


def test_items_of_the_same_words_are_hit_each_by_its_own_text(tmp_path):
    other = {"problem": QUESTION.upper(), "solution": EVAL[0]["answer"]}
    report = check([LEAK, CLEAN, LEAK], {"salt": [EVAL[0], other, EVAL[0]]}, max_hits=5)
    assert [(hit.train_index, hit.eval_index) for hit in report.hits] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (2, 0),
        (2, 1),
    ]
    assert (report.hits_total, report.contaminated_rows) == (6, "0,2")
    assert report.evals[0].leaked == "0-2"
    texts = [(hit.spans[0].eval_field, hit.eval_excerpt.text[:9]) for hit in report.hits[:3]]
    assert texts == [
        ("question", "A caravan"),
        ("problem", "A CARAVAN"),
        ("question", "A caravan"),
    ]
    assert len({hit.detail for hit in report.hits}) == 5


def test_rows_with_what_only_python_calls_json_are_examined(tmp_path):
    line = json.dumps({**LEAK, "score": math.nan}).encode() + b"\n"
    report = check(written(tmp_path, [CLEAN], raw=line))
    assert report.contaminated_rows == "1"
    assert report.is_complete


def test_a_byte_order_mark_counts_as_no_part_of_the_row(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(LEAK).encode())
    (hit,) = check(path).hits
    assert (hit.place.offset, hit.place.line) == (3, 1)


@pytest.mark.parametrize(
    ("train", "evals", "told"),
    [
        ([], None, "nothing to examine"),
        ([CLEAN], [], "has no records"),
        ([CLEAN], {}, "no eval set"),
        ([CLEAN], {"a": []}, "the eval set a has no records"),
        (iter([CLEAN]), None, "cannot be read"),
    ],
)
def test_nothing_to_compare_is_an_error(train, evals, told):
    with pytest.raises((InputError, UsageError), match=told):
        check(train, evals)


def test_an_empty_file_is_an_error(tmp_path):
    for raw in (b"", b"\n\n"):
        with pytest.raises(InputError, match="nothing to examine"):
            check(written(tmp_path, [], raw=raw))


def test_a_torn_file_is_an_error(tmp_path):
    path = written(tmp_path, [CLEAN] * 50, "train.jsonl.gz")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="torn"):
        check(path)


def test_a_field_that_no_row_has_is_an_error():
    with pytest.raises(UsageError, match="no row has text in completion"):
        check([CLEAN, LEAK], fields=["completion"])


def test_a_field_that_some_rows_lack_is_counted():
    report = check([CLEAN, LEAK, {"other": "x"}], fields=["response"])
    assert report.contaminated_rows == "1"
    assert report.rows_examined == 2
    assert report.not_examined["rows without the fields"] == "1 of 3"
    assert not check([CLEAN, LEAK], fields=["prompt"]).is_contaminated


TEXTLESS = [
    {},
    {"n": 7, "tokens": [1, 2, 3]},
    {"a": None, "b": True},
    {"text": " … "},
    {"n": math.nan},
]


@pytest.mark.parametrize("method", ["ngram", "exact"])
@pytest.mark.parametrize("kind", ["list", "train.jsonl", "train.jsonl.gz"])
def test_rows_without_any_text_are_not_called_examined(tmp_path, kind, method):
    rows = [CLEAN, *TEXTLESS, {"n": [{"of": "3 apples"}]}, {"k:": ["x"]}]
    report = check(rows if kind == "list" else written(tmp_path, rows, kind), method=method)
    assert report.skips.rows == "1-5"
    assert report.rows_examined == 3
    assert report.not_examined["rows without any text"] == "5 of 8"
    assert not report.is_clean
    assert report.summary().startswith("NOTHING FOUND:")
    with pytest.raises(InputError, match=r"5 rows have no text.*row 1"):
        check(rows, method=method, strict=True)


def test_a_corpus_without_any_text_is_an_error(tmp_path):
    for train in (TEXTLESS, written(tmp_path, TEXTLESS)):
        with pytest.raises(InputError, match="nothing to examine: no row has text"):
            check(train)
    with pytest.raises(InputError, match="no row has text in n"):
        check([{**LEAK, "n": 1}], fields=["n"])


def test_several_sets_are_told_apart():
    other = [{"question": EVAL[1]["question"] + " of the year"}]
    report = check([LEAK], {"b": other, "a": EVAL})
    assert report.eval_leak_rate == {"a": 0.5, "b": 0.0}
    assert [part.name for part in report.evals] == ["a", "b"]


def test_a_row_that_is_nested_too_deeply_is_never_clean(tmp_path):
    deep = QUESTION
    for _ in range(300):
        deep = {"a": deep}
    with pytest.raises(InputError, match=r"row 1.*flatten"):
        ContaminationChecker().check_datasets([CLEAN, deep], {"set": EVAL})
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(CLEAN) + "\n" + json.dumps({"n": math.nan, "deep": deep}) + "\n")
    report = ContaminationChecker().check_datasets(path, {"set": EVAL})
    assert (report.skips.rows, report.is_clean) == ("1", False)
    assert "too deep" in report.skips.first[0].reason
    outcome = recheck(report.to_document(), train=path, evals={"set": EVAL})
    assert outcome.exit_code == 0, outcome.checks


def test_the_digest_of_a_row_is_over_every_digit(tmp_path):
    path, row = tmp_path / "rows.jsonl", {"id": 12345678901234567890123, "text": QUESTION}
    path.write_text(json.dumps(CLEAN) + "\n" + json.dumps(row) + "\n[1234567890123456789012]\n")
    report = ContaminationChecker().check_datasets(path, {"set": EVAL})
    assert report.hits[0].place.digest == format_digest(example_digest(row))
    assert recheck(report.to_document(), train=path, evals={"set": EVAL}).exit_code == 0


def test_items_of_the_same_words_are_quoted_where_each_has_them():
    asked, told = QUESTION.split(" ", 9)[:9], QUESTION.split(" ", 9)[9]
    items = [
        {"question": " ".join(asked), "answer": told},
        {"text": QUESTION},
        {"text": "«" + QUESTION.replace(" ", "   ") + "»"},
    ]
    report = ContaminationChecker().check_datasets([CLEAN, {"a": QUESTION}], {"set": items})
    assert report.evals[0].leaked == "0-2"
    for hit in report.hits:
        for span in hit.spans:
            text = items[hit.eval_index][span.eval_field]
            assert len(text) >= span.eval_end
            assert text[span.eval_start : span.eval_end].strip("« »")[:1].isalnum()
            assert (text + ".")[span.eval_end].isalnum() is False


def test_items_with_too_few_words_are_never_clean_in_silence():
    report = check([CLEAN], [{"question": "Two plus two?"}, *EVAL])
    (part,) = report.evals
    assert (part.too_short, part.examined) == ("0", 2)
    assert not report.is_clean


def test_texts_are_items_of_their_own():
    report = ContaminationChecker().check([CLEAN, LEAK], (text for text in [QUESTION]))
    assert [(hit.train_index, hit.eval_set) for hit in report.hits] == [(1, "texts")]


@pytest.mark.parametrize("texts", [None, "one text", [], [1], {"a": 1}.values()])
def test_what_is_no_list_of_texts_is_refused(texts):
    with pytest.raises(UsageError, match="list of one or more texts"):
        ContaminationChecker().check([CLEAN], texts)


def test_filtering_gives_back_the_type_that_came(tmp_path):
    rows = [CLEAN, LEAK, CLEAN]
    checker = ContaminationChecker()
    report = check(rows)
    assert checker.filter_contaminated(rows, report) == [CLEAN, CLEAN]
    assert checker.filter_contaminated(tuple(rows), report) == (CLEAN, CLEAN)
    path = written(tmp_path, rows)
    for train in (path, Dataset(path, license="mit")):
        kept = checker.filter_contaminated(train, check(path))
        assert isinstance(kept, Dataset)
        assert list(kept) == [CLEAN, CLEAN]
        assert kept.identity().n == 2
    assert kept.license == "mit"


def test_filtering_refuses_a_report_of_other_data(tmp_path):
    checker = ContaminationChecker()
    path = written(tmp_path, [CLEAN, LEAK])
    report = check(path)
    assert checker.filter_contaminated([CLEAN, LEAK], report) == [CLEAN]
    with pytest.raises(InputError, match="other data"):
        checker.filter_contaminated([LEAK, CLEAN], report)
    path.write_bytes(path.read_bytes() + b"\n" + json.dumps(CLEAN).encode())
    with pytest.raises(InputError, match="other data"):
        checker.filter_contaminated(path, report)


@pytest.mark.parametrize("method", ["ngram", "exact", "minhash", "embedding"])
def test_a_key_that_stands_twice_hides_nothing(tmp_path, method):
    line = b'{"prompt": %s, "prompt": "x"}\n' % json.dumps(QUESTION).encode()
    train = written(tmp_path, [CLEAN, LEAK], raw=line)
    report = check(train, method=method)
    assert (report.rows_examined, report.skips.rows) == (2, "2")
    assert report.skips.first[0].line == 3
    assert "a key stands twice" in report.skips.first[0].reason
    assert not report.is_clean
    with pytest.raises(InputError, match="a key stands twice"):
        check(train, method=method, strict=True)


def test_quotes_and_colons_within_texts_are_no_keys():
    assert check([{"prompt": 'the "key": is "key": here', "more": QUESTION[:90]}]).skips.count == 0


@pytest.mark.parametrize("text", [QUESTION, f"caf\u00e9 {QUESTION}"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_bytes_that_are_text_are_examined(text, encoding):
    assert check([CLEAN, {"prompt": text.encode(encoding)}]).row_numbers() == {1}
    assert check([CLEAN, {"n": "\ud800", "x": [text.encode(encoding)]}]).row_numbers() == {1}


def test_a_pipe_is_no_empty_file(tmp_path):
    os.mkfifo(tmp_path / "train.jsonl")
    with pytest.raises(InputError, match="not a regular file"):
        check(tmp_path / "train.jsonl")


def test_files_of_other_kinds_are_never_clean_in_silence(tmp_path):
    written(tmp_path, [CLEAN])
    (tmp_path / "README.md").write_text("what is here")
    assert check(tmp_path).is_clean
    (tmp_path / "more.csv").write_text("prompt")
    report = check(tmp_path)
    assert not report.is_clean
    assert "more.csv" in report.not_examined["other files"]


def test_each_field_stands_in_some_row():
    with pytest.raises(UsageError, match="no row has text in promt"):
        check([CLEAN, LEAK], fields=["response", "promt"])


def test_strict_refuses_rows_without_the_fields():
    rows = [CLEAN, {"other": "text"}, {"prompt": None}]
    assert check(rows, fields=["prompt"]).skips.rows == "1-2"
    with pytest.raises(InputError, match=r"2 rows have no text in prompt.*row 1"):
        check(rows, fields=["prompt"], strict=True)


def test_a_set_has_a_name_that_can_be_written():
    with pytest.raises(UsageError, match="name of an eval set"):
        check([CLEAN], {"\ud800": EVAL})


def test_what_was_set_aside_is_never_clean():
    dice = random.Random(1)

    def words(count):
        return " ".join("".join(dice.choices("abcdefghij", k=6)) for _ in range(count))

    evals = [{"question": words(60)} for _ in range(20)]
    part = " ".join(evals[3]["question"].split()[:50])
    train = [{"text": f"{words(20 + 7 * n)} {part} {words(15 + 3 * n)}"} for n in range(10)]
    report = ContaminationChecker().check_datasets(train + [{"text": words(80)}] * 50, evals)
    assert report.contaminated or report.examined["set_aside"]
    assert not report.is_clean


def test_an_index_of_some_fields_is_not_taken_for_the_whole():
    rows = [{"question": QUESTION, "passage": "Rivers carry salt to the sea from many mountains."}]
    index = EvalIndex.build({"set": rows}, fields=["question"])
    report = ContaminationChecker().check_datasets([CLEAN], index)
    told = report.not_examined["other eval fields"]
    assert told == "only question of each eval record was compared"
    assert not report.is_clean
