r"""Where a response puts its answers: `\boxed{}`, tags, lines that begin with `####`.

A declared format names the places in which answers count. A regular expression is read for the
places that it names and is never run: what a candidate wrote could make it run without an end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from provenir.observability.hacking.text.folding import fold_plain

__all__ = ["Slot", "boxed_slots", "hash_slots", "markers_of", "same_content", "tag_slots"]

MAX_SLOTS: Final = 256
"""Answers of one kind that are read in one window."""

_BOXED: Final = "\\boxed"
_MAX_BOX: Final = 2_048
_HASHES: Final = "####"
_TAG_IN_PATTERN: Final = re.compile(r"<\\?/?([A-Za-z][A-Za-z0-9_-]{0,31})>")
_NAMED: Final = {
    "boxed": frozenset({_BOXED}),
    "answer_tag": frozenset({"answer"}),
    "json": frozenset({"json"}),
    "xml_think_answer": frozenset({"think", "answer"}),
    "gsm8k": frozenset({_HASHES}),
}
_DRESS: Final = re.compile(
    r"\\(?:text|mathrm|mathbf|textbf|left|right|displaystyle|,|;|!| )|[\s{}$*`]"
)


@dataclass(frozen=True, slots=True)
class Slot:
    """One place that holds an answer.

    Attributes:
        start: First character of the marker that opens it.
        end: The one after the last of what closes it.
        content: What stands inside, as given.
        closed: Whether what closes it is there.
    """

    start: int
    end: int
    content: str
    closed: bool = True


@lru_cache(maxsize=64)
def markers_of(declared: str) -> frozenset[str]:
    r"""Return the markers that a declared format names.

    Args:
        declared: One of the named formats, or a regular expression.

    Returns:
        Tag names, ``\boxed``, ``####`` and ``json``; empty when the format names none of them.
    """
    if declared in _NAMED:
        return _NAMED[declared]
    part = declared[:4_096]
    found = {match.group(1).lower() for match in _TAG_IN_PATTERN.finditer(part)}
    if "boxed" in part:
        found.add(_BOXED)
    if _HASHES in part or "#{4}" in part:
        found.add(_HASHES)
    return frozenset(found)


def boxed_slots(text: str) -> list[Slot]:
    r"""Return every `\boxed{...}` with its braces balanced, nested ones not counted again."""
    slots: list[Slot] = []
    place = text.find(_BOXED)
    while place >= 0 and len(slots) < MAX_SLOTS:
        begin = place + len(_BOXED)
        while begin < len(text) and text[begin] in " \t":
            begin += 1
        end = begin
        if text[begin : begin + 1] == "{":
            depth = 0
            for end in range(begin, min(len(text), begin + _MAX_BOX)):
                depth += (text[end] == "{") - (text[end] == "}")
                if not depth:
                    break
            closed = not depth
            slots.append(Slot(place, end + 1, text[begin + 1 : end + (not closed)], closed))
        place = text.find(_BOXED, max(end, begin))
    return slots


def hash_slots(text: str) -> list[Slot]:
    """Return every line that begins with ``####`` and names no heading of a document."""
    slots: list[Slot] = []
    place = text.find(_HASHES)
    while place >= 0 and len(slots) < MAX_SLOTS:
        stop = text.find("\n", place)
        stop = len(text) if stop < 0 else stop
        margin = text[text.rfind("\n", 0, place) + 1 : place]
        if not margin.strip() and text[place + 4 : place + 5] != "#":
            slots.append(Slot(place, stop, text[place + 4 : stop]))
        place = text.find(_HASHES, stop)
    return slots


def tag_slots(text: str, lowered: str, name: str) -> list[Slot]:
    """Return every element of a name; one opened within another begins a slot of its own.

    Args:
        text: The text.
        lowered: The same in small letters, of the same length.
        name: The tag's name, in small letters.
    """
    opener, closer = f"<{name}>", f"</{name}>"
    slots: list[Slot] = []
    place = lowered.find(opener)
    while place >= 0 and len(slots) < MAX_SLOTS:
        begin = place + len(opener)
        following = lowered.find(opener, begin)
        end = lowered.find(closer, begin)
        if end >= 0 and (following < 0 or end < following):
            slots.append(Slot(place, end + len(closer), text[begin:end]))
        else:
            stop = following if following >= 0 else len(text)
            slots.append(Slot(place, stop, text[begin:stop], closed=False))
        place = following
    return slots


def same_content(content: str) -> str:
    """Return what two answers have in common when they differ in dress only."""
    plain = _DRESS.sub("", fold_plain(content[:_MAX_BOX])).rstrip(".")
    if plain.replace(",", "").replace(".", "", 1).lstrip("-").isdigit():
        plain = plain.replace(",", "")
        plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return plain
