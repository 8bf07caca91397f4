"""The texts of a row: every string and number of it, in the row's order, with the path to it.

A path is written as people write it: ``prompt``, ``messages[1].content``, ``choices.text[0]``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["FieldText", "field_texts"]


class FieldText(NamedTuple):
    """One text of a row.

    Attributes:
        path: Where it stands.
        text: The text; a number as JSON writes it.
        speaker: Who says it, where it is a message of a conversation; else empty.
    """

    path: str
    text: str
    speaker: str


def field_texts(
    row: dict[str, Any], fields: Collection[str] | None = None, *, numbers: bool = True
) -> list[FieldText]:
    """Return the texts of a row; booleans, nulls and keys are none.

    Args:
        row: A JSON object.
        fields: Top-level names or whole paths that are wanted; None for all of them.
        numbers: Whether numbers are texts.
    """
    found: list[FieldText] = []
    # A stack, not recursion: the depth of a row is its writer's choice.
    stack: list[tuple[str, Any, str]] = [(k, v, "") for k, v in reversed(row.items())]
    if fields is not None:
        stack = [entry for entry in stack if _may_hold(entry[0], fields)]
    while stack:
        path, value, speaker = stack.pop()
        if isinstance(value, str):
            if fields is None or _is_wanted(path, fields):
                found.append(FieldText(path, value, speaker))
        elif isinstance(value, dict):
            speaker = _speaker(value) or speaker
            stack.extend((f"{path}.{k}", v, speaker) for k, v in reversed(value.items()))
        elif isinstance(value, list | tuple):
            stack.extend((f"{path}[{n}]", value[n], speaker) for n in range(len(value) - 1, -1, -1))
        elif (
            numbers
            and isinstance(value, int | float)
            and not isinstance(value, bool)
            and (fields is None or _is_wanted(path, fields))
        ):
            found.append(FieldText(path, repr(value), speaker))
    return found


def _speaker(value: dict[str, Any]) -> str:
    """Who says a message in the two usual forms: role/content and from/value."""
    for who, what in (("role", "content"), ("from", "value")):
        if what in value and isinstance(value.get(who), str):
            return str(value[who]).lower()
    return ""


def _may_hold(name: str, fields: Collection[str]) -> bool:
    return any(field == name or field.startswith((f"{name}.", f"{name}[")) for field in fields)


def _is_wanted(path: str, fields: Collection[str]) -> bool:
    return any(path == f or path.startswith((f"{f}.", f"{f}[")) for f in fields)
