"""Patterns that mean the same to both engines."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provenir.environments.verifiers.regex_translation import translated

re2 = pytest.importorskip("re2", reason="needs the extra regex")

OPTIONS = re2.Options()
OPTIONS.log_errors = False


def both(pattern, text, *, flags=re.ASCII, full=False):
    """What Python says, and what RE2 says or None where it is not asked."""
    mine = re.compile(pattern, flags)
    theirs = translated(pattern, flags, full=full)
    expected = (mine.fullmatch if full else mine.search)(text) is not None
    if theirs is None:
        return expected, None
    linear = re2.compile(theirs, OPTIONS)
    return expected, (linear.fullmatch if full else linear.search)(text) is not None


@pytest.mark.parametrize(
    "pattern",
    [
        r"\\boxed\{.*\}", r"^<think>.*?</think>\s*<answer>.*?</answer>$", r"\d+(?:\.\d+)?",
        r"[A-E]", r"(?s)a.b", r"(?P<year>\d{4})-\d{2}", r"[^<>]*", r"\bno\b", r"a|b$",
        r"\[\d+\]", "é+", r"x{,3}", r"#### -?[\d,]+", r"[\s.-]+\S", r"\A\w+\Z",
    ],
)  # fmt: skip
def test_common_patterns_are_handed_over(pattern):
    theirs = translated(pattern, re.ASCII, full=False)
    assert theirs is not None
    re2.compile(theirs, OPTIONS)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?=a)b", r"(?<!a)b", r"(a)\1", r"(?P<x>a)(?P=x)", r"a++", r"(?>a)", r"\Ba", r"a$b",
        r"(a$)", r"[[:alpha:]]", r"[a&&b]", r"[]a]", r"a{", r"\x41", r"[\b]", r"(?i:a)", r"[\D]",
        r"(?#c)", r"\101", r"(?(1)a|b)", r"(?i)a",
    ],
)  # fmt: skip
def test_what_could_mean_something_else_is_not(pattern):
    assert translated(pattern, re.ASCII, full=False) is None


@pytest.mark.parametrize("flags", [re.A | re.I, re.A | re.X, re.U, 0])
def test_other_flags_stay_with_python(flags):
    assert translated("a", flags, full=False) is None


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("flags", [re.A, re.A | re.M, re.A | re.S, re.A | re.M | re.S])
@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("a$", ["a", "a\n", "a\n\n", "a\nb", "\na"]),
        ("^a", ["a", "\na", "b\na"]),
        (r"a\Z", ["a", "a\n"]),
        (r"\s", ["\v", "\x1c", "\xa0", " ", "\u2028", "\x85"]),
        (r"\S", ["\v", "\x1c", "\xa0", " "]),
        (r"[\s]", ["\v", "\x1c"]),
        (r"\d", ["٣", "3"]),
        (r"\w", ["é", "_", "K"]),
        (r"\ba\b", ["éa", "a", "ba"]),
        (".", ["\n", "\r", "\u2028", "\x00", "\U0001f600"]),
        ("[^a]", ["\n", "a", ""]),
        ("x{,2}y", ["xxy", "x{,2}y", "xxxy"]),
        (r"\\Q", ["\\Q", "Q"]),
        (r"a\.b", ["a.b", "axb"]),
        ("[a-]", ["-", "b"]),
        ("[-a]", ["-", "b"]),
        ("[+*]", ["*", "("]),
        ("[^^]", ["^", "a"]),
        (r"[\]\\]", ["]", "\\", "a"]),
        ("a|ab", ["ab", "a"]),
        ("(a|b)*c", ["ababc", "abab"]),
        ("(?:a*)*b", ["aab", "aa"]),
        ("a b", ["a b", "ab"]),
        ("é", ["é", "e\u0301"]),
        ("", ["", "a"]),
    ],
)
def test_the_two_agree_where_dialects_differ(pattern, texts, flags, full):
    for text in texts:
        expected, got = both(pattern, text, flags=flags, full=full)
        assert got == expected, (pattern, text)


atoms = st.sampled_from(
    ["a", "b", "c", ".", r"\d", r"\w", r"\s", r"\S", r"\W", r"\D", "[ab]", "[^a]", "[a-c]", r"\.",
     r"\n", "\n", " ", "1", r"\b", "^", r"\A", r"\Z", "é", r"[\w-]", r"[^\s]", "-", "{", "}", "]"]
)  # fmt: skip
repeats = st.sampled_from(["", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{,2}", "{2,}?"])


def joined(parts):
    return st.lists(parts, max_size=4).map("".join)


patterns = st.recursive(
    st.builds(str.__add__, atoms, repeats),
    lambda inner: st.builds(
        lambda opening, body, other, repeat: f"{opening}{body}|{other})" + repeat,
        st.sampled_from(["(", "(?:"]),
        joined(inner),
        joined(inner),
        repeats,
    ),
    max_leaves=8,
)
texts = st.text(st.sampled_from("abc1 \n.-é{}]"), max_size=10)


@settings(max_examples=120)
@given(
    joined(patterns),
    st.sampled_from(["", "$"]),
    texts,
    st.sampled_from([re.A, re.A | re.M, re.A | re.S]),
    st.booleans(),
)
@example("(?:a|)*b", "$", "aab\n", re.A, False)
def test_the_two_engines_agree(pattern, end, text, flags, full):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            re.compile(pattern + end, flags)
        except re.error:
            return
        expected, got = both(pattern + end, text, flags=flags, full=full)
    assert got in (None, expected)
