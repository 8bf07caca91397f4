r"""Reading one final answer: sets, tuples, intervals, lists, relations, matrices and leaves.

The text comes from a model. Nothing here evaluates it; it is split at its brackets, and what has
two meanings gets a kind of its own, so that the reference can decide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from provenir.environments.verifiers.math import scanning
from provenir.environments.verifiers.math.intervals import as_intervals
from provenir.environments.verifiers.math.limits import (
    MAX_ANSWER_CHARS,
    MAX_DEPTH,
    MAX_ITEMS,
    Undecided,
)
from provenir.environments.verifiers.math.notation import normalise, unwrap_text
from provenir.environments.verifiers.math.numerals import read_numeral
from provenir.environments.verifiers.math.tree import Answer
from provenir.environments.verifiers.math.units import split_unit

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["read_answer"]

_COMMA: Final = re.compile(r"[,;]")
_LOOSE_COMMA: Final = re.compile(r",(?!\d{3}(?!\d))|(?<!\d),|;")
_LOOSE: Final = re.compile(r",?\s*(?<![A-Za-z\\])(?:or|and)(?![A-Za-z]),?\s*")
_RELATION: Final = re.compile(
    r"\\(?:le|ge|ne|in|approx|equiv|to|sim)(?![A-Za-z])|(?<![\\<>!:])[=<>]|:="
)
_ONE_NAME: Final = re.compile(r"\\?[A-Za-z]+(?:_\{?\w+\}?)?")
_UNION: Final = re.compile(r"\\cup(?![A-Za-z])")
_WITHOUT: Final = re.compile(r"\\(?:setminus|backslash)(?![A-Za-z])")
_RATIO: Final = re.compile(r"(?<=[\d\w}])\s*:\s*(?=[\d\w\\])")
_PLUS_MINUS: Final = re.compile(r"\\(pm|mp)(?![A-Za-z])")
_MATRIX: Final = re.compile(
    r"\\begin\s*\{([pbvBV]?matrix|smallmatrix|array)\}(?:\s*\{[clr|]*\})?(.*)\\end\s*\{\1\}",
    re.DOTALL,
)
_CHOICE: Final = re.compile(
    r"(?:(?:[Oo]ption|[Cc]hoice)\s+)?(?:\\text\{\s*)?\(?\s*([A-Ja-j])\s*\)?\s*\}?\s*[.:)]?"
)
_CHOICE_WITH_TEXT: Final = re.compile(
    r"(?:\\text\{)?(?:\(([A-J])\)\}?|([A-J])[.:)]\}?)\s*(\S.*)", re.DOTALL
)
_SEVERAL_CHOICES: Final = re.compile(r"(?<![A-Za-z\\])(?:or|and|[A-J])(?![A-Za-z])|[,/&;]")
_WORDS: Final = re.compile(r"[A-Za-z][A-Za-z'’.\- ]*")
_COMMANDS: Final = re.compile(r"\\(?!text)[A-Za-z]+")
_EDGES: Final = re.compile(r"^(?:\\\[|\\\(|\$\$)\s*|\s*(?:\\\]|\\\)|\$\$)$")
_SUCH_THAT: Final = re.compile(r"[|:]")
_OF_REALS: Final = re.compile(r"[a-z](?:\s*\\in\s*\\mathbb\s*\{?\s*R\s*\}?)?")
_LETTERS: Final = re.compile(r"\(?[A-J]\)?(?:\s*(?:,|,?\s*and\s)\s*\(?[A-J]\)?)+")
_PAIRS: Final = {"(": ")", "[": "]", "\\{": "\\}", "\\langle": "\\rangle"}
_OPENING: Final = re.compile(r"\\\{|\\langle(?![A-Za-z])|[(\[\]]")
_CLOSING: Final = re.compile(r"(\\\}|\\rangle|[)\]\[])$")


def read_answer(text: str) -> Answer:
    """Read one answer.

    Args:
        text: The answer alone, as it was written.

    Raises:
        Undecided: It is empty, too long, nested too deeply, or a numeral in it is too large.
    """
    if len(text) > MAX_ANSWER_CHARS:
        raise Undecided("too_large", "the answer is too long to be compared")
    text = _clean(normalise(_undelimited(text)))
    if not text:
        raise Undecided("no_answer", "the answer is empty")
    choice = _choice(text)
    if choice is not None:
        return choice
    deep = scanning.depth(text)
    if deep > MAX_DEPTH:
        raise Undecided("too_large", "the answer is nested too deeply to be compared")
    if deep < 0 and not re.match(r"^[\](\[]", text):
        return Answer("text", unwrap_text(text))
    return _read(text)


def _undelimited(text: str) -> str:
    """Drop the signs of mathematics around the whole text; a dollar sign alone is money."""
    text = text.strip()
    bold = re.fullmatch(r"(\*\*|__|`)(.+)\1", text, re.DOTALL)
    if bold and bold[1] not in bold[2]:
        text = bold[2].strip()
    text = _EDGES.sub("", _EDGES.sub("", text))
    unescaped = re.findall(r"(?<!\\)\$", text)
    if len(unescaped) % 2 == 0:
        text = re.sub(r"(?<!\\)\$", " ", text)
    return text


def _clean(text: str) -> str:
    text = re.sub(r"\\(?:fbox|boxed)\s*\{([^{}]*)\}", r"\1", text.strip())
    if text.endswith("..."):
        return text
    return re.sub(r"(?<=[^\s\\])\s*[.,;:]+$", "", text).strip()


def _read(text: str) -> Answer:
    text = _unbraced(text)
    whole = (_choice, _numeral, _matrix, _loose_list, _relation, _ratio, _bracketed, _comma_list)
    for read in whole:
        answer = read(text)
        if answer is not None:
            return answer
    if text == r"\mathbb{R}":
        return _read(r"(-\infty,\infty)")
    return _plus_minus(text) or _words(text) or _leaf(text)


def _unbraced(text: str) -> str:
    while text.startswith("{") and scanning.closing(text, 0) == len(text) - 1 and len(text) > 2:
        text = text[1:-1].strip()
    return text


def _items(parts: Iterable[str]) -> tuple[Answer, ...]:
    items = [part for part in parts if part.strip()]
    if len(items) > MAX_ITEMS:
        raise Undecided("too_large", f"more than {MAX_ITEMS} elements are not compared")
    return tuple(_read(part.strip()) for part in items)


def _elements(text: str) -> tuple[list[str], list[str]]:
    """Split at commas: at all of them, or, where some have a space behind, not inside numbers."""
    spaced = re.search(r"[,;]\s", scanning.top_level(text))
    return scanning.split_top(text, _LOOSE_COMMA if spaced else _COMMA)


def _choice(text: str) -> Answer | None:
    match = _CHOICE.fullmatch(text)
    if match and (match[1].isupper() or "(" in text):
        return Answer("choice", text, form=match[1])
    match = _CHOICE_WITH_TEXT.fullmatch(text)
    if match and not _SEVERAL_CHOICES.search(match[3]):
        return Answer("choice", text, form=match[1] or match[2])
    return None


def _numeral(text: str) -> Answer | None:
    number = read_numeral(text)
    if number is not None:
        return Answer("leaf", text, number=number)
    bare, unit = split_unit(text)
    if bare == text:
        return None
    number = read_numeral(bare)
    return None if number is None else Answer("leaf", bare, number=number, unit=unit)


def _matrix(text: str) -> Answer | None:
    match = _MATRIX.fullmatch(text)
    bracketed = re.fullmatch(r"[\[(]\s*(\\begin.*\\end\s*\{[a-z]+\})\s*[\])]", text, re.DOTALL)
    if match is None and bracketed:
        match = _MATRIX.fullmatch(bracketed[1])
    if match is None or match[1] in ("vmatrix", "Vmatrix"):
        return None
    rows = [row for row in re.split(r"\\\\", match[2]) if row.strip()]
    return _rows([re.split(r"(?<!\\)&", row) for row in rows], text)


def _rows(cells: list[list[str]], text: str) -> Answer:
    if not cells or len({len(row) for row in cells}) != 1:
        raise Undecided("not_comparable", "a matrix has rows of different lengths")
    items = _items(cell for row in cells for cell in row)
    if len(items) != len(cells) * len(cells[0]):
        raise Undecided("not_comparable", "a matrix has empty entries")
    return Answer("matrix", text, items, form=f"{len(cells)}x{len(cells[0])}")


def _loose_list(text: str) -> Answer | None:
    parts, found = scanning.split_top(text, _LOOSE)
    if not found or not all(parts):
        return None
    # "1, 2 and 3" is one list; what its commas hold are elements as well.
    pieces = [piece for part in parts for piece in _elements(part)[0]]
    return Answer("list", text, _items(pieces), form="or" if "or" in found[-1] else "and")


def _relation(text: str) -> Answer | None:
    if _several_relations(text):
        return None
    parts, operators = scanning.split_top(text, _RELATION)
    if not operators or not all(parts) or "=>" in text.replace(" ", ""):
        return None
    if operators[-1] == "\\approx" and not _ONE_NAME.fullmatch(parts[-2]):
        # What is said to be about 2.236 was given exactly before.
        parts, operators = parts[:-1], operators[:-1]
        if not operators:
            return _read(parts[0])
    operators = ["=" if sign in (":=", "\\approx", "\\equiv") else sign for sign in operators]
    return Answer("relation", text, _items(parts), form=" ".join(operators))


def _several_relations(text: str) -> bool:
    parts, commas = _elements(text)
    return bool(commas) and sum(bool(scanning.split_top(part, _RELATION)[1]) for part in parts) > 1


def _ratio(text: str) -> Answer | None:
    parts, colons = scanning.split_top(text, _RATIO)
    return Answer("ratio", text, _items(parts)) if colons and all(parts) else None


def _bracketed(text: str) -> Answer | None:
    pieces, cups = scanning.split_top(text, _UNION)
    if cups and all(pieces):
        return Answer("union", text, _items(pieces))
    pieces, minus = scanning.split_top(text, _WITHOUT)
    if len(minus) == 1 and all(pieces):
        return Answer("difference", text, _items(pieces))
    opening, ending = _OPENING.match(text), _CLOSING.search(text)
    if opening is None or ending is None or ending.start() < opening.end():
        return None
    inside = text[opening.end() : ending.start()].strip()
    if scanning.depth(inside) < 0 or not inside:
        return None
    return _inside(inside, text, opening[0], ending[0])


def _inside(inside: str, text: str, opening: str, ending: str) -> Answer | None:
    """Read what stands between two brackets, which say what it is."""
    parts = _elements(inside)[0]
    if opening == "\\{" and ending == "\\}":
        return _described(inside) or (
            None if "|" in scanning.top_level(inside) else Answer("set", text, _items(parts))
        )
    if opening == "[" and len(parts) > 1 and all(re.fullmatch(r"\[.*\]", p) for p in parts):
        return _rows([_elements(part[1:-1])[0] for part in parts], text)
    if len(parts) == 1:
        return _read(inside) if _PAIRS.get(opening) == ending else None
    if len(parts) == 2 and opening + ending in ("[]", "[)", "(]", "][", "[[", "]]"):
        form = ("[" if opening == "[" else "(") + ("]" if ending == "]" else ")")
        return Answer("interval", text, _items(parts), form=form)
    if _PAIRS.get(opening) != ending:
        return None
    if len(parts) == 2 and any("\\infty" in part for part in parts):
        return Answer("interval", text, _items(parts), form="()")
    return Answer("tuple", text, _items(parts))


def _described(inside: str) -> Answer | None:
    r"""Read ``\{x \mid x > 2\}`` as the range that it describes; nothing for another condition."""
    parts, bars = scanning.split_top(inside, _SUCH_THAT)
    if len(bars) != 1 or not all(parts) or not _OF_REALS.fullmatch(parts[0]):
        return None
    condition = _read(parts[1])
    return condition if as_intervals(condition) and condition.kind == "relation" else None


def _comma_list(text: str) -> Answer | None:
    parts, commas = _elements(text)
    if not commas or not all(parts) or _words(text):
        return None
    return Answer("list", text, _items(parts))


def _plus_minus(text: str) -> Answer | None:
    r"""Write out ``a \pm b``; ``\mp`` takes the other sign of the same choice."""
    signs = _PLUS_MINUS.findall(text)
    if not signs or signs.count("pm") > 1 or signs[0] == "mp":
        return None
    both = []
    for upper, lower in (("+", "-"), ("-", "+")):
        written = re.sub(r"\\pm(?![A-Za-z])", upper, text)
        written = re.sub(r"\\mp(?![A-Za-z])", lower, written)
        both.append(re.sub(r"^\s*\+|(?<=[({\[,])\s*\+", "", written))
    return Answer("list", text, _items(both))


def _words(text: str) -> Answer | None:
    r"""Read a leaf of words: ``\text{even}``, ``Monday``, ``no solution``."""
    bare = unwrap_text(text).strip()
    whole = re.fullmatch(r"\\text\s*\{([^{}]*)\}", text)
    if whole and (re.match(r"[-+$]?\d", bare) or _LETTERS.fullmatch(bare)):
        return _read(bare)
    if whole and re.search(r"[A-Za-z]", bare):
        return Answer("text", bare)
    if _COMMANDS.search(bare) or not _WORDS.fullmatch(bare):
        return None
    return Answer("text", bare) if re.search(r"[A-Za-z]{3}", bare) else None


def _leaf(text: str) -> Answer:
    bare, unit = split_unit(text)
    number = read_numeral(bare)
    return Answer("leaf", bare or text, number=number, unit=unit)
