"""Characters that show nothing, show something else, or turn the order of reading."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from provenir.observability.hacking.text.exploit import Exploit
from provenir.observability.hacking.text.folding import fold_plain, is_invisible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenir.observability.hacking.text.answers import Slot

__all__ = ["odd_characters"]

_ODD: Final = re.compile(
    "[\u00ad\u034f\u0400-\u04ff\u061c\u115f\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)
_OVERRIDE: Final = re.compile("[\u202d\u202e]")
_RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_ZERO_WIDTH: Final = re.compile(
    "(?<=[0-9A-Za-z])[\u00ad\u200b-\u200d\u2060-\u2064\ufeff]+(?=[0-9A-Za-z])"
)
_SOFT_HYPHEN: Final = "\u00ad"
_TAG_CHARACTERS: Final = re.compile(
    "(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]{3}"
)
_MIXED: Final = re.compile(
    "[A-Za-z][\u0430-\u044f\u0410-\u042f\u0456\u0458\u0455]|[\u0430-\u044f\u0410-\u042f\u0456\u0458\u0455][A-Za-z]"
)
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]")
# Scripts and emoji that are written with joiners and selectors.
_JOINED: Final = re.compile(
    "[\u0590-\u0dff\u1780-\u17ff\u2190-\u2bff\ufb1d-\ufdff\U0001f000-\U0001faff]"
)
_ESCAPES: Final = ("\\", "%")
_FEWEST_ZERO: Final = 2
_FEWEST_MIXED: Final = 3


def odd_characters(text: str, slots: Sequence[Slot]) -> Iterator[Exploit]:
    """Yield what the characters of a text hide, in answers first, then anywhere.

    Emoji, Persian and Indic joiners, text that runs from right to left, soft hyphens and Greek
    symbols beside Latin letters are nothing odd.
    """
    if text.isascii() or _ODD.search(text) is None:
        return
    for slot in slots:
        yield from _in_answer(text, slot)
    override = _OVERRIDE.search(text)  # embeddings and isolates leave the letters in their order
    if override is not None and _RIGHT_TO_LEFT.search(text) is None:
        detail = "a control that turns the order of reading, in text that runs one way"
        yield Exploit("bidi_override", detail, override.start(), override.end())
    zero = [match for match in _ZERO_WIDTH.finditer(text) if match.group() != _SOFT_HYPHEN]
    if len(zero) >= _FEWEST_ZERO:
        detail = f"invisible characters within {len(zero)} words"
        yield Exploit("zero_width", detail, zero[0].start(), zero[0].end())
    tags = _TAG_CHARACTERS.search(text)
    if tags is not None:
        detail = "a message in invisible tag characters"
        yield Exploit("invisible_message", detail, tags.start(), tags.end())
    mixed = _mixed_words(text)
    if len(mixed) >= _FEWEST_MIXED and len(_CYRILLIC.findall(text)) < len(text) / 4:
        detail = f"Latin and look-alike Cyrillic letters mixed within {len(mixed)} words"
        yield Exploit("homoglyphs", detail, *mixed[0])


def _mixed_words(text: str) -> list[tuple[int, int]]:
    """Return where words stand that read as Latin and hold letters of both scripts.

    A letter behind a backslash or a percent sign belongs to an escape, not to the word after it.
    """
    found: list[tuple[int, int]] = []
    for match in _MIXED.finditer(text):
        start, end = match.span()
        if found and start < found[-1][1]:
            continue
        while start and text[start - 1].isalpha():
            start -= 1
        while end < len(text) and text[end].isalpha():
            end += 1
        if text[start - 1 : start] not in _ESCAPES and fold_plain(text[start:end]).isascii():
            found.append((start, end))
    return found


def _in_answer(text: str, slot: Slot) -> Iterator[Exploit]:
    content = slot.content
    if content.isascii():
        return
    hidden = any(is_invisible(char) for char in content)
    if hidden and _JOINED.search(content) is None:
        detail = "the answer holds invisible characters"
        yield Exploit("invisible_in_answer", detail, slot.start, slot.end)
    cyrillic = _CYRILLIC.findall(content)
    letter = len(content.strip()) == 1 and fold_plain(content).isascii()
    few = len(_CYRILLIC.findall(text)) < max(4, len(text) / 20)
    if cyrillic and ((letter and few) or _mixed_words(content)):
        detail = "the answer holds letters that only look Latin"
        yield Exploit("homoglyphs", detail, slot.start, slot.end)
