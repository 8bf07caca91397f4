"""Tool calls: well-formed, allowed, and the ones that were asked for."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from provenir.core.errors import UsageError
from provenir.environments.verifiers.tool_call import ToolCallVerifier
from strategies import any_text, json_objects

VERIFIER = ToolCallVerifier(allowed_tools=["search", "open"])
WANTED = {"name": "search", "arguments": {"query": "rain", "limit": 3, "deep": True}}

XML = (
    "<function=search><parameter=query>rain</parameter><parameter=limit>3</parameter>"
    "<parameter=deep>true</parameter></function>"
)
INVOKE = (
    '<invoke name="search"><parameter name="deep">true</parameter>'
    '<parameter name="limit">3</parameter><parameter name="query">rain</parameter></invoke>'
)


def hermes(call):
    return f"<tool_call>\n{json.dumps(call)}\n</tool_call>"


def call(name="search", /, **arguments):
    return {"name": name, "arguments": arguments}


def reason(response, reference=None, verifier=VERIFIER):
    result = verifier.verify(response, reference)
    assert result.passed == (result.reward > 0) == (result.metadata["reason"] == "ok")
    return result.metadata["reason"]


@pytest.mark.parametrize(
    "response",
    [
        hermes(WANTED),
        f"I will search.\n{hermes(WANTED)}",
        f"<think>or {hermes(call('open'))}</think>{hermes(WANTED)}",
        json.dumps(WANTED),
        hermes(call(deep=True, limit=3.0, query="rain")),
        XML,
        INVOKE,
        json.dumps({"tool_calls": [{"function": {
            "name": "search", "arguments": json.dumps(WANTED["arguments"])}}]}),
    ],
)  # fmt: skip
def test_the_wanted_call_in_every_form(response):
    assert reason(response, WANTED) == "ok"
    assert reason(response, [WANTED]) == "ok"
    assert reason(response, json.dumps(WANTED)) == "ok"
    assert reason(response, hermes(WANTED)) == "ok"
    assert reason(response) == "ok"


@pytest.mark.parametrize(
    ("response", "why"),
    [
        ("", "no_call"),
        ("I would search for rain.", "no_call"),
        (hermes(call("open", query="rain", limit=3, deep=True)), "wrong_tool"),
        (hermes(call(query="rain", limit=3)), "wrong_arguments"),
        (hermes(call(query="rain", limit=3, deep=True, more=1)), "wrong_arguments"),
        (hermes(call(query="rain", limit=3, deep=1)), "wrong_arguments"),
        (hermes(call(query="rain", limit="3", deep=True)), "wrong_arguments"),
        (hermes(call(query="Rain", limit=3, deep=True)), "wrong_arguments"),
        (hermes(call("delete", path="/")), "tool_not_allowed"),
        (hermes(WANTED) + hermes(call("delete", path="/")), "tool_not_allowed"),
        (hermes(WANTED) + hermes(WANTED), "wrong_number_of_calls"),
        (hermes(WANTED) + "\n" + json.dumps(call("open")), "wrong_number_of_calls"),
        (hermes(WANTED) + "\n<function=open></function>", "wrong_number_of_calls"),
        (hermes(WANTED) + "\n<tool_call>", "malformed_call"),
        (hermes(WANTED) + "\n" + json.dumps(call("open")).replace("name", "n\\u0061me"),
         "wrong_number_of_calls"),
        (f'You said: "{hermes(WANTED)}"', "malformed_call"),
        (f"> {hermes(WANTED)}", "malformed_call"),
        (f"<think>{hermes(WANTED)}</think>Done.", "no_call"),
        ('{"name": "search", "name": "open", "arguments": {}}', "malformed_call"),
        (hermes({"name": "search", "arguments": "rain"}), "malformed_call"),
        (hermes({"name": "sear\u0441h", "arguments": WANTED["arguments"]}), "tool_not_allowed"),
        (hermes(WANTED) * 2_500, "malformed_call"),
        (hermes(WANTED) * 20_000, "too_long"),
    ],
)  # fmt: skip
def test_no_reward_for_anything_else(response, why):
    assert reason(response, WANTED) == why


def test_several_calls_where_they_are_wanted():
    both = [call("search", q=1), call("open", q="1")]
    assert reason(hermes(both[0]) + hermes(both[1]), both) == "ok"
    assert reason(hermes(both[1]) + hermes(both[0]), tuple(both)) == "ok"
    assert reason(hermes(both[0]), both) == "wrong_number_of_calls"
    assert reason(hermes(both[0]) * 2, both) == "wrong_tool"
    twins = [call(q=1), call(q="1")]
    xml = "<function=search><parameter=q>1</parameter></function>"
    assert reason(xml + hermes(twins[0]), twins) == "ok"
    assert reason(xml + hermes(twins[1]), twins) == "ok"


def test_without_a_reference_one_call_or_several():
    two = hermes(call(q=1)) + hermes(call("open"))
    assert reason(two) == "several_calls"
    assert reason(two, verifier=ToolCallVerifier(["search", "open"], parallel=True)) == "ok"
    assert reason(hermes(call("delete"))) == "tool_not_allowed"
    assert reason(hermes(call("delete")), verifier=ToolCallVerifier()) == "ok"


@pytest.mark.parametrize(
    "reference",
    ["", "42", 42, [], {}, {"name": "search"}, [WANTED, {}], [WANTED, 3], b"{}", True,
     {"name": "search", "arguments": "rain"}, "<tool_call>", [[[]]]],
)  # fmt: skip
def test_a_reference_without_a_call_is_named(reference):
    assert reason(hermes(WANTED), reference) == "bad_reference"


def test_a_reference_that_holds_itself_is_named():
    circle = []
    circle.append(circle)
    assert reason(hermes(WANTED), circle) == "bad_reference"


@pytest.mark.parametrize("allowed", ["search", [], [""], [1], ()])
def test_misuse_is_told_at_once(allowed):
    with pytest.raises(UsageError):
        ToolCallVerifier(allowed)


@given(json_objects, json_objects)
def test_a_call_is_the_wanted_one_only_with_its_arguments(written, wanted):
    reference = {"name": "search", "arguments": wanted}
    assert reason(hermes(reference), reference) == "ok"
    if written != wanted:
        other = hermes({"name": "search", "arguments": written})
        assert reason(other, reference) == "wrong_arguments"


@given(any_text)
def test_any_text_has_a_verdict(text):
    assert reason(text, WANTED) in {"no_call", "malformed_call"}
