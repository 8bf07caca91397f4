"""Eval sets by name: what is refused before anything is compared."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy", reason="needs the extra data")

from provenir.core.errors import InputError, UsageError
from provenir.data import Dataset
from provenir.eval.contamination import ContaminationChecker, ContaminationConfig
from provenir.eval.contamination.eval_sets import read_eval_sets

ROWS = [{"question": "How many camels carried the salt?", "answer": "eleven"}, {"question": "Who?"}]


def names(evals):
    return [one.name for one in read_eval_sets(evals)]


def test_a_set_is_called_after_what_holds_it(tmp_path):
    path = tmp_path / "salt.test.jsonl"
    path.write_text('{"question": "Who?"}\n')
    assert names([path, Dataset(ROWS, name="other")]) == ["other", "salt"]
    assert names(path) == ["salt"]
    assert names({"b": ROWS, "a": str(path)}) == ["a", "b"]
    assert names(ROWS) == names(tuple(ROWS)) == ["eval"]


@pytest.mark.parametrize(
    ("evals", "fault", "said"),
    [
        ({}, UsageError, "no eval set"),
        ({"": ROWS}, UsageError, "the name"),
        ({"salt": []}, InputError, "no records"),
        ([Dataset(ROWS, name="x"), Dataset(ROWS, name="x")], UsageError, "first=PATH"),
        ({"salt": iter(ROWS)}, UsageError, "never consumed"),
        ({"salt": Dataset(ROWS, fields=("question",))}, UsageError, "eval_fields"),
    ],
)
def test_what_is_no_eval_set_is_refused(evals, fault, said):
    with pytest.raises(fault, match=said):
        read_eval_sets(evals)


@pytest.mark.parametrize("method", ["ngram", "exact"])
def test_a_field_that_no_record_has_is_refused(method):
    def check(*fields):
        config = ContaminationConfig(method=method, eval_fields=fields)
        return ContaminationChecker(config).check_datasets([{"a": "b"}], {"salt": ROWS})

    check("question", "answer")  # one record lacks the second
    with pytest.raises(UsageError, match="no eval record has text in qestion"):
        check("question", "qestion")
