"""The shapes that a tool call has in JSON: OpenAI's, Hermes', Llama's, Anthropic's.

- ``{"tool_calls": [{"type": "function", "function": {"name": …, "arguments": "{…}"}}]}`` and the
  older ``{"function_call": {…}}`` (OpenAI, chat completions);
- ``{"name": …, "arguments": {…}}`` (Hermes), ``"parameters"`` (Llama 3), ``"input"`` (Anthropic).

A call is JSON that a runtime would execute. JSON of another shape is no call and no error; so is
the definition of a tool, whose parameters are a JSON Schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from provenir.environments.verifiers.json_text import NotJSONError, strict_json

__all__ = ["Call", "MalformedCallError", "calls_of"]

_ARGUMENTS: Final = ("arguments", "parameters", "input")


class MalformedCallError(Exception):
    """Something that is meant as a call and is none; the message is a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One tool call.

    Attributes:
        name: The tool.
        arguments: By name.
        typed: Whether the values have JSON's types; those of XML are all text.
    """

    name: str
    arguments: Mapping[str, Any]
    typed: bool = True


def calls_of(value: Any) -> list[Call]:
    """Return the calls that a JSON value is; none where it is something else.

    Raises:
        MalformedCallError: It has the shape of a call, and its arguments are no object.
    """
    if isinstance(value, list):
        found = [calls_of(one) for one in value]
        return [call for calls in found for call in calls]
    if not isinstance(value, Mapping) or _is_definition(value):
        return []
    calls = []
    if isinstance(value.get("tool_calls"), list):
        calls += calls_of(value["tool_calls"])
    for key in ("function", "function_call"):
        if isinstance(value.get(key), Mapping) and not _is_definition(value[key]):
            calls.append(_call(value[key]))
    if isinstance(value.get("name"), str) and any(key in value for key in _ARGUMENTS):
        calls.append(_call(value))
    return calls


def _is_definition(value: Mapping[str, Any]) -> bool:
    parameters = value.get("parameters")
    return (
        isinstance(parameters, Mapping)
        and parameters.get("type") == "object"
        and isinstance(value.get("description"), str)
        and not {"arguments", "input"} & value.keys()
    )


def _call(value: Mapping[str, Any]) -> Call:
    name = value.get("name")
    if not isinstance(name, str) or not name:
        raise MalformedCallError("a call without the name of a tool")
    given = [key for key in _ARGUMENTS if key in value]
    if len(given) != 1:
        raise MalformedCallError("a call needs its arguments once")
    arguments = value[given[0]]
    if isinstance(arguments, str):
        try:
            arguments = strict_json(arguments)
        except NotJSONError as fault:
            raise MalformedCallError(f"arguments that are no JSON: {fault}") from None
    if not isinstance(arguments, Mapping):
        raise MalformedCallError("arguments that are no object")
    return Call(name=name, arguments=arguments)
