"""The JSON value of a response: bare, or in its one fence, and read strictly."""

from __future__ import annotations

from typing import Any, Final

from provenir.core.errors import BoundsError, InputError
from provenir.core.strict_json import parse_json
from provenir.environments.code.fences import cut

__all__ = ["MAX_DEPTH", "MAX_ITEMS", "NotJSONError", "read_json", "strict_json"]

MAX_DEPTH: Final = 64
"""Most nested arrays and objects of a response."""

MAX_ITEMS: Final = 200_000
"""Most values of a response, by its brackets and commas."""

_MAX_PARTS: Final = 64
_INFO: Final = frozenset({"", "json"})


class NotJSONError(Exception):
    """A text that holds no one JSON value; `reason` is one word, the message a clause."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def read_json(text: str) -> Any:
    """Return the value of a text that is JSON, or whose one ``json`` fence is.

    A fence without a language counts as well. Running text may stand around it.

    Raises:
        NotJSONError: Neither is so, or there are several fences.
    """
    parts = cut(text, _MAX_PARTS)
    fences = [text[part.start : part.end] for part in parts if part.info in _INFO]
    if not fences or text.lstrip()[:1] in tuple('{["'):
        return strict_json(text)
    if len(fences) > 1:
        raise NotJSONError("ambiguous", f"{len(fences)} fenced blocks, of which one may be meant")
    return strict_json(fences[0])


def strict_json(text: str) -> Any:
    """Return the value of a JSON text in which no two readers could see two things.

    Raises:
        NotJSONError: No JSON, a key twice in one object, ``NaN`` or ``Infinity``, a lone surrogate,
            or too deep or too many values.
    """
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        raise NotJSONError("not_json", "a lone surrogate, which no JSON holds") from None
    try:
        return parse_json(data, where="the response", max_depth=MAX_DEPTH, max_items=MAX_ITEMS)
    except BoundsError as fault:
        raise NotJSONError("too_large", fault.what) from None
    except InputError as fault:
        raise NotJSONError("not_json", fault.what) from None
