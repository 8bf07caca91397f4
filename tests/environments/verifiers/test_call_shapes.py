"""The shapes that a tool call has in JSON."""

from __future__ import annotations

import pytest

from provenir.environments.verifiers.call_shapes import MalformedCallError, calls_of


def shown(value):
    return [(call.name, dict(call.arguments)) for call in calls_of(value)]


CALL = {"name": "f", "arguments": {"x": 1}}


@pytest.mark.parametrize(
    "value",
    [
        CALL,
        [CALL],
        {"name": "f", "parameters": {"x": 1}},
        {"type": "tool_use", "id": "1", "name": "f", "input": {"x": 1}},
        {"name": "f", "arguments": '{"x": 1}'},
        {"type": "function", "function": CALL},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": CALL}]},
        {"tool_calls": [{"function": {"name": "f", "arguments": '{"x": 1}'}}]},
        {"function_call": {"name": "f", "arguments": '{"x": 1}'}},
        {**CALL, "description": "why"},
    ],
)
def test_one_call(value):
    assert shown(value) == [("f", {"x": 1})]


def test_all_calls_of_a_value_are_found():
    assert len(calls_of([CALL, {"function": CALL}, {"type": "text", "text": "…"}])) == 2
    assert len(calls_of({"tool_calls": [CALL, CALL], **CALL})) == 3


@pytest.mark.parametrize(
    "value",
    [
        3, None, "f", [], {}, {"name": "f"}, {"arguments": {}}, {"name": 3, "arguments": {}},
        {"name": "Ada", "age": 36},
        {"answer": CALL},
        {"type": "function", "function": {
            "name": "f", "description": "…", "parameters": {"type": "object", "properties": {}}}},
    ],
)  # fmt: skip
def test_what_is_no_call_is_no_error(value):
    assert calls_of(value) == []


@pytest.mark.parametrize(
    "value",
    [
        {"name": "f", "arguments": [1]},
        {"name": "f", "arguments": None},
        {"name": "f", "arguments": "x=1"},
        {"name": "f", "arguments": "[1]"},
        {"name": "f", "arguments": '{"x": 1, "x": 2}'},
        {"name": "f", "arguments": {}, "parameters": {}},
        {"name": "", "arguments": {}},
        {"function": {"arguments": {}}},
        {"function": {"name": "f"}},
    ],
)
def test_what_is_meant_as_one_and_is_none(value):
    with pytest.raises(MalformedCallError):
        calls_of(value)
