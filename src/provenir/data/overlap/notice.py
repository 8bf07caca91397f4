"""Whether a stretch of an item has the shape of a notice: a paragraph of its own at the head.

Licences, headers and stock instructions stand before what they are put to, in lines of their own,
and ask nothing. Text that was cut out of an item seldom ends where a paragraph does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from provenir.data.overlap.plain import SEED_WORDS

if TYPE_CHECKING:
    from provenir.data.overlap.index import EvalIndex

__all__ = ["heads"]

_BLANK_LINE: Final = re.compile(r"\n[^\S\n]*\n")
_ASKS: Final = "?\uff1f\u061f"


def heads(index: EvalIndex, item: int, first: int, last: int, slack: int) -> bool:
    """Say whether a stretch is a paragraph at the head of one of an item's texts.

    A stretch of one line ends at its line's end, one of several at a blank line; words follow.

    Args:
        index: The eval sets.
        item: Number of the item.
        first: First word of the stretch in the item.
        last: The word behind the last.
        slack: Words by which both ends may be off.
    """
    lo, hi = index.bounds[item : item + 2].tolist()
    segments = index.segments[lo:hi]
    segment = int(segments[first])
    own = (segments == segment).nonzero()[0]
    begin, end = int(own[0]), int(own[-1]) + 1
    if first - begin > slack or last > end or end - last < SEED_WORDS:
        return False
    text = index.items[item].segments[segment].text
    for behind in range(max(last - slack, begin + 1), last + slack + 1):
        after = int(index.ends[lo + behind - 1])
        between = text[after : int(index.starts[lo + behind])]
        paragraph = text[:after]
        ends = _BLANK_LINE.search(between) if "\n" in paragraph.strip() else "\n" in between
        if ends and not any(mark in paragraph + between for mark in _ASKS):
            return True
    return False
