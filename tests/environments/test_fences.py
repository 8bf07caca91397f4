"""Cutting Markdown into fenced blocks and running text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.environments.code.fences import cut


def parts(text: str) -> list[tuple[str | None, str]]:
    return [(part.info, text[part.start : part.end]) for part in cut(text, 64)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no fence", [(None, "no fence")]),
        ("a\n```py\nx\n```\nb", [(None, "a\n"), ("py", "x\n"), (None, "b")]),
        ("~~~ Python\nx\n~~~", [("python", "x\n")]),
        ("```{.python}\nx\n```", [("python", "x\n")]),
        ("```\nx", [("", "x")]),
        ("````\n```\nx\n```\n````", [("", "```\nx\n```\n")]),
        ("~~~\n```\n~~~", [("", "```\n")]),
        ("> ```py\n> x\n> ```", [("py", "> x\n")]),
        ("```py x = 1```", [("py", " x = 1")]),
    ],
)
def test_parts(text, expected):
    assert parts(text) == expected


@given(st.lists(st.sampled_from(["```", "~~~~", "py", "\n", " ", "x", "````", ">"])).map("".join))
def test_parts_lie_in_order(text):
    found = cut(text, 64)
    places = [place for part in found for place in (part.start, part.end)]
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)


def test_what_follows_the_most_parts_is_one():
    assert len(cut("```\nx\n```\ny\n" * 1000, 64)) <= 66
