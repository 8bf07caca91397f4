"""Warnings and log records of a program are those that a test in its process would see."""

from __future__ import annotations

from environments.judging.verdicts import reason

LOUD = """
import logging
import warnings

quiet = logging.getLogger("quiet")
quiet.setLevel(logging.ERROR)


def speak():
    quiet.warning("not heard")
    logging.getLogger("loud").info("heard %s", 1)
    warnings.warn("old", DeprecationWarning)
    return 1
"""


def test_records_have_their_levels():
    test = """
    import unittest


    class TestSpeak(unittest.TestCase):
        def test_speak(self):
            with self.assertLogs(level="INFO") as logs:
                self.assertEqual(speak(), 1)
            self.assertEqual(logs.output, ["INFO:loud:heard 1"])
    """
    assert reason(LOUD, test) == "ok"


def test_a_warning_is_an_error_where_the_test_says_so():
    test = """
    import warnings
    import pytest


    def test_error():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(DeprecationWarning, match="old"):
                speak()


    def test_none_expected():
        with pytest.warns(DeprecationWarning):
            assert speak() == 1
    """
    assert reason(LOUD, test) == "ok"


def test_what_was_not_said_is_missed():
    silent = "def speak():\n    return 1\n"
    test = """
    import pytest


    def test_speak():
        with pytest.warns(DeprecationWarning):
            assert speak() == 1
    """
    assert reason(silent, test) == "failed_assertion"


def test_a_flood_of_warnings_is_cut_off():
    flood = """
    import warnings


    def speak():
        for number in range(5_000):
            warnings.warn(str(number))
        return 1
    """
    assert reason(flood, "assert speak() == 1") == "ok"
