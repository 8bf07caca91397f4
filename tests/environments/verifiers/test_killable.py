"""Patterns that never come to an end, asked of a process that can be killed."""

from __future__ import annotations

import pytest

from provenir.environments.verifiers.killable import EndedError, ask_killable

ENDLESS = {"ask": "match", "engine": "re", "pattern": "(a+)+$", "flags": 0, "full": False}
HELD = {**ENDLESS, "text": "a" * 50 + "b"}
QUICK = {**ENDLESS, "text": "a"}


def test_any_text_is_asked():
    assert ask_killable(QUICK) == {"matched": True}
    assert ask_killable({**QUICK, "text": "b\ud800\x00"}) == {"matched": False}


def test_what_never_ends_is_ended_and_the_next_question_answered():
    with pytest.raises(EndedError) as ended:
        ask_killable(HELD, cpu_s=0.1)
    assert ended.value.reason == "timeout"
    assert ask_killable(QUICK) == {"matched": True}


def test_a_worker_that_dies_over_a_question_says_so():
    with pytest.raises(EndedError) as ended:
        ask_killable({"ask": "nothing that it knows"})
    assert ended.value.reason == "engine_died"
