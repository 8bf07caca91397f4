"""What a model was asked and what it answered, as text of bounded length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from provenir.console.shapes import sequence, text, whole
from provenir.console.wording import clip, count

if TYPE_CHECKING:
    from provenir.console.marked import Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One text of a rollout.

    Attributes:
        label: Whose text it is.
        text: The beginning of the text.
        cut: How much is not shown, in words; empty when all of it is.
        pieces: The text with the places that signals point at; empty when there are none.
        note: What is to be said of places that are not marked.
        length: Characters of the whole text.
    """

    label: str
    text: str
    cut: str
    pieces: tuple[Piece, ...] = ()
    note: str = ""
    length: int = 0

    @property
    def nothing(self) -> str:
        """What stands in the place of a text that shows nothing; empty for any other."""
        if self.text.strip():
            return ""
        return (
            f"(only white space: {count(len(self.text), 'character')})" if self.text else "(empty)"
        )


def read_said(label: str, value: object, limit: int) -> Said:
    """Read a prompt or a completion in any of the forms that trainers use, cut to ``limit``."""
    whole_text = as_text(value)
    shown, more = clip(whole_text, limit)
    cut = f"first {len(shown):,} characters, {more:,} more not shown" if more else ""
    return Said(label=label, text=shown, cut=cut, length=len(whole_text))


def as_text(value: object) -> str:
    """Write a text, a list of chat messages, a redacted text or any other JSON value."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and text(value.get("sha256")) and "chars" in value:
        length = whole(value.get("chars"))
        size = "an unknown number of" if length is None else f"{length:,}"
        return f"[redacted: {size} characters, {value['sha256']}]"
    messages = sequence(value)
    if messages and all(isinstance(m, Mapping) and "content" in m for m in messages):
        return "\n".join(f"{m.get('role', 'unnamed')}: {_plain(m['content'])}" for m in messages)
    return _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=repr).decode()
    except (TypeError, ValueError) as fault:
        return f"[a {type(value).__name__} that cannot be written: {fault}]"
