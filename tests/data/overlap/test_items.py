"""Items and the texts of rows: which text is which part of a record."""

from __future__ import annotations

import pytest

from provenir.core.errors import InputError, UsageError
from provenir.data.overlap.fields import field_texts
from provenir.data.overlap.items import eval_item, role_of


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("question", "question"),
        ("Question", "question"),
        ("answer", "answer"),
        ("answers.text[0]", "answer"),
        ("choices.text[3]", "options"),
        ("question.choices[1].text", "options"),
        ("question.stem", "question"),
        ("context", "passage"),
        ("text", "text"),
        ("notes.more[0]", "text"),
        ("choices.label[0]", "meta"),
        ("task_id", "meta"),
        ("image_url", "meta"),
    ],
)
def test_the_innermost_name_that_says_something_gives_the_role(path, role):
    assert role_of(path) == role


def test_in_a_conversation_the_speaker_gives_the_role():
    row = {
        "messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}],
        "conversations": [{"from": "gpt", "value": "Yes."}],
    }
    roles = {s.field: s.role for s in eval_item("e", 0, row).segments}
    assert roles == {
        "messages[0].content": "question",
        "messages[1].content": "answer",
        "conversations[0].value": "answer",
    }


def test_numbers_are_texts_and_flags_are_none():
    texts = field_texts({"a": 18, "b": True, "c": None, "d": [1.5, "x"], "e": {}})
    assert [(t.path, t.text) for t in texts] == [("a", "18"), ("d[0]", "1.5"), ("d[1]", "x")]


def test_a_row_of_any_depth_is_read():
    row: dict = {"text": "deep"}
    for _ in range(5000):
        row = {"a": row}
    assert field_texts(row)[0].text == "deep"


def test_fields_are_names_or_paths():
    row = {"a": {"b": "1", "c": "2"}, "ab": "3", "d": ["4", "5"]}
    assert [t.text for t in field_texts(row, ["a"])] == ["1", "2"]
    assert [t.text for t in field_texts(row, ["a.c", "d[1]"])] == ["2", "5"]


def test_a_name_that_sorts_records_is_a_text_where_it_holds_one():
    long = "a source that is no name but the whole of the document which is to be summed up"
    assert [s.role for s in eval_item("e", 0, {"source": long}).segments] == ["text"]
    assert eval_item("e", 0, {"source": "web"}).segments == ()


def test_what_is_no_item_is_refused_by_name():
    with pytest.raises(InputError, match=r"e\[3\]"):
        eval_item("e", 3, ["no object"])
    with pytest.raises(UsageError, match="its fields are a, b"):
        eval_item("e", 0, {"a": "x", "b": "y"}, ["prompt"])
