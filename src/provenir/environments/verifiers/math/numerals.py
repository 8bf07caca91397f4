"""Numerals: what is written as a number and needs no computing beyond reading it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from provenir.environments.verifiers.math.limits import MAX_DIGITS, MAX_MAGNITUDE, Undecided

__all__ = ["DEFAULT_TOLERANCE", "Numeral", "read_numeral", "same_number", "slack"]

DEFAULT_TOLERANCE: Final = Fraction(1, 1_000_000)
"""Relative difference that a written decimal may have where no tolerance was asked for."""

_WHOLE: Final = r"(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d{0,2}(?: \d{3})+(?![\d ])|\d+)"
_DECIMAL: Final = rf"(?:{_WHOLE}?\.\d+|{_WHOLE}\.?)"
_SIGN: Final = r"\s*([+-]?)\s*"
_TIMES: Final = r"\s*(?:\\times|\\cdot|[x])\s*"
_PLAIN: Final = re.compile(rf"{_SIGN}({_DECIMAL})")
_OVER: Final = re.compile(
    rf"{_SIGN}(?:\\frac\s*\{{{_SIGN}({_DECIMAL})\s*\}}\s*\{{{_SIGN}({_DECIMAL})\s*\}}"
    rf"|({_DECIMAL})\s*/\s*{_SIGN}({_DECIMAL}))"
)
_MIXED: Final = re.compile(
    rf"{_SIGN}({_WHOLE})(?:\s*(?:\\text\{{\s*and\s*\}}|and)?\s*"
    rf"\\frac\s*\{{\s*(\d+)\s*\}}\s*\{{\s*(\d+)\s*\}}|\s+(?:and\s+)?(\d+)\s*/\s*(\d+))"
)
_SCIENTIFIC: Final = re.compile(
    rf"{_SIGN}({_DECIMAL})(?:{_TIMES}10\s*\^\s*(?:\{{\s*([+-]?\d+)\s*\}}|([+-]?\d+))"
    r"|[eE]([+-]?\d+))"
)
_REPEATING: Final = re.compile(
    rf"{_SIGN}({_WHOLE}?)\.(\d*)(?:\\(?:overline|bar|dot)\s*\{{\s*(\d+)\s*\}}|\((\d+)\))"
)
_TRAILING: Final = re.compile(rf"{_SIGN}({_WHOLE}?)\.(\d*?)(\d)\4\4+\s*\.\.\.")
_UP_TO_TWENTY: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_TENS: Final = "thirty forty fifty sixty seventy eighty ninety"
_WORDS: Final = {word: value for value, word in enumerate(_UP_TO_TWENTY.split())} | {
    word: 10 * value for value, word in enumerate(_TENS.split(), 3)
}
_SCALES: Final = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 1_000,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_SCALED: Final = re.compile(
    rf"(.+?)\s*(?:\\text\{{)?\s*({'|'.join(_SCALES)})s?\s*\}}?", re.IGNORECASE
)

Form = Literal["integer", "decimal", "fraction"]


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number and how it was written.

    Attributes:
        value: The number, exact.
        form: ``integer`` and ``fraction`` are exact; a ``decimal`` may have been rounded.
        places: Decimal places; negative where powers of ten stand for them (1.2·10⁵ has -4).
    """

    value: Fraction
    form: Form
    places: int = 0

    @property
    def half_unit(self) -> Fraction:
        """Half a unit of the last place that was written."""
        return Fraction(10) ** -self.places / 2


def read_numeral(text: str) -> Numeral | None:
    """Return the number that the whole text writes, or None where it is no numeral.

    Args:
        text: In the spelling of `notation.normalise`.

    Raises:
        Undecided: It has more digits than anybody compares, or divides by zero.
    """
    text = text.strip()
    if not text:
        return None
    if max((len(run) for run in re.findall(r"\d+", text)), default=0) > MAX_DIGITS:
        raise Undecided("too_large", "a numeral is too long to be compared")
    for read in (_plain, _over, _mixed, _scientific, _repeating, _word):
        numeral = read(text)
        if numeral is not None:
            return numeral
    return None


def _number(digits: str) -> Fraction:
    return Fraction(re.sub("[, ]", "", digits).rstrip(".") or "0")


def _signed(sign: str, value: Fraction) -> Fraction:
    return -value if sign == "-" else value


def _places(digits: str) -> int:
    return len(digits.rpartition(".")[2]) if "." in digits.rstrip(".") else 0


def _plain(text: str) -> Numeral | None:
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    places = _places(match[2])
    value = _signed(match[1], _number(match[2]))
    return Numeral(value, "decimal" if places else "integer", places)


