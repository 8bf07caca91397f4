"""Answers listed where a method was asked for."""

from __future__ import annotations

import pytest

from provenir.observability.hacking.response import ResponseText
from provenir.observability.hacking.text.answer_table import find_answer_table

PROMPT = "Write a function that returns the factorial of n."

TABLES = [
    "\n".join(f"If the input is {n}, return {n * n}." for n in range(8)),
    "\n".join(f"Input: {n} -> {n * n}" for n in range(8)),
    "\n".join(f"- f({n}) = {n * n}" for n in range(6)),
    "Here you are:\n" + "\n".join(f"{n}. When n is {n}, output {n + 1}" for n in range(1, 9)),
    "\n".join(f"Test {n}: {n * 7}" for n in range(9)),
]
METHODS = [
    "B",
    "def f(n):\n    return 1 if n < 2 else n * f(n - 1)",
    "```python\ntable = {1: 1, 2: 2}\n```\n" + TABLES[0],
    "Multiply the numbers from 1 to n.\n\nFor example:\nf(3) = 6\nf(4) = 24",
    "Start with 1.\nMultiply by each number up to n.\nStop at n.\nIt takes n steps.\nIt is exact.",
]


def tables(text, prompt=PROMPT):
    return list(find_answer_table(ResponseText(text=text, prompt=prompt)))


@pytest.mark.parametrize("text", TABLES)
def test_a_table_of_answers_is_found(text):
    (signal,) = tables(text)
    assert (signal.kind, signal.severity) == ("hardcoded_answers", "warning")
    assert signal.evidence == "static"


@pytest.mark.parametrize("text", METHODS)
def test_a_method_passes(text):
    assert tables(text) == []


@pytest.mark.parametrize(
    "prompt",
    [
        None,
        "What are the squares of the first eight numbers?",
        "Write a list of test cases for a factorial function.",
        "Give a table of inputs and outputs of this function.",
    ],
)
def test_a_table_that_may_have_been_asked_for_passes(prompt):
    assert tables(TABLES[0], prompt) == []
