"""Inequalities and unions as intervals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from provenir.environments.verifiers.math.tree import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    _Ends = tuple[Fraction | float, Fraction | float]

__all__ = ["as_intervals"]

_SYMBOL: Final = re.compile(r"\\?[A-Za-z]+(?:_\{?\w+\}?)?")
_RISING: Final = {"<": False, "\\le": True}
_FALLING: Final = {">": False, "\\ge": True}
_INFINITY: Final = Answer("leaf", r"\infty")
_INFINITE: Final = re.compile(r"\s*([+-]?)\s*\\infty\s*")
_MINUS_INFINITY: Final = Answer("leaf", r"-\infty")


def as_intervals(answer: Answer) -> Sequence[Answer] | None:
    """Return the pieces of a range: intervals, open ones as pairs too, and single points.

    None where the answer is no range of one variable.
    """
    if answer.kind == "relation":
        belongs = answer.form == "\\in" and _is_symbol(answer.items[0])
        return as_intervals(answer.items[1]) if belongs else _range(answer)
    if answer.kind in ("union", "list"):
        if answer.kind == "list" and answer.form != "or":
            return None
        pieces = [as_intervals(item) for item in answer.items]
        if any(piece is None for piece in pieces):
            return None
        return merged([part for piece in pieces for part in piece or ()])
    if answer.kind == "difference":
        whole, points = as_intervals(answer.items[0]), answer.items[1]
        return without(whole, points.items) if whole and points.kind == "set" else None
    if answer.kind == "tuple" and len(answer.items) == 2:
        return [Answer("interval", answer.source, answer.items, form="()")]
    return [answer] if answer.kind in ("interval", "set") else None


def _range(answer: Answer) -> Sequence[Answer] | None:
    signs = answer.form.split()
    items = list(answer.items)
    if signs == ["\\ne"] and _is_symbol(items[0]):
        return without(
            [Answer("interval", "", (_MINUS_INFINITY, _INFINITY), form="()")], [items[1]]
        )
    if all(sign in _FALLING for sign in signs):
        items.reverse()
        signs = ["<" if sign == ">" else "\\le" for sign in reversed(signs)]
    if not signs or not all(sign in _RISING for sign in signs):
        return None
    symbols = [k for k, item in enumerate(items) if _is_symbol(item)]
    if len(items) == 3 and symbols == [1]:
        low, high = items[0], items[2]
        form = ("[" if _RISING[signs[0]] else "(") + ("]" if _RISING[signs[1]] else ")")
    elif len(items) == 2 and symbols == [0]:
        low, high, form = _MINUS_INFINITY, items[1], "(]" if _RISING[signs[0]] else "()"
    elif len(items) == 2 and symbols == [1]:
        low, high, form = items[0], _INFINITY, "[)" if _RISING[signs[0]] else "()"
    else:
        return None
    return [Answer("interval", answer.source, (low, high), form=form)]


def _is_symbol(answer: Answer) -> bool:
    named = answer.number is None and answer.source != r"\pi"
    return named and bool(_SYMBOL.fullmatch(answer.source))


def merged(pieces: Sequence[Answer]) -> Sequence[Answer]:
    """Join pieces that overlap or touch; as they are where an end is no number."""
    if not all(piece.kind == "interval" and _ends(piece) is not None for piece in pieces):
        return pieces
    joined: list[Answer] = []
    for piece in sorted(pieces, key=lambda one: (_numbers(one)[0], one.form[0] == "(")):
        if joined and _touch(joined[-1], piece):
            joined[-1] = _joined(joined[-1], piece)
        else:
            joined.append(piece)
    return joined


def without(pieces: Sequence[Answer], points: Sequence[Answer]) -> Sequence[Answer] | None:
    """Cut single points out of intervals; None where it cannot be told where they lie."""
    left = list(pieces)
    for point in points:
        for place, piece in enumerate(left):
            ends = _ends(piece) if piece.kind == "interval" else None
            if ends is None or point.number is None:
                return None
            if ends[0] < point.number.value < ends[1]:
                left[place : place + 1] = [
                    Answer("interval", "", (piece.items[0], point), form=piece.form[0] + ")"),
                    Answer("interval", "", (point, piece.items[1]), form="(" + piece.form[1]),
                ]
                break
        else:
            return None
    return left


def _ends(piece: Answer) -> _Ends | None:
    """Return both ends as numbers, where they are."""
    low, high = (_end(item) for item in piece.items)
    return None if low is None or high is None else (low, high)


def _end(item: Answer) -> Fraction | float | None:
    if item.number is not None:
        return item.number.value
    infinite = _INFINITE.fullmatch(item.source)
    return float(f"{infinite[1]}inf") if infinite else None


def _numbers(piece: Answer) -> _Ends:
    ends = _ends(piece)
    assert ends is not None  # noqa: S101 - `merged` has looked
    return ends


def _touch(first: Answer, second: Answer) -> bool:
    end, start = _numbers(first)[1], _numbers(second)[0]
    return start < end or (start == end and (first.form[1] == "]" or second.form[0] == "["))


def _joined(first: Answer, second: Answer) -> Answer:
    ends = _numbers(first)[1], _numbers(second)[1]
    if ends[0] == ends[1]:
        last, closed = first, "]" in (first.form[1], second.form[1])
    else:
        last = first if ends[0] > ends[1] else second
        closed = last.form[1] == "]"
    form = first.form[0] + ("]" if closed else ")")
    return Answer("interval", "", (first.items[0], last.items[1]), form=form)
