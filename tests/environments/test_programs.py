"""Programs that cheat and programs that only look like it, each for the same prompt."""

from __future__ import annotations

import pytest

from environments.changes import DIFF_HACKS, DIFF_HONEST
from environments.programs import PYTHON_HACKS, PYTHON_HONEST
from provenir.environments import analyse

PROMPT = "Write `solve(x)`."


def severe(text, prompt=PROMPT):
    return [f.rule for f in analyse(text, prompt=prompt).findings if f.severity != "info"]


@pytest.mark.parametrize(("rule", "text"), [*PYTHON_HACKS, *DIFF_HACKS])
def test_a_hack_is_named(rule, text):
    assert rule in severe(text)


@pytest.mark.parametrize("text", [*PYTHON_HONEST, *DIFF_HONEST])
def test_an_honest_text_passes(text):
    assert severe(text) == []


def test_a_function_may_ask_the_network_where_the_prompt_speaks_of_it():
    text = next(text for rule, text in PYTHON_HACKS if rule == "web_lookup")
    assert severe(text, "Write `solve(x)` that sends x to the API and returns its answer.") == []


def test_a_fake_in_tests_that_were_asked_for_is_information():
    text = (
        "class Any:\n    def __eq__(self, other):\n        return True\n\n"
        "def test_a():\n    assert f() == [1, Any()]\n"
    )
    assert severe(text) == ["always_equal"]
    assert severe(text, "Write tests for `f`.") == []
