"""The part of a text that is shown beside a hit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.eval.contamination.hit import Excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["EXCERPT_CHARS", "excerpt_of"]

EXCERPT_CHARS: Final = 600
_AROUND: Final = 80


def excerpt_of(texts: Mapping[str, str], spans: Sequence[tuple[str, int, int]]) -> Excerpt | None:
    """Return the text around the spans of the field that holds most of them.

    Args:
        texts: Texts by the path of their field.
        spans: Field, first character, and the one behind the last.
    """
    held: dict[str, int] = {}
    for field, start, end in spans:
        held[field] = held.get(field, 0) + end - start
    held = {field: amount for field, amount in held.items() if field in texts}
    if not held:
        return None
    field = max(held, key=held.__getitem__)
    places = [(start, end) for name, start, end in spans if name == field]
    first, last = min(start for start, _ in places), max(end for _, end in places)
    begin = max(first - _AROUND, 0)
    text = texts[field][begin : min(last + _AROUND, begin + EXCERPT_CHARS)]
    # A surrogate without its partner has no form in a document.
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return Excerpt(field=field, start=begin, text=clean)
