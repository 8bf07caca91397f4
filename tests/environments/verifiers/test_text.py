"""What every verifier does alike."""

from __future__ import annotations

import pytest

from provenir.environments.verifiers.text import (
    MAX_RESPONSE_CHARS,
    accepted,
    after_thinking,
    quoted,
    refused,
    unreadable,
)


@pytest.mark.parametrize("response", [None, 3, b"text", ["text"], {"a": 1}, float("nan")])
def test_what_is_no_text_is_refused_with_its_type(response):
    refusal = unreadable(response)
    assert (refusal.passed, refusal.reward) == (False, 0.0)
    assert refusal.metadata["reason"] == "not_text"
    assert type(response).__name__ in refusal.detail


def test_text_is_read_up_to_a_bound():
    assert unreadable("a" * MAX_RESPONSE_CHARS) is None
    assert unreadable("a" * (MAX_RESPONSE_CHARS + 1)).metadata["reason"] == "too_long"
    assert unreadable("\ud800\x00") is None


def test_yes_and_no_carry_a_reason_and_facts():
    yes, no = accepted("why", n=1), refused("some_reason", "why not", n=2)
    assert (yes.passed, yes.reward, dict(yes.metadata)) == (True, 1.0, {"reason": "ok", "n": 1})
    assert (no.passed, no.reward) == (False, 0.0)
    assert dict(no.metadata) == {"reason": "some_reason", "n": 2}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("no thoughts", "no thoughts"),
        ("<think>a</think>b", "b"),
        (" \n<think>a\n</think>\nb", "\nb"),
        ("<think>a</think>b</think>c", "b</think>c"),
        ("so a\n</think>\n\nb", "\n\nb"),
        ('{"a": "</think>"}', '{"a": "</think>"}'),
        ("<think>never done", "<think>never done"),
        ("b <think>a</think>", "b <think>a</think>"),
    ],
)
def test_thoughts_are_left_out(text, answer):
    assert after_thinking(text) == answer


def test_a_sentence_is_safe_to_print():
    assert refused("why_not", "a\x1b[2J\u202eb\n").detail == "a\\x1b[2J\\u202eb\\n"
    assert accepted("a\ud800").detail == "a\\ud800"


def test_quotes_are_safe():
    assert quoted("\x1b[2J" + "a" * 500).startswith("'\\x1b[2Jaaa")
    assert len(quoted("a" * 500)) <= 62
