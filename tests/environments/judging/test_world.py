"""What a test changes around the program is changed for the program, and changed back."""

from __future__ import annotations

from environments.judging.verdicts import reason, verdict

CLOCK = """
import os
import random
import sys
import time


def now():
    return time.time()


def words():
    return [*sys.argv[1:], os.environ.get("WORD")]


def draw():
    return random.random()
"""


def test_a_patched_clock_ends_with_its_block():
    test = """
    import time
    from unittest.mock import patch

    with patch("time.time", return_value=5.0):
        assert now() == 5.0
    assert now() > 1e9
    """
    assert reason(CLOCK, test) == "ok"


def test_arguments_and_variables():
    test = """
    import sys


    def test_words(monkeypatch):
        monkeypatch.setattr(sys, "argv", ["prog", "a"])
        monkeypatch.setenv("WORD", "b")
        assert words() == ["a", "b"]


    def test_without():
        assert words() == [None]
    """
    assert reason(CLOCK, test) == "ok"


def test_a_seed():
    test = """
    import random

    random.seed(4)
    first = draw()
    random.seed(4)
    assert draw() == first == random.Random(4).random()
    """
    assert reason(CLOCK, test) == "ok"


def test_a_replacement_is_called_and_not_looked_into():
    peeks = """
    import time


    def now():
        found = []
        for name in ("__globals__", "__closure__", "__code__", "__self__"):
            try:
                found.append(getattr(time.time, name)["expected"])
            except (AttributeError, KeyError, TypeError):
                continue
        return found[0] if found else 0
    """
    test = """
    def test_now(monkeypatch):
        monkeypatch.setattr("time.time", lambda: expected)
        assert now() == expected


    expected = 41.5
    """
    result = verdict(peeks, test)
    assert result.metadata["reason"] == "failed_assertion"
