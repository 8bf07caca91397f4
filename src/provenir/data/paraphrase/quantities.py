"""Numbers with their units, however they are written.

``1,200``, ``1200`` and ``1.2 thousand`` are one value, as are ``two dozen`` and 24, ``half`` and
50%, ``90 minutes`` and ``an hour and a half``. Two quantities agree when their values agree in the
base unit of what they measure, or when the plain numbers agree and one of them names no unit.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from provenir.data.paraphrase.lexicon import FUNCTION_WORDS, NUMBER_WORDS, ORDINALS, UNITS

__all__ = ["Quantity", "agree", "quantities_of", "unmatched"]

_TOKEN: Final = re.compile(
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d])|\d+(?:\.\d+)?)|(?P<word>[^\W\d_]+)|(?P<sign>[$€£%/])"
)
_SCALES: Final = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "dozen": 12.0}
_PARTS: Final = {
    **dict.fromkeys(("half", "halves"), 0.5),
    **dict.fromkeys(("third", "thirds"), 1 / 3),
    **dict.fromkeys(("quarter", "quarters"), 0.25),
    **dict.fromkeys(("fifth", "fifths"), 0.2),
    **dict.fromkeys(("tenth", "tenths"), 0.1),
}
_MULTIPLES: Final = {
    **dict.fromkeys(("halve", "halved", "halves"), 0.5),
    **dict.fromkeys(("twice", "double", "doubled", "doubles", "pair", "couple"), 2.0),
    **dict.fromkeys(("thrice", "triple", "tripled", "triples"), 3.0),
    "quadruple": 4.0,
}
_AND_A_HALF: Final = ["and", "a", "half"]
_TOLERANCE: Final = 1e-6
_MAX_DIGITS: Final = 300  # longer runs of digits are no amounts, and float() would overflow


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a text.

    Attributes:
        value: The number as written, such as 90 in ``90 minutes``.
        kind: What its unit measures, such as ``time``; empty without a unit.
        scale: How many base units one of its units is; 1 without a unit.
    """

    value: float
    kind: str = ""
    scale: float = 1.0

    @property
    def base(self) -> float:
        """The amount in base units, such as seconds."""
        return self.value * self.scale


def agree(one: Quantity, other: Quantity) -> bool:
    """Whether two quantities can be the same amount; symmetric."""
    if one.kind and other.kind:
        return one.kind == other.kind and _same(one.base, other.base)
    return _same(one.value, other.value)


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)


def unmatched(ours: list[Quantity], theirs: list[Quantity]) -> list[Quantity]:
    """Return which of our quantities, each counted once, agree with none of theirs."""
    missing: list[Quantity] = []
    for one in ours:
        if one not in missing and not any(agree(one, other) for other in theirs):
            missing.append(one)
    return missing


def quantities_of(folded: str) -> list[Quantity]:
    """Return the quantities of a folded text in order.

    The articles and the word ``one`` are no quantities: a rephrasing adds and drops them freely.
    """
    tokens = [(m.lastgroup or "", m.group()) for m in _TOKEN.finditer(folded)]
    found: list[Quantity] = []
    place = 0
    while place < len(tokens):
        value, after = _number(tokens, place)
        if value is None:
            place += 1
            continue
        quantity, place = _with_unit(value, tokens, place, after)
        if quantity is not None:
            found.append(quantity)
    return found


Token = tuple[str, str]


def _number(tokens: list[Token], place: int) -> tuple[float | None, int]:
    """Read a number that starts at a token; return it and where it ends."""
    kind, text = tokens[place]
    if kind == "number":
        return _digits(tokens, place)
    if text in _MULTIPLES:
        return _MULTIPLES[text], place + 1
    if text in _PARTS:
        # "third" and "fifth" alone are ordinals; "a third of" is a share.
        share = text in {"half", "quarter"} or _word(tokens, place + 1) == "of"
        return (_PARTS[text] if share else None), place + 1
    if text in NUMBER_WORDS:
        return _spelled(tokens, place)
    if text in {"a", "an"}:
        return _after_an_article(tokens, place + 1)
    return None, place


