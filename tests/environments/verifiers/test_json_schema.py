"""JSON that keeps to a schema."""

from __future__ import annotations

import json
import socket
import threading

import pytest

from provenir.core.errors import UsageError
from provenir.environments.verifiers.json_schema import JSONSchemaVerifier

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "minLength": 1}, "age": {"type": "integer"}},
    "required": ["name"],
    "additionalProperties": False,
}
BRANCHING = {"type": "array", "anyOf": [{"items": {"$ref": "#"}}, {"items": {"$ref": "#"}}]}


def reason(verifier, response, reference=None):
    result = verifier.verify(response, reference)
    assert result.passed == (result.reward > 0) == (result.metadata["reason"] == "ok")
    return result.metadata["reason"]


@pytest.mark.parametrize(
    ("response", "why"),
    [
        ('{"name": "Ada", "age": 36}', "ok"),
        ('```json\n{"name": "Ada"}\n```', "ok"),
        ('<think>{"name": 1}</think>{"name": "Ada"}', "ok"),
        ('{"name": ""}', "schema_violation"),
        ('{"name": "Ada", "age": "36"}', "schema_violation"),
        ('{"name": "Ada", "role": "x"}', "schema_violation"),
        ('{"age": 36}', "schema_violation"),
        ('[{"name": "Ada"}]', "schema_violation"),
        ('{"name": "Ada", "name": 3}', "not_json"),
        ('"name"', "schema_violation"),
        ("", "not_json"),
    ],
)
def test_a_real_schema_given_here_or_as_the_reference(response, why):
    assert reason(JSONSchemaVerifier(PERSON), response) == why
    assert reason(JSONSchemaVerifier(), response, PERSON) == why
    assert reason(JSONSchemaVerifier(), response, json.dumps(PERSON)) == why
    assert reason(JSONSchemaVerifier(PERSON), response, "whatever") == why


def test_a_violation_says_where():
    result = JSONSchemaVerifier(PERSON).verify('{"name": "Ada", "age": "36"}', None)
    assert result.metadata["path"] == ["age"]
    assert "/age" in result.detail


@pytest.mark.parametrize(
    ("arguments", "response", "why"),
    [
        ({"required_keys": ["a"]}, '{"a": null}', "ok"),
        ({"required_keys": ["a"]}, "{}", "schema_violation"),
        ({"required_keys": ["a"]}, '["a"]', "schema_violation"),
        ({"types": {"a": int}}, '{"a": 1}', "ok"),
        ({"types": {"a": int}}, "{}", "schema_violation"),
        ({"types": {"a": int}}, '{"a": true}', "schema_violation"),
        ({"types": {"a": int}}, '{"a": 1.5}', "schema_violation"),
        ({"types": {"a": float}}, '{"a": 1}', "ok"),
        ({"types": {"a": (str, None)}}, '{"a": null}', "ok"),
        ({"types": {"a": "array"}}, '{"a": []}', "ok"),
        ({"types": {"a": dict, "b": bool}, "required_keys": ["b"]}, '{"b": false}', "ok"),
        ({"types": {"a": dict}, "required_keys": []}, '{"a": 3}', "schema_violation"),
        ({"schema": PERSON, "required_keys": ["age"]}, '{"name": "Ada"}', "schema_violation"),
        ({"schema": PERSON, "required_keys": ["age"]}, '{"name": "Ada", "age": 1}', "ok"),
        ({"schema": True}, "3", "ok"),
        ({"schema": False}, "3", "schema_violation"),
        ({}, "3", "ok"),
        ({}, "three", "not_json"),
    ],
)
def test_keys_and_types(arguments, response, why):
    assert reason(JSONSchemaVerifier(**arguments), response) == why


def test_the_draft_is_the_schemas_own():
    older = {"$schema": "http://json-schema.org/draft-04/schema#", "maximum": 3}
    assert (
        reason(JSONSchemaVerifier({**older, "exclusiveMaximum": True}), "3") == "schema_violation"
    )
    newer = {"$schema": "https://json-schema.org/draft/2020-12/schema", "exclusiveMaximum": 3}
    assert reason(JSONSchemaVerifier(newer), "3") == "schema_violation"
    assert reason(JSONSchemaVerifier(newer), "2") == "ok"


@pytest.mark.parametrize(
    "reference",
    [3, True, [], b"{}", "42", "no schema", '{"type": "object", "type": "array"}',
     {"type": "thing"}, {"pattern": "("}, {"$schema": "https://example.org/mine"},
     {"$ref": "https://example.org/schema.json"}, {"$ref": "file:///etc/passwd"},
     {"a": float("nan")}, {"a": object()}, {"$ref": "#/nowhere"}],
)  # fmt: skip
def test_a_reference_that_is_no_schema_is_named(reference):
    assert reason(JSONSchemaVerifier(), "{}", reference) == "bad_reference"


def test_nothing_is_fetched():
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)

        def wait():
            try:
                asked.append(server.accept())
            except TimeoutError:
                return

        waiting = threading.Thread(target=wait)
        waiting.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"
        assert reason(JSONSchemaVerifier(), "{}", {"$ref": url}) == "bad_reference"
        waiting.join()
    assert asked == []


def test_a_schema_that_branches_without_end_is_ended():
    verifier = JSONSchemaVerifier(BRANCHING, timeout_s=0.2)
    deep = "[" * 40 + "1" + "]" * 40
    assert reason(verifier, deep) == "timeout"
    assert reason(verifier, "[[]]") == "ok"


def test_endless_references_and_patterns_end():
    assert reason(JSONSchemaVerifier({"$ref": "#"}), "1") in {
        "ok",
        "schema_violation",
        "engine_died",
    }
    held = JSONSchemaVerifier({"pattern": "(?=(a+)+$)b"}, timeout_s=0.5)
    assert reason(held, json.dumps("a" * 50 + "!")) in {"schema_violation", "timeout"}


@pytest.mark.parametrize(
    "arguments",
    [
        {"schema": {"type": "thing"}},
        {"schema": 3},
        {"schema": {"$ref": "https://example.org/schema.json"}},
        {"required_keys": "name"},
        {"required_keys": [1]},
        {"types": {"a": complex}},
        {"types": {"a": "text"}},
        {"types": {"a": ()}},
        {"types": {"a": [[]]}},
        {"timeout_s": 0},
    ],
)
def test_misuse_is_told_at_once(arguments):
    with pytest.raises(UsageError):
        JSONSchemaVerifier(**arguments)
