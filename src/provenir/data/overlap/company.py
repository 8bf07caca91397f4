"""Whether a few common words that are an item's question stand in a row as a question does.

A question such as "What is this used for?" is in many texts by chance. It is taken for a leak where
it has lines of its own, or where half of what else the item says stands around it: options with
other labels, an answer that was reworded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["has_lines", "in_company"]

LABEL: Final = 2
"""Words such as "Question 7:" before a question in its line."""
COMPANY: Final = 0.5
"""Share of the other words of the item, by weight, that stands around the question."""
AROUND: Final = 12
"""Words before and behind the question that are looked at, beyond twice those of the others."""
_WORD: Final = re.compile(r"[^\W_]+")


def has_lines(text: str, begin: int, end: int) -> bool:
    """Say whether a stretch of a text has lines of its own, but for a label before it.

    Args:
        text: A text of a row.
        begin: Where the stretch begins.
        end: Where it ends.
    """
    before = text[:begin].rpartition("\n")[2]
    behind = text[end:].partition("\n")[0]
    return len(_WORD.findall(before)) <= LABEL and not _WORD.search(behind)


def in_company(
    others: NDArray[Any], weights: NDArray[Any], before: NDArray[Any], behind: NDArray[Any]
) -> bool:
    """Say whether half of the other words of an item stand around its question.

    Args:
        others: uint64, the item's words that are no part of its question.
        weights: float32, what each weighs.
        before: uint64, the row's words before the question.
        behind: uint64, those behind it.
    """
    room = 2 * len(others) + AROUND
    stands = np.isin(others, np.concatenate([before[-room:], behind[:room]]))
    return float(weights[stands].sum()) >= COMPANY * float(weights.sum())
