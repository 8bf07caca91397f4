"""What a check comes to, and that nothing is read for an output that cannot be written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("numpy", reason="a check needs the extra data")

from provenir.core.errors import UsageError
from provenir.eval.contamination import ContaminationConfig
from provenir.flows.contamination import (
    CLEAN,
    CONTAMINATED,
    UNDECIDED,
    Wanted,
    check_contamination,
    eval_source,
    write_index,
)

QUESTION = (
    "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in "
    "May. How many clips did Natalia sell altogether in April and May?"
)


def files(place, train, items):
    for name, rows in (("train.jsonl", train), ("eval.jsonl", items)):
        (place / name).write_text("".join(f"{row}\n" for row in rows))
    return [str(place / "train.jsonl")], [str(place / "eval.jsonl")]


OTHER = json.dumps({"text": "nothing of interest stands here but words"})
LEAK = json.dumps({"text": QUESTION})
ITEM, SHORT = json.dumps({"question": QUESTION}), json.dumps({"question": "Why?"})


@pytest.mark.parametrize(
    ("train", "items", "code"),
    [
        ([OTHER], [ITEM], CLEAN),
        ([OTHER], [ITEM, SHORT], CLEAN),
        ([OTHER, LEAK], [ITEM], CONTAMINATED),
        ([LEAK, "{broken"], [ITEM], CONTAMINATED),
        ([OTHER, "{broken"], [ITEM], UNDECIDED),
        ([OTHER], [SHORT], UNDECIDED),
    ],
)
def test_the_code_says_what_was_decided(tmp_path, train, items, code):
    checked = check_contamination(*files(tmp_path, train, items), ContaminationConfig())
    assert checked.exit_code == code
    assert checked.unit == "bytes"


def test_outputs_that_are_there_are_refused_before_anything_is_read(tmp_path):
    train, evals = files(tmp_path, ["{broken"], [ITEM])
    taken = tmp_path / "taken.jsonl"
    taken.write_text("mine")
    nowhere, twice = tmp_path / "no" / "a.jsonl", tmp_path / "new.jsonl"
    for told, outputs in (
        ("never overwritten", {"output": taken}),
        ("never overwritten", {"page": taken}),
        ("never overwritten", {"filter_to": taken}),
        ("folder", {"output": nowhere}),
        ("folder", {"filter_to": nowhere}),
        ("one name", {"output": twice, "filter_to": twice}),
    ):
        with pytest.raises(UsageError, match=told):
            check_contamination(
                train, evals, ContaminationConfig(), Wanted(render=lambda _: b"", **outputs)
            )
    assert taken.read_text() == "mine"
    assert not twice.exists()


def test_a_page_that_nothing_makes_is_refused(tmp_path):
    with pytest.raises(UsageError, match="render"):
        Wanted(page=tmp_path / "page.html")


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"output": "a.json", "page": "./a.json"}, "two outputs have one name"),
        ({"output": "none/a.json"}, "its folder is not there"),
        ({"page": "corpus/a.html"}, "within the training data"),
        ({"filter_to": "corpus/more/../clean.jsonl"}, "within the training data"),
    ],
)
def test_places_that_would_do_harm_are_refused(tmp_path, monkeypatch, wanted, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus" / "more").mkdir(parents=True)
    (tmp_path / "corpus" / "train.jsonl").write_text("{never read")
    places = {name: Path(path) for name, path in wanted.items()}
    render = (lambda _: b"") if "page" in places else None
    with pytest.raises(UsageError, match=told):
        check_contamination(
            ["corpus"], ["none.jsonl"], ContaminationConfig(), Wanted(**places, render=render)
        )


def test_a_name_stands_before_a_path_that_is_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "eval.jsonl").write_text(ITEM)
    (tmp_path / "a=eval.jsonl").write_text(ITEM)
    assert eval_source("eval.jsonl") == "eval.jsonl"
    assert eval_source("a=eval.jsonl") == "a=eval.jsonl"
    assert eval_source("b=eval.jsonl").name == "b"


def test_an_index_is_refused_a_name_by_which_it_would_not_be_known(tmp_path):
    _, evals = files(tmp_path, [], [ITEM])
    with pytest.raises(UsageError, match=r"ends in \.idx"):
        write_index(evals, tmp_path / "evals.bin")
    with pytest.raises(UsageError, match="folder"):
        write_index(evals, tmp_path / "no" / "evals.idx")
    assert write_index(evals, tmp_path / "evals.idx").items == {"eval": 1}