def _after_an_article(tokens: list[Token], place: int) -> tuple[float | None, int]:
    """Read ``a hundred`` and ``an hour and a half``; an article alone is no number."""
    word = _word(tokens, place)
    if word in _SCALES:
        return _scaled(1.0, tokens, place)
    whole = word in UNITS and [_word(tokens, place + step) for step in (1, 2, 3)] == _AND_A_HALF
    return (1.0 if whole else None), place


def _digits(tokens: list[Token], place: int) -> tuple[float | None, int]:
    text = tokens[place][1].replace(",", "")
    if len(text) > _MAX_DIGITS or _word(tokens, place + 1) in ORDINALS:
        return None, place + 1
    value = float(text)
    if tokens[place + 1 : place + 2] == [("sign", "/")] and place + 2 < len(tokens):
        kind, below = tokens[place + 2]
        if kind == "number" and below.isdecimal() and len(below) <= 4 and int(below):
            return value / int(below), place + 3
    return _scaled(value, tokens, place + 1)


def _spelled(tokens: list[Token], place: int) -> tuple[float | None, int]:
    value = NUMBER_WORDS[tokens[place][1]]
    after = place + 1
    below = NUMBER_WORDS.get(_word(tokens, after), 0.0)
    if value >= 20 and 0 < below < 10:  # "twenty-five"
        value, after = value + below, after + 1
    part = _word(tokens, after)
    if part in _PARTS and part.endswith("s"):  # "three quarters"
        return value * _PARTS[part], after + 1
    if part in {"third", "fifth", "tenth", "quarter"} and value == 1:  # "one third"
        return _PARTS[part], after + 1
    value, end = _scaled(value, tokens, after)
    return (None if value == 1 and end == place + 1 else value), end


def _scaled(value: float, tokens: list[Token], place: int) -> tuple[float, int]:
    while (scale := _SCALES.get(_word(tokens, place), 0.0)) and math.isfinite(value * scale):
        value, place = value * scale, place + 1
        rest = place + 1 if _word(tokens, place) == "and" else place
        low = NUMBER_WORDS.get(_word(tokens, rest), 0.0)
        if scale == 100 and low:  # "two hundred and fifty"
            ones = NUMBER_WORDS.get(_word(tokens, rest + 1), 0.0) if low >= 20 else 0.0
            value += low + (ones if ones < 10 else 0.0)
            place = rest + (2 if 0 < ones < 10 else 1)
    return value, place


def _with_unit(
    value: float, tokens: list[Token], start: int, after: int
) -> tuple[Quantity | None, int]:
    """Give a number the unit that follows it, or the sign before it."""
    if start and tokens[start - 1][1] in {"$", "€", "£"}:
        return Quantity(value, "money"), after
    unit = _word(tokens, after)
    if unit in {"%", "percent", "pct"} or (unit == "per" and _word(tokens, after + 1) == "cent"):
        return Quantity(value / 100), after + (2 if unit == "per" else 1)
    if value == 0.5 and unit in {"a", "an"}:  # "half an hour"
        after, unit = after + 1, _word(tokens, after + 1)
    if [_word(tokens, after + step) for step in range(3)] == _AND_A_HALF:  # "two and a half hours"
        value, after, unit = value + 0.5, after + 3, _word(tokens, after + 3)
    if unit not in UNITS or (len(unit) == 1 and unit in FUNCTION_WORDS):
        return Quantity(value), after
    kind, scale = UNITS[unit]
    after += 1
    if [_word(tokens, after + step) for step in range(3)] == _AND_A_HALF:
        value, after = value + 0.5, after + 3  # "two hours and a half"
    return Quantity(value, kind, scale), after


def _word(tokens: list[Token], place: int) -> str:
    """Return a word or sign, or nothing where there is no token or a number."""
    if not 0 <= place < len(tokens) or tokens[place][0] == "number":
        return ""
    return tokens[place][1]
