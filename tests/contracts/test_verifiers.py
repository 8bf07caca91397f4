"""Laws of every registered verifier: total, deterministic, bounded, a pass is rewarded."""

from __future__ import annotations

import asyncio
import json
import math
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provenir.core.protocols import VerificationResult, Verifier
from provenir.environments import VERIFIERS
from strategies import any_text, json_values

BUILDABLE = [name for name, entry in VERIFIERS.items() if entry.buildable]
BUILT = {name: VERIFIERS[name].build() for name in BUILDABLE}
WORD = re.compile(r"[a-z][a-z0-9_]*")

CALL = '{"name": "f", "arguments": {"x": 1}}'
PASSING = {
    "code": ("def add(a, b):\n    return a + b\n", {"test_code": "assert add(1, 2) == 3"}),
    "composite": (r"\boxed{4}", "4"),
    "contains": ("Paris", ["Paris"]),
    "exact_answer": (r"\boxed{4}", "4"),
    "json_schema": ("[1]", {"type": "array"}),
    "math": (r"\boxed{4}", "4"),
    "regex_format": (r"\boxed{4}", None),
    "tool_call": (f"<tool_call>{CALL}</tool_call>", CALL),
}
"""For each verifier a response that passes, with its reference."""

LOOKS_AT_NO_REFERENCE = {"regex_format"}

HOSTILE = [
    "", " ", "\x00", "\ud800", "a\udfff\ud800", "\x1b[2J", "\u202e", "a" * 200_000,
    "\\boxed{" * 30_000, "{" * 100_000, "[" * 100_000, "<tool_call>" * 10_000, "```\n" * 40_000,
    "#### \n" * 30_000, "\n</think>" * 20_000, "<think>" * 20_000, '{"a":' * 30_000,
    "(" * 100_000, "\\" * 100_001,
    "9" * 100_000, "1e" + "9" * 50_000, "\n" * 200_000, '"' * 100_001, "$" * 100_001,
    "*" * 100_001, "`" * 100_001, "\\frac" * 20_000, "^" * 100_000, "x**" * 30_000,
    "def f():\n    while True: pass\nf()", "import os; os._exit(0)",
    "a" * 10_000_000, "\ud800" * 10_000_000, "\\boxed{" * 1_500_000,
]  # fmt: skip
NOT_TEXT = [None, 0, 1.5, math.nan, True, b"4", bytearray(b"4"), ["4"], ("4",), {"a": 4}, object()]
WRONG_REFERENCES = [
    None, True, -1, math.nan, math.inf, 10**400, 1j, b"4", [], {}, [None], [[]], {"a": None},
    {1: 2}, "", "\ud800", "\x00", "(", "[", "{", "\\boxed{", "a" * 1_000_000, object(), type, set(),
    {"test_code": ""}, {"test_code": 3}, {"required": 3}, {"type": "thing"},
    {"name": "f"}, ["\ud800"], [float("nan")],
]  # fmt: skip

every_verifier = pytest.mark.parametrize("name", BUILDABLE)


def checked(name, response, reference):
    """The verdict, after what has to hold of every verdict."""
    result = BUILT[name].verify(response, reference)
    assert isinstance(result, VerificationResult)
    assert isinstance(result.passed, bool)
    assert math.isfinite(result.reward)
    assert 0.0 <= result.reward <= 1.0
    assert result.reward > 0.0 or not result.passed
    assert WORD.fullmatch(result.metadata["reason"])
    assert (result.metadata["reason"] == "ok") is result.passed
    assert result.detail
    assert not any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in result.detail)
    return result


def same(one, other):
    return (one.passed, one.reward, one.detail, dict(one.metadata)) == (
        other.passed,
        other.reward,
        other.detail,
        dict(other.metadata),
    )


def test_every_verifier_is_under_these_laws():
    assert list(VERIFIERS) == sorted(VERIFIERS)
    assert set(PASSING) == set(VERIFIERS)
    assert {"composite", "contains", "exact_answer", "regex_format", "tool_call"} <= set(BUILDABLE)


@every_verifier
def test_it_is_a_verifier_and_a_right_response_passes(name):
    assert isinstance(BUILT[name], Verifier)
    assert checked(name, *PASSING[name]).passed


@every_verifier
@pytest.mark.parametrize("response", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_no_text_makes_it_raise_or_pass(name, response):
    assert not checked(name, response, PASSING[name][1]).passed


@every_verifier
@settings(max_examples=60)
@given(response=any_text | st.text(max_size=200))
@example(response="\\boxed{\ud800}")
def test_any_text_has_the_same_verdict_twice(name, response):
    reference = PASSING[name][1]
    assert same(checked(name, response, reference), checked(name, response, reference))


@every_verifier
@settings(max_examples=60)
@given(before=any_text, after=any_text)
def test_a_right_response_in_any_company_has_a_verdict(name, before, after):
    response, reference = PASSING[name]
    checked(name, before + response + after, reference)


@every_verifier
@pytest.mark.parametrize("response", NOT_TEXT, ids=lambda value: type(value).__name__)
def test_what_is_no_text_is_refused(name, response):
    result = checked(name, response, PASSING[name][1])
    assert (result.passed, result.reward) == (False, 0.0)


@every_verifier
@pytest.mark.parametrize("place", range(len(WRONG_REFERENCES)))
def test_a_wrong_reference_is_refused_and_never_raises(name, place):
    reference = WRONG_REFERENCES[place]
    result = checked(name, "no such answer", reference)
    assert name in LOOKS_AT_NO_REFERENCE or not result.passed


@every_verifier
@settings(max_examples=60)
@given(reference=json_values | st.text(max_size=30))
def test_any_reference_has_a_verdict(name, reference):
    response = PASSING[name][0]
    assert same(checked(name, response, reference), checked(name, response, reference))


@every_verifier
def test_eight_threads_hear_the_same(name):
    asked = [PASSING[name], ("no", PASSING[name][1]), ("", None)] * 8
    alone = [checked(name, *one) for one in asked]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda one: checked(name, *one), asked))
    assert all(map(same, alone, together))


@every_verifier
def test_within_a_running_loop_it_says_the_same(name):
    async def ask():
        here = BUILT[name].verify(*PASSING[name])
        elsewhere = await asyncio.to_thread(BUILT[name].verify, *PASSING[name])
        return here, elsewhere

    here, elsewhere = asyncio.run(ask())
    assert same(here, elsewhere)
    assert same(here, checked(name, *PASSING[name]))


@every_verifier
def test_no_call_leaves_anything_for_the_next(name):
    first = checked(name, *PASSING[name])
    for response in HOSTILE[:8]:
        checked(name, response, PASSING[name][1])
    assert same(first, checked(name, *PASSING[name]))


@every_verifier
def test_a_new_process_gives_the_same_verdict(name):
    code = (
        "import json, sys\n"
        "from provenir.environments import VERIFIERS\n"
        "name, response, reference = json.loads(sys.argv[1])\n"
        "result = VERIFIERS[name].build().verify(response, reference)\n"
        "print(json.dumps([result.passed, result.reward, result.detail]))\n"
    )
    asked = json.dumps([name, *PASSING[name]])
    done = subprocess.run(
        [sys.executable, "-c", code, asked], capture_output=True, text=True, check=True, timeout=120
    )
    result = checked(name, *PASSING[name])
    assert json.loads(done.stdout) == [result.passed, result.reward, result.detail]
