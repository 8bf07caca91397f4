"""A format, given as a regular expression."""

from __future__ import annotations

import pickle
import re
import sys

import pytest

from provenir.core.errors import UsageError
from provenir.environments.verifiers.regex_format import RegexFormatVerifier
from provenir.environments.verifiers.text import MAX_RESPONSE_CHARS

LONG = "a" * (MAX_RESPONSE_CHARS - 1) + "!"


def without_re2(monkeypatch):
    monkeypatch.setitem(sys.modules, "re2", None)


@pytest.fixture(params=["as installed", "without re2"])
def engines(request, monkeypatch):
    """Once with the engine that is there, once with Python's alone."""
    if request.param == "without re2":
        without_re2(monkeypatch)


@pytest.mark.parametrize(
    ("pattern", "options", "response", "passes"),
    [
        (r"\\boxed\{.*\}", {"full_match": False}, r"so \boxed{4}.", True),
        (r"\\boxed\{.*\}", {"full_match": False}, r"so boxed{4}.", False),
        (r"\\boxed\{.*\}", {}, r"so \boxed{4}.", False),
        (r"[A-E]", {}, "B", True),
        (r"[A-E]", {}, "B\n", False),
        (r"[A-E]", {}, "BB", False),
        (r"[A-E]", {}, "\u0412", False),
        (r"[A-E]$", {"full_match": False}, "B\n", True),
        (r"\d+", {}, "٣", False),
        (r"\d+", {"flags": re.UNICODE}, "٣", True),
        (r"yes", {"flags": re.IGNORECASE}, "YES", True),
        (r"k", {"flags": re.IGNORECASE}, "\u212a", False),
        (r"<a>.*</a>", {"flags": re.DOTALL}, "<a>\n</a>", True),
        (r"<a>.*</a>", {}, "<a>\n</a>", False),
        (r"a.b", {}, "a\ud800b", True),
        (r"a.b", {}, "a\x00b", True),
        (r"(?=.*\d)(?=.*[a-z]).{4,}", {}, "abc1", True),
        (r"(.)\1", {}, "aa", True),
        (r"(.)\1", {}, "ab", False),
        (r".*", {}, "", True),
        (r".+", {}, "", False),
    ],
)
@pytest.mark.usefixtures("engines")
def test_both_engines_say_the_same(pattern, options, response, passes):
    result = RegexFormatVerifier(pattern, **options).verify(response, None)
    assert result.passed is passes
    assert result.reward == float(passes)
    assert result.metadata["reason"] == ("ok" if passes else "no_match")


def test_the_engine_is_stated(monkeypatch):
    pytest.importorskip("re2", reason="needs the extra regex")
    assert RegexFormatVerifier("a+").verify("a", None).metadata["engine"] == "re2"
    assert RegexFormatVerifier("(?=a)a").verify("a", None).metadata["engine"] == "re"
    without_re2(monkeypatch)
    assert RegexFormatVerifier("a+").verify("a", None).metadata["engine"] == "re"


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|a)*$", r"(a|b|ab)*c$", r"(?:.*a){20}$"])
def test_what_makes_others_backtrack_is_linear_or_ended(pattern):
    for response in ("a" * 40 + "!", LONG):
        result = RegexFormatVerifier(pattern, timeout_s=0.2).verify(response, None)
        assert not result.passed
        assert result.metadata["reason"] in {"no_match", "timeout"}


def test_backtracking_that_re2_cannot_take_over_is_ended():
    verifier = RegexFormatVerifier(r"(?=(a+)+$)b", full_match=False, timeout_s=0.2)
    result = verifier.verify("a" * 40 + "!", None)
    assert (result.metadata["reason"], result.metadata["engine"]) == ("timeout", "re")
    assert verifier.verify("b", None).metadata["reason"] == "no_match"


def test_python_alone_ends_it_too(monkeypatch):
    without_re2(monkeypatch)
    result = RegexFormatVerifier(r"(a+)+$", timeout_s=0.2).verify("a" * 40 + "!", None)
    assert result.metadata["reason"] == "timeout"


@pytest.mark.parametrize(
    "pattern",
    ["(", "a**", "[", r"\1", "(?P<a>x)(?P<a>y)", "(?<=a*)b", "(" * 5000, "a{99999999999}"],
)
def test_what_python_does_not_accept_is_told_at_once(pattern):
    with pytest.raises(UsageError):
        RegexFormatVerifier(pattern)


@pytest.mark.parametrize(
    ("pattern", "options"),
    [(3, {}), (None, {}), ("a", {"flags": re.LOCALE}),
     ("a", {"flags": re.ASCII | re.UNICODE}), ("a", {"flags": "i"}), ("a", {"timeout_s": 0}),
     ("a", {"timeout_s": float("nan")})],
)  # fmt: skip
def test_misuse_is_told_at_once(pattern, options):
    with pytest.raises(UsageError):
        RegexFormatVerifier(pattern, **options)


def test_a_verifier_can_be_pickled():
    verifier = pickle.loads(pickle.dumps(RegexFormatVerifier(r"a+")))
    assert verifier.verify("aaa", None).passed
