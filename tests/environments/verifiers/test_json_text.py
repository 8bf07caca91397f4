"""The JSON value of a response."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from provenir.environments.verifiers.json_text import NotJSONError, read_json
from strategies import any_text, json_values

FENCE = "```"


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        ' \n{"a": 1}\n',
        f'{FENCE}json\n{{"a": 1}}\n{FENCE}',
        f'Here it is:\n\n{FENCE}json\n{{"a": 1}}\n{FENCE}\nAnything else?',
        f'{FENCE}\n{{"a": 1}}\n{FENCE}',
        f'{FENCE}JSON\n{{"a": 1}}',
        f'{FENCE}python\nprint()\n{FENCE}\n{FENCE}json\n{{"a": 1}}\n{FENCE}',
        '~~~json\n{"a": 1}\n~~~',
    ],
)
def test_bare_or_in_the_one_fence(text):
    assert read_json(text) == {"a": 1}


def test_fences_within_a_text_of_bare_json_are_its_content():
    text = json.dumps({"a": f"{FENCE}json\n2\n{FENCE}"})
    assert read_json(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not_json"),
        ("no", "not_json"),
        ('Sure: {"a": 1}', "not_json"),
        ('{"a": 1} and more', "not_json"),
        ('{"a": 1}{"a": 1}', "not_json"),
        ('{"a": 1, "a": 2}', "not_json"),
        ('{"a": {"b": 1, "\\u0062": 2}}', "not_json"),
        ('{"a": NaN}', "not_json"),
        ("[Infinity]", "not_json"),
        ("[-Infinity]", "not_json"),
        ("[1e999]", "not_json"),
        ("{'a': 1}", "not_json"),
        ('{"a": 1,}', "not_json"),
        ('{"a": "\ud800"}', "not_json"),
        ('{"a": "\\ud800"}', "not_json"),
        ("\ufeff{}", "not_json"),
        ("[" * 65 + "]" * 65, "too_large"),
        ("[" * 100_000, "too_large"),
        ("[" + "0," * 300_000 + "0]", "too_large"),
        ("1" * 5000, "not_json"),
        (f"{FENCE}json\n1\n{FENCE}\n{FENCE}json\n2\n{FENCE}", "ambiguous"),
        (f"{FENCE}json\n1\n{FENCE}\n{FENCE}\n1\n{FENCE}", "ambiguous"),
    ],
)
def test_no_value_or_more_than_one(text, reason):
    with pytest.raises(NotJSONError) as fault:
        read_json(text)
    assert fault.value.reason == reason


@given(json_values)
def test_what_is_written_is_read(value):
    text = json.dumps(value)
    assert read_json(text) == value
    assert read_json(f"As asked:\n{FENCE}json\n{text}\n{FENCE}\n") == value


@given(any_text)
def test_any_text_is_read_or_refused(text):
    try:
        read_json(text)
    except NotJSONError as fault:
        reason = fault.reason
    else:
        reason = "json"
    assert reason in {"json", "not_json", "too_large", "ambiguous"}