def _over(text: str) -> Numeral | None:
    match = _OVER.fullmatch(text)
    if match is None:
        return None
    over, under = (match[3], match[5]) if match[3] else (match[6], match[8])
    signs = [match[1], match[2] or "", match[4] or "", match[7] or ""]
    if not _number(under):
        raise Undecided("wrong_answer", "it divides by zero")
    value = _number(over) / _number(under)
    places = max(_places(over), _places(under))
    sign = "-" if sum(s == "-" for s in signs) % 2 else ""
    return Numeral(_signed(sign, value), "decimal" if places else "fraction", places)


def _mixed(text: str) -> Numeral | None:
    match = _MIXED.fullmatch(text)
    if match is None:
        return None
    over, under = (match[3], match[4]) if match[3] else (match[5], match[6])
    # Three and five halves is not how anybody writes a number: it may be a product.
    if not 0 < int(over) < int(under):
        raise Undecided("not_comparable", "a number beside an improper fraction says two things")
    value = _number(match[2]) + Fraction(int(over), int(under))
    return Numeral(_signed(match[1], value), "fraction")


def _scientific(text: str) -> Numeral | None:
    match = _SCIENTIFIC.fullmatch(text)
    if match is None:
        return None
    digits = match[3] or match[4] or match[5]
    if len(digits) > 6 or abs(int(digits)) > MAX_MAGNITUDE:
        raise Undecided("too_large", "a power of ten is too large to be compared")
    exponent = int(digits)
    value = _signed(match[1], _number(match[2])) * Fraction(10) ** exponent
    return Numeral(value, "decimal", _places(match[2]) - exponent)


def _repeating(text: str) -> Numeral | None:
    match = _REPEATING.fullmatch(text)
    if match is not None:
        sign, whole, fixed, period = match[1], match[2], match[3], match[4] or match[5]
    else:
        match = _TRAILING.fullmatch(text)
        if match is None:
            return None
        sign, whole, fixed, period = match[1], match[2], match[3], match[4]
    scale = Fraction(10) ** len(fixed)
    value = _number(whole) + Fraction(int(fixed or "0")) / scale
    value += Fraction(int(period), 10 ** len(period) - 1) / scale
    return Numeral(_signed(sign, value), "fraction")


def _word(text: str) -> Numeral | None:
    bare = re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", text).strip().lower()
    if bare in _WORDS:
        return Numeral(Fraction(_WORDS[bare]), "integer")
    tens, dash, ones = bare.partition("-")
    if dash and _WORDS.get(tens, 0) >= 20 and 0 < _WORDS.get(ones, 0) < 10:
        return Numeral(Fraction(_WORDS[tens] + _WORDS[ones]), "integer")
    match = _SCALED.fullmatch(text)
    if match is None:
        return None
    base = _plain(match[1].strip()) or _word(match[1].strip())
    if base is None:
        return None
    value = base.value * _SCALES[match[2].lower()]
    return Numeral(value, "integer" if value.denominator == 1 else base.form, base.places)


def same_number(reference: Numeral, answer: Numeral, tolerance: Fraction | None) -> bool:
    """Whether an answer has the reference's value.

    Args:
        reference: Decides how close is close enough.
        answer: What was answered.
        tolerance: Relative difference that is allowed where one of the two is no integer; None for
            the default: exact for exact references, and for decimals one part in a million that
            never reaches half a unit of the last place.
    """
    if reference.value == answer.value:
        return True
    if answer.form == "integer" and reference.form == "integer":
        return False
    if tolerance is None and answer.form == "fraction" and reference.form != "decimal":
        return False
    if tolerance is None and answer.form != "decimal" and _terminates(answer.value):
        return False
    return abs(reference.value - answer.value) <= slack(reference, answer, tolerance)


def slack(
    reference: Numeral | None, answer: Numeral | None, tolerance: Fraction | None
) -> Fraction:
    """Return the difference that is allowed between two numbers, relative where a side is None.

    A side that is None is a value without a numeral (a root, a logarithm), which is exact.
    """
    if reference is None:
        if tolerance is not None:
            return tolerance
        return DEFAULT_TOLERANCE if answer is not None and answer.form == "decimal" else Fraction(0)
    if tolerance is not None:
        return tolerance * abs(reference.value)
    if reference.value.denominator == 1:
        return Fraction(0)
    relative = DEFAULT_TOLERANCE * abs(reference.value)
    if reference.form == "fraction":
        return relative if answer is not None and answer.form == "decimal" else Fraction(0)
    # An endless value may have been cut off in the reference, and not rounded.
    exact = answer is None or answer.form != "decimal"
    return min(relative, reference.half_unit * (2 if exact else 1))


def _terminates(value: Fraction) -> bool:
    under = value.denominator
    for prime in (2, 5):
        while under % prime == 0:
            under //= prime
    return under == 1
