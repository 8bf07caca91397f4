"""What must agree for two texts to ask one question: numbers, names, and poles.

The same sentence with another number or another name is another question, and no embedding tells
the two apart. So each side's facts that the other lacks are counted, and only what is missing on
*both* sides is a conflict: a text that holds more (an answer, a hint) or less (a cut) is none.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.data.paraphrase.lexicon import FUNCTION_WORDS
from provenir.data.paraphrase.quantities import Quantity, quantities_of, unmatched
from provenir.data.paraphrase.terms import fold, poles_of, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Conflict", "Facts", "compare", "facts_of"]

_NAME: Final = re.compile(r"[^\W\d_a-z][^\W\d_]+")
_STARTS: Final = re.compile(r"(?:^|[.!?:;\n\"“(\[])\W*$")
_LOOK_BACK: Final = 8
_SAME_NAME_PREFIX: Final = 4  # Italy and Italian, Spain and Spanish
_COMMON: Final = frozenset({0.5, 1.0, 2.0})
_COMMON_WEIGHT: Final = 0.4  # "twice as many" may turn into "half as many", "2" into "both"


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one text.

    Attributes:
        quantities: Numbers with units, in order.
        names: Capitalised words within a sentence, folded.
        words: All words, folded.
        poles: Side taken of each pair of opposites.
    """

    quantities: tuple[Quantity, ...]
    names: frozenset[str]
    words: frozenset[str]
    poles: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Conflict:
    """How much two texts contradict each other; all zero where nothing does.

    Attributes:
        numbers: Quantities that differ; the common ones, such as 2, count less than one.
        names: Names that differ.
        poles: Pairs of opposites of which the texts take different sides.
    """

    numbers: float = 0.0
    names: int = 0
    poles: int = 0


def facts_of(text: str) -> Facts:
    """Return the facts of a text."""
    folded = fold(text)
    words = words_of(folded)
    return Facts(
        quantities=tuple(quantities_of(folded)),
        names=_names(unicodedata.normalize("NFKC", text)),
        words=frozenset(words),
        poles=poles_of(words),
    )


def _names(text: str) -> frozenset[str]:
    names = set()
    for match in _NAME.finditer(text):
        start = match.start()
        if text[start - 1 : start].isalnum() or _STARTS.search(
            text[max(0, start - _LOOK_BACK) : start]
        ):
            continue
        name = match.group()
        if name[0].isupper() and name.casefold() not in FUNCTION_WORDS:
            names.add(name.casefold())
    return frozenset(names)


def compare(one: Facts, other: Facts) -> Conflict:
    """Return what contradicts between two texts; symmetric."""
    return Conflict(
        numbers=min(_weight(one, other), _weight(other, one)),
        names=min(_strangers(one, other), _strangers(other, one)),
        poles=sum(other.poles.get(pair, side) != side for pair, side in one.poles.items()),
    )


def _weight(one: Facts, other: Facts) -> float:
    missing = unmatched(list(one.quantities), list(other.quantities))
    return sum(_COMMON_WEIGHT if quantity.value in _COMMON else 1.0 for quantity in missing)


def _strangers(one: Facts, other: Facts) -> int:
    return sum(not _named(name, other.words) for name in one.names)


def _named(name: str, words: frozenset[str]) -> bool:
    if name in words:
        return True
    prefix = name[:_SAME_NAME_PREFIX]
    return len(name) > _SAME_NAME_PREFIX and any(word.startswith(prefix) for word in words)
