"""The method `exact`: equal texts, short ones too, and nothing else."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy", reason="needs the extra data")

from provenir.eval.contamination import ContaminationChecker, ContaminationConfig

ITEM = {"question": "Two  plus TWO?", "answer": "four", "context": "A page of a primer."}


def hits(row, item=ITEM):
    checker = ContaminationChecker(ContaminationConfig(method="exact"))
    report = checker.check_datasets([{"a": "x"}, row], {"sums": [item]})
    return [(hit.train_index, hit.role, hit.severity, len(hit.spans)) for hit in report.hits]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"prompt": "two plus ｔｗｏ?"}, [(1, "question", "critical", 1)]),
        (
            {"a": "Two plus two?", "b": "four", "c": "a page of a primer."},
            [(1, "item", "critical", 0)],
        ),
        ({"a": "Two plus two? four A page of a primer."}, [(1, "item", "critical", 0)]),
        ({"a": "a page of a PRIMER."}, [(1, "passage", "info", 1)]),
        ({"a": "four"}, []),
        ({"a": "Well, two plus two?"}, []),
        ({"deep": [{"er": "Two plus two?"}]}, [(1, "question", "critical", 1)]),
    ],
)
def test_what_is_equal_is_found_and_nothing_else(row, found):
    assert hits(row) == found


def test_a_long_answer_alone_is_a_leak():
    answer = "the one that nobody else had given before"
    assert hits({"x": answer}, {"question": "Which?", "answer": answer}) == [
        (1, "answer", "critical", 1)
    ]


@pytest.mark.parametrize("method", ["exact", "minhash"])
def test_a_word_or_a_number_beside_a_question_is_no_leak(method):
    item = {"question": "How many are two and two of them together?", "steps": 3, "sort": "easy"}
    checker = ContaminationChecker(ContaminationConfig(method=method))
    rows = [{"n": 3, "said": "easy"}, {"n": 1, "prompt": item["question"]}]
    assert checker.check_datasets(rows, {"sums": [item]}).contaminated_rows == "1"


def test_an_item_without_text_is_not_examined():
    checker = ContaminationChecker(ContaminationConfig(method="exact"))
    report = checker.check_datasets([{"a": "x"}], {"sums": [ITEM, {"question": " "}]})
    assert report.evals[0].too_short == "1"
