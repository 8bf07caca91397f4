"""Every tool call in a text, whichever way it is written; none may be overlooked.

What counts is what some runtime would execute: ``<tool_call>`` around JSON (Hermes, Qwen) or around
``<function=name>`` (Qwen3-Coder), ``<function=name>`` (Llama 3.1 puts JSON into it) and
``<invoke name="…">`` on their own, and JSON in the shapes of `call_shapes`, bare, in a fence, or
with prose around. The text is read once, from left to right: what stands within the JSON or the
parameters of a call is its argument.
Calls written as Python (``[search(query="rain")]``) or in one model's special tokens are not read.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.verifiers.call_shapes import Call, MalformedCallError, calls_of
from provenir.environments.verifiers.json_text import NotJSONError, strict_json

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MAX_CALL_CHARS", "read_calls"]

MAX_CALL_CHARS: Final = 200_000
"""Longest text that is searched for calls, in characters."""

_MAX_ATTEMPTS: Final = 1_000
"""Brackets that may begin JSON and do not, before the text is given up."""

_START: Final = re.compile(
    r"<tool_call>|<function=([^<>\s]+)>|<invoke\s+name=\"([^\"<>]+)\"\s*>|[{\[]"
)
# A tag, or a key that only calls have: JSON that is broken or holds a call within something else.
_STRAY: Final = re.compile(
    r"</?(?:tool_call|function|invoke|parameter)\b"
    r"|[\"'](?:arguments|function_call|tool_calls)[\"']\s*:",
    re.IGNORECASE,
)
_PARAMETER: Final = re.compile(
    r"\s*<parameter(?:=([^<>\s]+)|\s+name=\"([^\"<>]+)\")\s*>(.*?)</parameter>", re.DOTALL
)
_QUOTE_LINE: Final = re.compile(r"[ \t]*>")
_FENCES: Final = re.compile("`{3,}")
_DECODER: Final = json.JSONDecoder()


def read_calls(text: str) -> list[Call]:
    """Return the calls of a text in order; none where it holds none.

    Raises:
        MalformedCallError: A call that is broken, cut off, or quoted from somebody; or a text too
            long or too full of brackets to be searched.
    """
    if len(text) > MAX_CALL_CHARS:
        raise MalformedCallError(f"more than {MAX_CALL_CHARS} characters are not searched")
    return _Reading(text).all()


class _Reading:
    """One text, read from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.attempts = 0
        self.calls: list[Call] = []

    def all(self) -> list[Call]:
        prose_from = 0
        while (found := _START.search(self.text, self.at)) is not None:
            begins = found.start()
            self.at = found.end()
            if found.group() in "{[":
                new = self._json(begins)
            elif found.group() == "<tool_call>":
                new = self._tagged()
            else:
                new = [self._xml(found)]
            if new:
                self._check_prose(prose_from, begins)
                prose_from = self.at
                self.calls += new
        self._check_prose(prose_from, len(self.text))
        return self.calls

    def _check_prose(self, start: int, end: int) -> None:
        """What stands between calls may hold no piece of one, and no call may be a quotation."""
        if (stray := _STRAY.search(self.text, start, end)) is not None:
            raise MalformedCallError(f"a call that is broken near character {stray.start()}")
        if end == len(self.text):
            return
        line = self.text[max(start, self.text.rfind("\n", start, end) + 1) : end]
        paragraph = self.text[max(start, self.text.rfind("\n\n", start, end)) : end]
        opened = (
            paragraph.count('"') % 2
            or _FENCES.sub("", paragraph).count("`") % 2
            or paragraph.count("“") > paragraph.count("”")
        )
        if opened or _QUOTE_LINE.match(line):
            raise MalformedCallError(f"a call that is quoted, near character {end}")

    def _json(self, begins: int) -> list[Call]:
        """The calls that JSON at a bracket is; none where there is no JSON, or of another shape."""
        self.attempts += 1
        if self.attempts > _MAX_ATTEMPTS:
            raise MalformedCallError(f"more than {_MAX_ATTEMPTS} brackets that begin no call")
        try:
            _, end = _DECODER.raw_decode(self.text, begins)
        except json.JSONDecodeError:
            return []
        except (ValueError, RecursionError) as fault:
            raise MalformedCallError(f"JSON that is not read: {fault}") from None
        try:
            calls = calls_of(strict_json(self.text[begins:end]))
        except NotJSONError as fault:
            raise MalformedCallError(f"JSON that two readers read differently: {fault}") from None
        self.at = end
        return calls

    def _tagged(self) -> list[Call]:
        """What stands between ``<tool_call>`` and its end."""
        begins = self.at
        while self.text[begins : begins + 1].isspace():
            begins += 1
        function = _START.match(self.text, begins)
        if function is None or function.group() == "<tool_call>":
            raise MalformedCallError("a <tool_call> with no call in it")
        self.at = function.end()
        calls = [self._xml(function)] if function.group()[0] == "<" else self._json(begins)
        if len(calls) != 1:
            raise MalformedCallError("a <tool_call> that is no call")
        self._closing("tool_call")
        return calls

    def _xml(self, opening: re.Match[str]) -> Call:
        if opening.group(1) and (given := self._object()) is not None:
            self._closing("function")
            return Call(name=opening.group(1), arguments=given)
        arguments: dict[str, str] = {}
        while (parameter := _PARAMETER.match(self.text, self.at)) is not None:
            name = parameter.group(1) or parameter.group(2)
            if name in arguments:
                raise MalformedCallError(f"the parameter {name!r} twice")
            arguments[name] = _trimmed(parameter.group(3))
            self.at = parameter.end()
        self._closing("function" if opening.group(1) else "invoke")
        return Call(name=opening.group(1) or opening.group(2), arguments=arguments, typed=False)

    def _object(self) -> Mapping[str, Any] | None:
        """The arguments as one JSON object, which is how Llama 3.1 writes them within the tag."""
        begins = self.at
        while self.text[begins : begins + 1].isspace():
            begins += 1
        if self.text[begins : begins + 1] != "{":
            return None
        try:
            _, self.at = _DECODER.raw_decode(self.text, begins)
            value: Mapping[str, Any] = strict_json(self.text[begins : self.at])
        except (ValueError, RecursionError, NotJSONError) as fault:
            raise MalformedCallError(f"arguments that are no JSON: {fault}") from None
        return value

    def _closing(self, tag: str) -> None:
        closing = re.compile(rf"\s*</{tag}>").match(self.text, self.at)
        if closing is None:
            raise MalformedCallError(f"a <{tag}> that is not closed")
        self.at = closing.end()


def _trimmed(value: str) -> str:
    """A parameter's text without the line break after its opening and before its closing tag."""
    return value.removeprefix("\n").removesuffix("\n")
