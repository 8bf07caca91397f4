"""Inequalities and unions as intervals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from provenir.environments.verifiers.math.tree import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["as_intervals"]

_SYMBOL: Final = re.compile(r"\\?[A-Za-z]+(?:_\{?\w+\}?)?")
_RISING: Final = {"<": False, "\\le": True}
_FALLING: Final = {">": False, "\\ge": True}
_INFINITY: Final = Answer("leaf", r"\infty")
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
        return [part for piece in pieces for part in piece or ()]
    if answer.kind == "tuple" and len(answer.items) == 2:
        return [Answer("interval", answer.source, answer.items, form="()")]
    return [answer] if answer.kind in ("interval", "set") else None


def _range(answer: Answer) -> Sequence[Answer] | None:
    signs = answer.form.split()
    items = list(answer.items)
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
