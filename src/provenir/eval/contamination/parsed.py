"""The rows of a block as values, for the methods that read every row."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from provenir.data.json_parser import repeated_key
from provenir.data.overlap.engine import BlockResult
from provenir.data.overlap.frame import parse_rows
from provenir.data.overlap.hits import RawHit, Score, Span
from provenir.data.overlap.items import eval_item

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from provenir.data.overlap.blocks import RowBlock
    from provenir.data.overlap.items import EvalItem

__all__ = ["Match", "ParsedBlock", "items_of", "parse_block", "severity_of"]

Match: TypeAlias = tuple[int, Score, tuple[Span, ...]]
"""Number of an item, what leaked of it, what is common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedBlock:
    """The rows of a block.

    Attributes:
        values: The rows that are objects in which no key stands twice, by their number in the
            block.
        starts: Where each row begins.
        lengths: Bytes of each row, without its line end.
    """

    values: dict[int, dict[str, Any]]
    starts: list[int]
    lengths: list[int]

    def result(self, matches: Iterable[tuple[int, Match]]) -> BlockResult:
        """Return what a block holds.

        Args:
            matches: Numbers of rows, in order, with what they hold.
        """
        hits = [
            RawHit(
                row=row,
                offset=self.starts[row],
                length=self.lengths[row],
                item=item,
                score=score,
                spans=spans,
            )
            for row, (item, score, spans) in matches
        ]
        rows = len(self.starts)
        skipped = tuple(row for row in range(rows) if row not in self.values)
        return BlockResult(
            hits=tuple(hits), rows=rows, skipped=skipped, candidates=len(self.values)
        )


def parse_block(block: RowBlock) -> ParsedBlock:
    """Parse every row of a block."""
    # Every row is parsed here anyway: no kernel has to be compiled to find them.
    edges = parse_rows(block.buf, block.size)[0].tolist()
    values: dict[int, dict[str, Any]] = {}
    lengths = []
    for row, (begin, end) in enumerate(pairwise(edges)):
        line = bytes(block.buf[begin:end]).rstrip(b" \t\r\n")
        lengths.append(len(line))
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(value, dict) and repeated_key(line, value) is None:
            values[row] = value
    return ParsedBlock(values=values, starts=edges[:-1], lengths=lengths)


def items_of(
    sets: Mapping[str, Sequence[Mapping[str, Any]]], fields: tuple[str, ...] | None
) -> list[EvalItem]:
    """Read the items of eval sets, set by set in the order of their names."""
    return [
        eval_item(name, number, row, fields)
        for name in sorted(sets)
        for number, row in enumerate(sets[name])
    ]


def severity_of(role: str) -> str:
    """A passage by itself is worth knowing, and no leak of the question about it."""
    return "info" if role == "passage" else "critical"
