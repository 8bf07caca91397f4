"""Tool calls: well-formed, allowed, and the ones that were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from provenir.core.errors import UsageError
from provenir.environments.verifiers.call_reading import read_calls
from provenir.environments.verifiers.call_shapes import Call, MalformedCallError, calls_of
from provenir.environments.verifiers.json_text import NotJSONError, strict_json
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

__all__ = ["ToolCallVerifier"]

_MEND = "give {'name': …, 'arguments': {…}}, a list of those, or a text with the calls"


class ToolCallVerifier:
    """Passes a response that calls the right tools, and no others.

    Read are OpenAI's ``tool_calls``, Hermes' ``<tool_call>`` with JSON, XML calls
    (``<function=name>``, ``<invoke name="…">``) and bare JSON, with prose around. All calls of the
    response count, in whichever form: one that stands hidden beside the right one is refused, and
    so is one that is broken, or quoted (in a quotation, a block quote, backquotes), since a runtime
    may execute it all the same. Of a response that thinks aloud, what follows ``</think>``
    counts, as where a runtime takes the thoughts out before it looks for calls.

    With a reference, the calls have to be those of the reference: the same tools with the same
    arguments, whatever the order of keys and of calls. The reference is one call or a list of
    calls, as mappings in any of the JSON forms, or a text with calls. Numbers are equal by value
    (1 and 1.0), true is not 1; the values of an XML call, which are text, are read as JSON where
    the reference has no text.

    Without a reference (None), the response must hold one call of an allowed tool with an object
    of arguments.

    What it cannot see: whether the call was sensible, or what another spelling of an argument
    would have done.

    Args:
        allowed_tools: Names of the tools that may be called; None allows any.
        parallel: Whether a response may hold several calls where there is no reference.

    Raises:
        UsageError: `allowed_tools` is no list of names.
    """

    def __init__(
        self, allowed_tools: Sequence[str] | None = None, *, parallel: bool = False
    ) -> None:
        if allowed_tools is not None:
            names: tuple[Any, ...] = ()
            if not isinstance(allowed_tools, str):
                names = tuple(allowed_tools)
            if not names or not all(isinstance(name, str) and name for name in names):
                raise UsageError("allowed_tools is no list of names", mend="['search', 'open']")
            self.allowed_tools: frozenset[str] | None = frozenset(names)
        else:
            self.allowed_tools = None
        self.parallel = parallel

    def verify(self, response: str, reference: Any = None) -> VerificationResult:
        """Read the calls of `response`; compare them with `reference` where there is one."""
        if (refusal := unreadable(response)) is not None:
            return refusal
        wanted = None
        if reference is not None:
            wanted = _reference_calls(reference)
            if not wanted:
                return bad_reference(f"the reference holds no call: {_MEND}")
        try:
            calls = read_calls(after_thinking(response))
        except MalformedCallError as fault:
            return refused("malformed_call", f"{quoted(str(fault))}")
        names = [call.name for call in calls]
        if not calls:
            return refused("no_call", "the response calls no tool", tools=names)
        for name in names:
            if self.allowed_tools is not None and name not in self.allowed_tools:
                return refused("tool_not_allowed", f"{quoted(name)} is not allowed", tools=names)
        if wanted is not None:
            return _compared(calls, wanted, names)
        if len(calls) > 1 and not self.parallel:
            return refused("several_calls", f"{len(calls)} calls where one is allowed", tools=names)
        return accepted(f"calls {quoted(', '.join(names))}", tools=names)


def _compared(calls: list[Call], wanted: list[Call], names: list[str]) -> VerificationResult:
    if len(calls) != len(wanted):
        told = f"{len(calls)} calls where {len(wanted)} are wanted"
        return refused("wrong_number_of_calls", told, tools=names)
    left = list(wanted)
    # An XML call can be equal to two others, so the calls with types choose first.
    for call in sorted(calls, key=lambda call: not call.typed):
        same = [other for other in left if _same_call(call, other)]
        if not same:
            known = any(other.name == call.name for other in left)
            reason = "wrong_arguments" if known else "wrong_tool"
            return refused(reason, f"the call of {quoted(call.name)} is not wanted", tools=names)
        left.remove(same[0])
    return accepted(f"the wanted calls: {quoted(', '.join(names))}", tools=names)


def _reference_calls(reference: Any) -> list[Call]:
    """The calls of a reference; none where it is not one."""
    try:
        if isinstance(reference, str):
            return read_calls(reference)
        several = reference if isinstance(reference, list | tuple) else [reference]
        found = [calls_of(one) for one in several]
    except (MalformedCallError, RecursionError):
        return []
    return [call for calls in found for call in calls] if all(found) else []


def _same_call(call: Call, wanted: Call) -> bool:
    if call.name != wanted.name or call.arguments.keys() != wanted.arguments.keys():
        return False
    typed = call.typed and wanted.typed
    return all(
        _same_value(call.arguments[key], value, typed=typed)
        for key, value in wanted.arguments.items()
    )


def _same_value(got: Any, wanted: Any, *, typed: bool) -> bool:
    if not typed and isinstance(got, str) != isinstance(wanted, str):
        text, other = (got, wanted) if isinstance(got, str) else (wanted, got)
        try:
            return _same_value(strict_json(text), other, typed=True)
        except NotJSONError:
            return False
    if isinstance(wanted, bool) or isinstance(got, bool):
        return got is wanted
    if isinstance(wanted, int | float) and isinstance(got, int | float):
        return got == wanted
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        return got.keys() == wanted.keys() and all(
            _same_value(got[key], value, typed=True) for key, value in wanted.items()
        )
    if isinstance(wanted, list | tuple) and isinstance(got, list | tuple):
        return len(got) == len(wanted) and all(
            _same_value(one, other, typed=True) for one, other in zip(got, wanted, strict=True)
        )
    return type(got) is type(wanted) and bool(got == wanted)
