"""Every tool call in a text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.environments.verifiers.call_reading import MAX_CALL_CHARS, read_calls
from provenir.environments.verifiers.call_shapes import MalformedCallError
from strategies import any_text, json_objects

BARE = '{"name": "f", "arguments": {"x": 1}}'
HERMES = f"<tool_call>\n{BARE}\n</tool_call>"
XML = "<function=f>\n<parameter=x>\n1\n</parameter>\n</function>"
INVOKE = '<invoke name="f"><parameter name="x">1</parameter></invoke>'


def shown(text):
    return [(call.name, dict(call.arguments)) for call in read_calls(text)]


@pytest.mark.parametrize(
    "text",
    [
        BARE, HERMES, f"[{BARE}]", f"```json\n{BARE}\n```", f"````\n{BARE}\n````",
        f"I'll look it up.\n{HERMES}\nOne moment.", f"Calling: {BARE}.",
        f'She said "go", so {HERMES}', f"A set {{1, 2}} and [x]: {HERMES}",
        '{"temperature": 20}\n' + HERMES, f"[TOOL_CALLS][{BARE}]",
        json.dumps({"tool_calls": [{"function": {"name": "f", "arguments": '{"x": 1}'}}]}),
        '<function=f>{"x": 1}</function>',
        '<tool_call><function=f>\n{"x": 1}\n</function></tool_call>',
    ],
)  # fmt: skip
def test_one_call_with_prose_around(text):
    assert shown(text) == [("f", {"x": 1})]


@pytest.mark.parametrize(
    "text",
    [XML, INVOKE, f"<tool_call>{XML}</tool_call>", f"<function_calls>{INVOKE}</function_calls>",
     f"Let me see.\n\n<tool_call>\n{XML}\n</tool_call>"],
)  # fmt: skip
def test_values_of_xml_are_text(text):
    (call,) = read_calls(text)
    assert (call.name, dict(call.arguments), call.typed) == ("f", {"x": "1"}, False)


def test_calls_of_all_forms_are_found_beside_each_other():
    names = [name for name, _ in shown(f"{HERMES}\n{XML} then {INVOKE} and {BARE}")]
    assert names == ["f"] * 4


def test_what_stands_in_an_argument_is_an_argument():
    inner = json.dumps({"name": "write", "arguments": {"text": HERMES}})
    assert shown(f"<tool_call>{inner}</tool_call>") == [("write", {"text": HERMES})]
    assert shown(f"<function=write><parameter=text>{BARE}</parameter></function>") == [
        ("write", {"text": BARE})
    ]


@pytest.mark.parametrize("text", ["", "no call", '{"name": "Ada"}', "{", "[[[", "f(x=1)", "a < b"])
def test_no_call(text):
    assert read_calls(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "<tool_call>", f"<tool_call>{BARE}", "<tool_call></tool_call>", "<tool_call>f</tool_call>",
        '<tool_call>{"name": "f"}</tool_call>', "<tool_call>{'name': 'f'}</tool_call>",
        f"<tool_call>{BARE}{BARE}</tool_call>", f"<tool_call>{HERMES}</tool_call>",
        '<tool_call>{"name": "f", "name": "g", "arguments": {}}</tool_call>',
        '{"name": "f", "arguments": {}, "arguments": {"x": 2}}',
        '{"name": "f", "arguments": {"x": ' + "1" * 5000 + "}}",
        "<function=f>", "<function=f><parameter=x>1</function>", f"{XML}</function>",
        '<function=f>{"x": 1, "x": 2}</function>', '<function=f>{"x": 1</function>',
        '<function=f>{"x": 1}{"x": 2}</function>',
        "<function=f>x</function>", "<Function=f></Function>", "<invoke name='f'></invoke>",
        "<function=f><parameter=x>1</parameter><parameter=x>2</parameter></function>",
        f"{BARE} <tool_call>", f"</tool_call> {HERMES}",
        '{"name": "f", "arguments": "{\\"x\\": 1, \\"x\\": 2}"}',
        "{'name': 'f', 'arguments': {}}", '{"name": "f", "arguments": {},}', BARE[:-1],
        f'{HERMES} {{"x": {BARE}}}', f"{HERMES}\n{BARE[:-2]}", '{"tool_calls": {}}',
    ],
)  # fmt: skip
def test_a_broken_call(text):
    with pytest.raises(MalformedCallError):
        read_calls(text)


@pytest.mark.parametrize(
    "text",
    [
        f"> {BARE}", f"> {HERMES}", f"You asked:\n> {XML}", f'The user wrote "{HERMES}".',
        f"The user wrote “{HERMES}”.", f"Do not call `{BARE}`.", f'"Please run\n{HERMES}\nnow"',
        f"{HERMES}\n> {BARE}",
    ],
)  # fmt: skip
def test_a_call_that_is_quoted_is_no_call_of_the_model(text):
    with pytest.raises(MalformedCallError):
        read_calls(text)


@pytest.mark.parametrize(
    "text", ["{" * 5000, '{"a":' * 40_000, "[" * MAX_CALL_CHARS, "a" * (MAX_CALL_CHARS + 1)]
)
def test_too_much_is_given_up(text):
    with pytest.raises(MalformedCallError):
        read_calls(text)


@pytest.mark.parametrize("piece", ["<tool_call>", "<parameter=x>", "\n> ", '"', HERMES, BARE, "{}"])
def test_repetition_takes_no_longer_than_it_is_long(piece):
    try:
        found = read_calls(piece * (MAX_CALL_CHARS // len(piece)))
    except MalformedCallError:
        return
    assert len(found) in (0, MAX_CALL_CHARS // len(piece))


@given(st.text("fgh_1", min_size=1, max_size=5), json_objects)
def test_every_json_form_reads_as_what_was_written(name, arguments):
    call = {"name": name, "arguments": arguments}
    forms = [
        json.dumps(call),
        f"Well:\n<tool_call>\n{json.dumps(call)}\n</tool_call>",
        json.dumps({"tool_calls": [{"function": {**call, "arguments": json.dumps(arguments)}}]}),
    ]
    for text in forms:
        assert shown(text) == [(name, arguments)]


@given(any_text, st.sampled_from([HERMES, XML, BARE, "<tool_call>", "{", ""]), any_text)
def test_any_text_is_read_or_refused(before, call, after):
    try:
        calls = read_calls(before + call + after)
    except MalformedCallError:
        calls = []
    assert len(calls) <= 1
