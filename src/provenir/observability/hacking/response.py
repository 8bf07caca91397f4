"""`ResponseText`: what a rollout says, and what it was asked, ready to be read.

Every detector of texts reads at most the first 48 Ki and the last 16 Ki characters of a response,
so that its cost is bounded for any text; what stands between is not seen, and `truncated` says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["HEAD_CHARS", "TAIL_CHARS", "ResponseText", "read_response"]

HEAD_CHARS: Final = 49_152
"""Characters read at the beginning of a response."""

TAIL_CHARS: Final = 16_384
"""Characters read at the end of a response that is longer than both together."""

_TEXT_KEYS: Final = ("prediction", "response", "completion")
_PROMPT_KEYS: Final = ("prompt", "question", "messages")
_FORMAT_KEYS: Final = ("format", "response_format")
_REFERENCE_KEYS: Final = ("reference", "answer")
_OPENAI_JSON: Final = ("json", "json_object", "json_schema")
_CUT: Final = ("length", "max_tokens", "max_new_tokens")
_MAX_PARTS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseText:
    """The text of one rollout and what is known of the task.

    Attributes:
        text: The response as it was given; spans count its characters.
        prompt: What was asked, None when it was not said.
        declared_format: A regular expression, or one of the names ``boxed``, ``answer_tag``,
            ``json``, ``xml_think_answer`` and ``gsm8k``; None when no format was declared.
        reference: The gold answer as text, None when it was not said.
        truncated: Whether the text is longer than what detectors read of it.
        cut_off: Whether the response was stopped at its token limit, so that a missing end is
            nobody's trick.
    """

    text: str
    prompt: str | None = None
    declared_format: str | None = None
    reference: str | None = None
    truncated: bool = False
    cut_off: bool = False

    @property
    def windows(self) -> tuple[tuple[int, str], ...]:
        """The parts that detectors read, each with the place of its first character."""
        if len(self.text) <= HEAD_CHARS + TAIL_CHARS:
            return ((0, self.text),)
        tail = len(self.text) - TAIL_CHARS
        return ((0, self.text[:HEAD_CHARS]), (tail, self.text[tail:]))


def read_response(trajectory: object) -> ResponseText | None:
    """Read a rollout's text; never raises.

    Args:
        trajectory: A mapping with ``prediction|response|completion``, and where known
            ``prompt|question|messages``, ``format|response_format``, ``reference|answer``,
            ``truncated`` or ``finish_reason``. Texts may be lists of messages with ``role`` and
            ``content``: of a response the assistant's are read, of a prompt all.

    Returns:
        None when it holds no text.
    """
    try:
        return _read(trajectory) if isinstance(trajectory, Mapping) else None
    except Exception:  # noqa: BLE001 - a user's mapping may fail in any way
        return None


def _read(trajectory: Mapping[str, Any]) -> ResponseText | None:
    text = _as_text(_first(trajectory, _TEXT_KEYS), role="assistant")
    if text is None:
        return None
    return ResponseText(
        text=text,
        prompt=_as_text(_first(trajectory, _PROMPT_KEYS)),
        declared_format=_format(_first(trajectory, _FORMAT_KEYS)),
        reference=_reference(_first(trajectory, _REFERENCE_KEYS)),
        truncated=len(text) > HEAD_CHARS + TAIL_CHARS,
        cut_off=trajectory.get("truncated") is True or trajectory.get("finish_reason") in _CUT,
    )


def _first(trajectory: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    for key in keys:
        value = trajectory.get(key)
        if value is not None:
            return value
    return None


def _as_text(value: object, *, role: str | None = None) -> str | None:
    """Return a string, a message or a list of messages as one text."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        content = value.get("content")
        return _as_text(value.get("text") if content is None else content)
    if not isinstance(value, list | tuple):
        return None
    parts = value[:_MAX_PARTS]
    if role is not None and any(_role(part) == role for part in parts):
        parts = [part for part in parts if _role(part) == role]
    texts = [text for part in parts if (text := _as_text(part)) is not None]
    return "\n".join(texts) if texts else None


def _role(part: object) -> object:
    return part.get("role") if isinstance(part, Mapping) else None


def _format(value: object) -> str | None:
    if isinstance(value, re.Pattern):
        value = value.pattern
    if isinstance(value, Mapping):
        return "json" if value.get("type") in _OPENAI_JSON else None
    return str(value) if isinstance(value, str) and value else None


def _reference(value: object) -> str | None:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Iterable) and not isinstance(value, bytes | Mapping):
        only = list(value) if isinstance(value, list | tuple) else []
        return _reference(only[0]) if len(only) == 1 else None
    return None
