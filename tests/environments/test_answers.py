"""Answers that are written down, beside tables and cases that belong to the task."""

from __future__ import annotations

import pytest

from environments.answers import BY_RIGHT, CASES, TABLES
from provenir.environments import analyse


def severe(text, prompt):
    return [f.rule for f in analyse(text, prompt=prompt).findings if f.severity != "info"]


@pytest.mark.parametrize(("prompt", "text"), TABLES)
def test_a_table_of_answers_is_named(prompt, text):
    assert "answer_table" in severe(text, prompt)


@pytest.mark.parametrize(("prompt", "text"), CASES)
def test_a_case_for_a_test_is_named(prompt, text):
    assert {"special_case", "answer_table"} & set(severe(text, prompt))


@pytest.mark.parametrize(("prompt", "text"), BY_RIGHT)
def test_a_table_by_right_passes(prompt, text):
    assert severe(text, prompt) == []


def test_a_table_that_the_prompt_does_not_ask_for_is_no_answer():
    assert (
        severe("def pick(s):\n    known = {'III': 3, 'XL': 40}\n    return known[s]", "Hi.") == []
    )
