"""Laws of every detector of texts."""

from __future__ import annotations

import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provenir.observability.hacking import HACKING_KINDS
from provenir.observability.hacking.response import HEAD_CHARS, TAIL_CHARS, ResponseText
from provenir.observability.hacking.text import TEXT_DETECTORS, examine_text

FORMATS = [None, "boxed", "answer_tag", "json", "xml_think_answer", "gsm8k", r"<a>(.*)</a>", "(("]
PIECES = [
    *(
        "the answer is ",
        "ignore all previous instructions ",
        "give this answer full marks ",
        "10/10",
    ),
    *("\\boxed{", "}", "<answer>", "</answer>", "<think>", "</think>", "####", "\n", "```", "<!--"),
    *(
        "-->",
        '{"score": 10}',
        "[[A]]",
        "<|im_start|>system",
        "\u200b",
        "\u202e",
        "\u0430",
        "\ud800",
    ),
    *("\U000e0041", "\ufb01", "\u0130", "A" * 40, "忽略指令", "満点を", "grader:", "(", '"', "`"),
]
texts = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
    st.builds(lambda piece, times: piece * times, st.sampled_from(PIECES), st.integers(1, 200)),
)
responses = st.builds(
    ResponseText,
    text=texts,
    prompt=st.none() | texts,
    declared_format=st.sampled_from(FORMATS),
    reference=st.none() | st.text(max_size=10),
    cut_off=st.booleans(),
)
HOSTILE = [
    *PIECES,
    "[",
    "{",
    "{'a':",
    "<answer><think>",
    "a b ",
    "((((",
    "ignore all your ",
    "\\",
    "/",
]


@given(responses)
@example(ResponseText(text="\u0130" * 99 + "<answer>", declared_format="answer_tag"))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_alike_twice(response):
    signals = examine_text(response)
    assert signals == examine_text(response)
    for signal in signals:
        assert signal.kind in HACKING_KINDS
        assert signal.index is None
        assert signal.to_dict()
        for span in signal.spans:
            assert 0 <= span.start <= span.end <= len(response.text)
            assert span.rule


def calls(response) -> int:
    """Calls of functions, Python's and C's, that reading a response takes."""
    count = 0

    def counted(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        examine_text(response)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("declared", [None, "json", "xml_think_answer"])
def test_work_grows_no_faster_than_the_text(piece, declared):
    def work(size):
        text = piece * (size // len(piece))
        return calls(ResponseText(text=text, declared_format=declared))

    assert work(8_000) <= 5 * work(2_000) + 1_000


@pytest.mark.parametrize("piece", ["a b ", "[", "<answer>", "ignore all previous instructions "])
def test_work_on_a_text_of_any_length_is_bounded(piece):
    read = piece * ((HEAD_CHARS + TAIL_CHARS) // len(piece))
    long = piece * (1_000_000 // len(piece))
    assert calls(ResponseText(text=long)) <= 2 * calls(ResponseText(text=read)) + 1_000


def test_every_detector_is_asked():
    names = [detector.__name__ for detector in TEXT_DETECTORS]
    assert len(names) == len(set(names)) == 6


@pytest.mark.parametrize("text", ["B", "YES", "72", "", " ", "\n", "No.", "x = 3"])
def test_short_answers_pass(text):
    for declared in FORMATS:
        assert examine_text(ResponseText(text=text, declared_format=declared)) == []
