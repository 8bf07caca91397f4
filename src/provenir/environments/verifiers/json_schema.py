"""JSON that keeps to a schema."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.environments.verifiers.json_text import NotJSONError, read_json, strict_json
from provenir.environments.verifiers.killable import DEFAULT_CPU_S, EndedError, ask_killable
from provenir.environments.verifiers.text import (
    accepted,
    after_thinking,
    bad_reference,
    quoted,
    refused,
    unreadable,
)

if TYPE_CHECKING:
    from provenir.core.protocols import VerificationResult

__all__ = ["JSONSchemaVerifier"]

_TYPES: Final[dict[Any, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    list: "array",
    tuple: "array",
    dict: "object",
    None: "null",
    type(None): "null",
}
_NAMES: Final = frozenset(_TYPES.values())
_MEND: Final = "give a JSON Schema as a mapping, or as its JSON text"


class _BadSchemaError(Exception):
    """No schema; the message says why."""


class JSONSchemaVerifier:
    """Passes a response that is JSON and keeps to a schema.

    The response is JSON alone, or holds it in its one fence (`json` or no language), with any text
    around. It is read strictly: a key twice in one object, ``NaN``, ``Infinity``, a lone surrogate,
    more than 64 levels or 200,000 values are refused.

    What it has to keep to is given here, and then the reference is not looked at; or nothing is
    given here, and the reference is the schema (a mapping, or its JSON text). With neither, any
    JSON passes.

    Schemas are those of json-schema.org, drafts 4 to 2020-12, chosen by ``$schema``, the newest
    without; the validator is jsonschema-rs. No ``$ref`` is fetched. It runs in a process that is
    ended after `timeout_s` CPU seconds, because a recursive schema can branch without end; then the
    response does not pass.

    What it cannot see: whether the values are right, only that they have the form.

    Args:
        schema: A JSON Schema.
        required_keys: Keys that the object must have.
        types: For keys their type: `str`, `int`, `float`, `bool`, `list`, `dict`, None, or a name
            of JSON Schema's, or several of those in a tuple. Without `required_keys` these keys are
            required.
        timeout_s: CPU seconds for one response.

    Raises:
        UsageError: No schema, no list of keys, an unknown type, or no time limit.
    """

    def __init__(
        self,
        schema: Mapping[str, Any] | bool | None = None,
        required_keys: Sequence[str] | None = None,
        types: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = DEFAULT_CPU_S,
    ) -> None:
        if not 0.0 < timeout_s < math.inf:
            raise UsageError(f"timeout_s is {timeout_s!r}", mend="CPU seconds, above 0")
        self.timeout_s = timeout_s
        self._schemas: list[str] = []
        if schema is not None:
            try:
                self._schemas.append(_checked(_dumped(schema)))
            except _BadSchemaError as fault:
                raise UsageError(f"no JSON Schema: {fault}", where="schema", mend=_MEND) from None
        if required_keys is not None or types is not None:
            self._schemas.append(_dumped(_object_schema(required_keys, types or {})))

    def verify(self, response: str, reference: Any = None) -> VerificationResult:
        """Read and validate `response`; `reference` is the schema where none was given."""
        if (refusal := unreadable(response)) is not None:
            return refusal
        schemas = self._schemas
        if not schemas and reference is not None:
            try:
                schemas = [_checked(_reference_schema(reference))]
            except _BadSchemaError as fault:
                return bad_reference(f"the reference is no JSON Schema ({fault}): {_MEND}")
        try:
            value = read_json(after_thinking(response))
        except NotJSONError as fault:
            return refused(fault.reason, f"{fault}")
        for schema in schemas:
            if (refusal := self._refusal(schema, value)) is not None:
                return refusal
        return accepted("JSON that keeps to the schema" if schemas else "JSON")

    def _refusal(self, schema: str, value: Any) -> VerificationResult | None:
        question = {"ask": "validate", "schema": schema, "value": json.dumps(value)}
        try:
            answer = ask_killable(question, cpu_s=self.timeout_s)
        except EndedError as fault:
            return refused(fault.reason, "validating took too long or ended its process")
        if answer["valid"]:
            return None
        path = "/".join(str(part) for part in answer["path"])
        told = f"at {quoted('/' + path)}: {quoted(answer['error'])}"
        return refused("schema_violation", told, path=answer["path"])


def _object_schema(required: Sequence[str] | None, types: Mapping[str, Any]) -> dict[str, Any]:
    keys = list(types) if required is None else required
    are_keys = not isinstance(keys, str | bytes) and all(isinstance(key, str) for key in keys)
    if not are_keys:
        raise UsageError("no list of keys", where="required_keys", mend="['name', 'age']")
    properties = {key: {"type": _type_names(key, wanted)} for key, wanted in types.items()}
    return {"type": "object", "required": list(dict.fromkeys(keys)), "properties": properties}


def _type_names(key: str, wanted: Any) -> list[str]:
    several = wanted if isinstance(wanted, tuple | list) else (wanted,)
    try:
        names = [one if one in _NAMES else _TYPES.get(one) for one in several]
    except TypeError:  # a value that cannot be looked up names no type either
        names = []
    known = [name for name in names if name is not None]
    if not known or len(known) != len(names):
        raise UsageError(
            f"{wanted!r} is no type of JSON",
            where=f"types[{key!r}]",
            mend=f"str, int, float, bool, list, dict, None, or one of {', '.join(sorted(_NAMES))}",
        )
    return sorted(set(known))


def _reference_schema(reference: Any) -> str:
    if isinstance(reference, str):
        try:
            reference = strict_json(reference)
        except NotJSONError as fault:
            raise _BadSchemaError(str(fault)) from None
    if not isinstance(reference, Mapping):
        raise _BadSchemaError(f"it is {type(reference).__name__}")
    return _dumped(reference)


def _dumped(schema: Any) -> str:
    if not isinstance(schema, Mapping | bool):
        raise _BadSchemaError(f"it is {type(schema).__name__}")
    try:
        return json.dumps(schema, allow_nan=False, default=dict)
    except (TypeError, ValueError, RecursionError) as fault:
        raise _BadSchemaError(f"it is no JSON: {fault}") from None


@lru_cache(maxsize=256)
def _checked(schema: str) -> str:
    """The schema itself, when the validator takes it.

    Raises:
        _BadSchemaError: It does not.
    """
    try:
        answer = ask_killable({"ask": "validate", "schema": schema, "value": "null"})
    except EndedError as fault:
        raise _BadSchemaError(fault.reason) from None
    if "schema_error" in answer:
        raise _BadSchemaError(answer["schema_error"])
    return schema
