r"""Units behind a number: ``5 cm``, ``\$5``, ``5\text{ apples}``, ``90^\circ``, ``50%``.

A unit that only one side writes is no difference; two different measures are, and so are a
measure and a word that is none. Nothing is converted. What was counted (apples) does not matter.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["LABEL", "MEASURES", "same_unit", "split_unit"]

_NAMES: Final = {
    "%": "%",
    "deg": "degree degrees deg ^\\circ",
    "rad": "radian radians rad",
    "$": "$ dollar dollars usd",
    "cent": "cent cents ¢",
    "EUR": "€ euro euros eur",
    "GBP": "£ pounds-sterling gbp",
    "INR": "₹ rs rupee rupees inr",
    "JPY": "¥ yen jpy",
    "mm": "mm millimeter millimeters millimetre millimetres",
    "cm": "cm centimeter centimeters centimetre centimetres",
    "dm": "dm decimeter decimeters",
    "m": "m meter meters metre metres",
    "km": "km kilometer kilometers kilometre kilometres",
    "in": "in. inch inches",
    "ft": "ft foot feet",
    "yd": "yd yard yards",
    "mi": "mile miles mi",
    "mg": "mg milligram milligrams",
    "g": "g gram grams",
    "kg": "kg kilogram kilograms kgs",
    "lb": "lb lbs pound pounds",
    "oz": "oz ounce ounces",
    "t": "ton tons tonne tonnes",
    "ms": "ms millisecond milliseconds",
    "s": "s sec secs second seconds",
    "min": "min mins minute minutes",
    "h": "h hr hrs hour hours",
    "day": "day days",
    "week": "week weeks",
    "month": "month months",
    "year": "year years yr yrs",
    "ml": "ml milliliter milliliters millilitre millilitres",
    "L": "l liter liters litre litres",
    "gal": "gallon gallons gal",
    "ha": "hectare hectares",
    "acre": "acre acres",
    "mph": "mph",
    "N": "n newton newtons",
    "J": "j joule joules",
    "kJ": "kj kilojoule kilojoules",
    "W": "watt watts",
    "V": "volt volts",
    "A": "ampere amperes amp amps",
    "ohm": "ohm ohms omega",
    "Hz": "hz hertz",
    "K": "kelvin kelvins",
    "Pa": "pa pascal pascals",
    "mol": "mol moles mole",
}
MEASURES: Final = {spelling: unit for unit, names in _NAMES.items() for spelling in names.split()}
"""Spelling in lower case → the unit."""

LABEL: Final = "#"
"""The unit of what has a label that measures nothing known: apples, students, xm."""

_GENERAL: Final = re.compile(
    r"(?:(?:square|sq\.?|cubic|cu\.?)\s+)?units?(?:\s+squared)?|per\b.*|each"
)
_LONGEST: Final = 300  # characters of a value with its unit; it bounds the patterns' cost
_SINGLE: Final = frozenset("mgshlnj")  # as bare letters they may as well be variables
_MATHEMATICAL_WORDS: Final = (
    "or and plus minus times over divided by not to factorial squared cubed negative point half "
    "halves third thirds quarter quarters hundred thousand million billion trillion dozen if where "
    "mod modulo choose is are none than more less least most between except infinity undefined "
    "through"
)
_NOT_LABELS: Final = frozenset(_MATHEMATICAL_WORDS.split())
_PREFIX: Final = re.compile(
    r"^\s*([+-]?)\s*(?:(?:\\text\{\s*)?"
    r"(\\\$|(?:US)?[$€£₹¥]|(?:USD|EUR|Rs\.?)(?![A-Za-z]))(?:\s*\})?)\s*([+-]?)"
    r"\s*(?=[\d.\\])"
)
_HEDGE: Final = re.compile(
    r"^\s*(?:\\text\{\s*)?(?:about|approximately|approx\.?|exactly|roughly|\\approx)\s*\}?\s*",
    re.IGNORECASE,
)
_TEXT_LABEL: Final = re.compile(
    r"^(.*?[\d}\w)%.])\s*\\text\s*\{((?:[^{}]|\{\d\})*)\}\s*"
    r"(?:\^\s*\{?\s*([23])\s*\}?)?\s*$",
    re.DOTALL,
)
_BARE_LABEL: Final = re.compile(
    r"^(.*?[\d}.])(\s*)([A-Za-z]+\.?(?:(?:\s+|\s*/\s*|-)[A-Za-z]+\.?){0,5})\s*"
    r"(?:\^\s*\{?\s*([23])\s*\}?)?\s*$",
    re.DOTALL,
)
_SIGN: Final = re.compile(
    r"^(.*?[\d})\w])\s*(%|\^\\circ\s*(?:[CF]|\\text\s*\{\s*[CF]\s*\})?|°|\\Omega|\\\$|[$€£₹¥¢])\s*$",
    re.DOTALL,
)
_TRIGONOMETRY: Final = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)")


def split_unit(text: str) -> tuple[str, str]:
    """Return the text without its unit, and the unit; empty where it has none or a mere label."""
    if len(text) > _LONGEST:
        return text.strip(), ""
    text = _HEDGE.sub("", text)
    prefixed = _PREFIX.match(text)
    if prefixed:
        symbol = prefixed[2].rstrip(".").lower().lstrip("\\").removeprefix("us$") or "$"
        rest, behind = split_unit(prefixed[1] + prefixed[3] + text[prefixed.end() :])
        money = MEASURES.get(symbol, "$")
        return rest, money if behind in ("", LABEL, money) else f"{money} {behind}"
    signed = _SIGN.match(text)
    if signed and not ("circ" in signed[2] and _TRIGONOMETRY.search(signed[1])):
        symbol = signed[2]
        unit = "deg" if "circ" in symbol else MEASURES.get(symbol.lstrip("\\").lower(), symbol)
        return signed[1].strip(), unit
    labelled = _TEXT_LABEL.match(text)
    if labelled and _is_label(labelled[2]):
        return labelled[1].strip(), _unit(labelled[2], labelled[3])
    bare = _BARE_LABEL.match(text)
    if bare and _is_bare_unit(bare[3], spaced=bool(bare[2]), number=bare[1]):
        return bare[1].strip(), _unit(bare[3], bare[4])
    return text.strip(), ""


def _is_label(label: str) -> bool:
    words = re.findall(r"[A-Za-z]+", label.lower())
    return (
        bool(words)
        and len(words) <= 6
        and not _NOT_LABELS & set(words)
        and bool(re.fullmatch(r"[A-Za-z\s.,/()-]*", re.sub(r"\^\s*\{?[23]\}?", "", label)))
    )


def _is_bare_unit(label: str, *, spaced: bool, number: str) -> bool:
    """Whether words without a font are a unit: known ones, or words after a plain number."""
    if not _is_label(label) or re.search(r"\\[A-Za-z]+$", number):
        return False
    words = re.findall(r"[A-Za-z.]+", label)
    first = words[0].lower()
    if len(words[0]) == 1:
        plain = bool(re.fullmatch(r"[-+\d.,]+", number))
        return spaced and first in _SINGLE and words[0].islower() and plain
    if not spaced:
        plain = bool(re.fullmatch(r"[-+\d.,\s]+", number))
        return len(words) == 1 and first in MEASURES and plain
    return all(len(word) > 1 for word in words) or first in MEASURES


def _unit(label: str, power: str | None) -> str:
    """Return the measure that a label names; `LABEL` for what was counted, nothing for "units"."""
    text = label.strip().rstrip(".").lower()
    if _GENERAL.fullmatch(text):
        return ""
    squared = re.match(r"(?:square|sq\.?)\s+(.*)$|(.*)\s+squared$", text)
    cubed = re.match(r"(?:cubic|cu\.?)\s+(.*)$|(.*)\s+cubed$", text)
    for match, exponent in ((squared, "2"), (cubed, "3")):
        if match:
            text, power = match[1] or match[2], exponent
    parts = [_measure(part.strip()) for part in re.split(r"\s*/\s*|\s+per\s+", text)]
    if parts == ["mi", "h"]:
        parts = ["mph"]
    if not all(parts):
        # "dollars per apple" measures money; what follows a known measure says what it is of.
        first = MEASURES.get(re.split(r"[\s/]", text)[0], "")
        return first + (f"^{power}" if power else "") if first else LABEL
    return "/".join(parts) + (f"^{power}" if power else "")


def _measure(text: str) -> str:
    """Return one measure with its power, such as ``s^2``; nothing for any other word."""
    match = re.fullmatch(r"(.*?)(?:\s*\^\s*\{?([23])\}?)?", text)
    unit = MEASURES.get(match[1], "") if match else ""
    return f"{unit}^{match[2]}" if match and unit and match[2] else unit


def same_unit(reference: str, answer: str) -> bool:
    """Whether two units agree; one that is not written agrees with every other."""
    return not reference or not answer or reference == answer or answer.startswith(f"{reference}/")
