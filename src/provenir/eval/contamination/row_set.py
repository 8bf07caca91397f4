"""Numbers of rows as one short text: ``3,7-9,15``, ascending, without a space."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final

from provenir.core.errors import InputError
from provenir.core.limits import MAX_SAFE_INTEGER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["format_rows", "parse_rows", "row_ranges"]

MOST_NAMED: Final = 1 << 24
"""Numbers that a text may name; a short one could name more than fit into memory."""
_RANGE: Final = re.compile(r"(0|[1-9][0-9]{0,15})(?:-([1-9][0-9]{0,15}))?")


def format_rows(rows: Iterable[int]) -> str:
    """Write numbers from 0 on; their order does not count, nor does one that stands twice."""
    numbered = enumerate(sorted(set(rows)))
    parts = []
    # Consecutive numbers have the same distance from their place in the order.
    for _, run in groupby(numbered, lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in run]
        parts.append(str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}")
    return ",".join(parts)


def row_ranges(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of a text, first and last number.

    Raises:
        InputError: The text is not what `format_rows` writes.
    """
    last = -2
    for part in text.split(",") if text else ():
        match = _RANGE.fullmatch(part)
        first, end = (int(match[1]), int(match[2] or match[1])) if match else (-1, -1)
        if first <= last + 1 or end < first or (match and match[2] and end == first):
            raise InputError(f"{part[:40]!r} in a list of rows is no ascending range of numbers")
        if end > MAX_SAFE_INTEGER:
            raise InputError(f"{part[:40]!r} in a list of rows is larger than any data set")
        yield first, end
        last = end


def parse_rows(text: str, *, below: int) -> set[int]:
    """Read the numbers of a text.

    Args:
        text: What `format_rows` wrote.
        below: How many rows there are.

    Raises:
        InputError: Not such a text, a number that is no row, or more than `MOST_NAMED` of them.
    """
    rows: set[int] = set()
    for first, end in row_ranges(text):
        if end >= below:
            raise InputError(f"row {end} of {below} in a list of rows")
        if len(rows) + end + 1 - first > MOST_NAMED:
            raise InputError(
                f"a list of rows names more than {MOST_NAMED:,}", mend="check the data in parts"
            )
        rows.update(range(first, end + 1))
    return rows
