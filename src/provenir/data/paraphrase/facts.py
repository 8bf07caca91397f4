"""What must agree for two texts to ask one question: numbers, names, poles, and what is asked.

The same sentence with another number or another name is another question, and no embedding tells
the two apart. So each side's facts that the other lacks are counted, and only what is missing on
*both* sides is a conflict: a text that holds more (an answer, a hint) or less (a cut) is none.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from provenir.data.paraphrase.lexicon import ASKED, FUNCTION_WORDS
from provenir.data.paraphrase.order import replaced
from provenir.data.paraphrase.quantities import Quantity, quantities_of, unmatched
from provenir.data.paraphrase.terms import content_terms, fold, poles_of, term, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Conflict", "Facts", "compare", "facts_of", "within"]

_NAME: Final = re.compile(r"[^\W\d_a-z][^\W\d_]+")
_STARTS: Final = re.compile(r"(?:^|[.!?:;\n\"“(\[])\W*$")
_ASKED: Final = re.compile(
    r"\b(?:" + "|".join(f"(?P<{kind}>{how})" for kind, how in ASKED.items()) + r")\b"
)
_UNTOLD: Final = 0.5  # one text says what it asks for, the other does not
_LOOK_BACK: Final = 8
_MOST_NAMES: Final = 2  # a story told of other people may still be the same problem
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
        asked: Kinds of what is asked for, such as ``person`` or ``time``.
        order: Stem or concept of each word, in order.
        content: Those of `order` that are no function words and no numbers.
    """

    quantities: tuple[Quantity, ...]
    names: frozenset[str]
    words: frozenset[str]
    poles: Mapping[int, int]
    asked: frozenset[str]
    order: tuple[str, ...]
    content: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """How much two texts contradict each other; all zero where nothing does.

    Attributes:
        numbers: Quantities that differ; the common ones, such as 2, count less than one.
        names: Names that differ.
        poles: Pairs of opposites of which the texts take different sides.
        asked: 1 where both say what they ask for and nothing is asked by both, 0.5 where one does.
        replaced: Content words that were replaced or moved in texts that otherwise run parallel.
    """

    numbers: float = 0.0
    names: int = 0
    poles: int = 0
    asked: float = 0.0
    replaced: float = 0.0


def facts_of(text: str) -> Facts:
    """Return the facts of a text."""
    folded = fold(text)
    words = words_of(folded)
    return Facts(
        quantities=tuple(quantities_of(folded)),
        names=_names(unicodedata.normalize("NFKC", text)).intersection(words),
        words=frozenset(words),
        poles=poles_of(words),
        asked=frozenset(match.lastgroup or "" for match in _ASKED.finditer(folded)),
        order=tuple(map(term, words)),
        content=tuple(content_terms(words)),
    )


def within(window: Facts, around: Facts) -> Facts:
    """Return the facts of a window with the numbers and names of the text around it.

    What a window leaves out may stand a sentence before it; what stands nowhere near contradicts.
    """
    return replace(window, quantities=around.quantities, names=around.names, words=around.words)


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
            names.add(fold(name))
    return frozenset(names)


def compare(one: Facts, other: Facts) -> Conflict:
    """Return what contradicts between two texts; symmetric."""
    return Conflict(
        numbers=min(_weight(one, other), _weight(other, one)),
        names=min(_strangers(one, other), _strangers(other, one)),
        poles=sum(other.poles.get(pair, side) != side for pair, side in one.poles.items()),
        asked=_asked(one.asked, other.asked),
        replaced=replaced((one.order, other.order), (one.content, other.content)),
    )


def _asked(one: frozenset[str], other: frozenset[str]) -> float:
    if one & other or not one | other:
        return 0.0
    return 1.0 if one and other else _UNTOLD


def _weight(one: Facts, other: Facts) -> float:
    missing = unmatched(list(one.quantities), list(other.quantities))
    return sum(_COMMON_WEIGHT if quantity.value in _COMMON else 1.0 for quantity in missing)


def _strangers(one: Facts, other: Facts) -> int:
    return min(_MOST_NAMES, sum(not _named(name, other.words) for name in one.names))


def _named(name: str, words: frozenset[str]) -> bool:
    if name in words:
        return True
    prefix = name[:_SAME_NAME_PREFIX]
    return len(name) > _SAME_NAME_PREFIX and any(word.startswith(prefix) for word in words)
