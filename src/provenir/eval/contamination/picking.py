"""Rows of training data by their numbers, with the places that a check would give them.

One pass over the whole corpus: rows are counted as the scan counts them, and the hashes of its
chunks are made by the way.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from provenir.core.errors import InputError
from provenir.data.json_parser import LINES_MEND, RowParser, has_long_digits, repeated_key
from provenir.data.overlap.blocks import Buffers, RowBlock
from provenir.data.overlap.frame import frame
from provenir.data.overlap.row_blocks import line_blocks, value_blocks
from provenir.data.reading import Reading
from provenir.eval.contamination.examining import row_digest
from provenir.eval.contamination.hit import TrainPlace
from provenir.eval.contamination.scan import SLACK_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from provenir.eval.contamination.corpus import Corpus

__all__ = ["Picked", "PickedRow", "pick_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedRow:
    """A row as it is.

    Attributes:
        place: Where it lies, with its digest.
        value: The row; None where it cannot be read.
        block: The row alone, to be scanned; None where it cannot be read.
        ambiguous: Whether a key stands twice in it, so that readers differ over what it holds.
    """

    place: TrainPlace
    value: dict[str, Any] | None
    block: RowBlock | None
    ambiguous: bool = False


@dataclass(slots=True)
class Picked:
    """What a pass found.

    Attributes:
        found: The wanted rows by number; those that are not there are missing.
        rows: The rows of each file; one number where there are none.
        leaves: The leaf hashes of each file.
    """

    found: dict[int, PickedRow] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    leaves: list[list[bytes]] = field(default_factory=list)


def pick_rows(
    corpus: Corpus, wanted: Collection[int], progress: Callable[[int], None] | None = None
) -> Picked:
    """Read the whole corpus and return some of its rows.

    Args:
        corpus: The training data.
        wanted: Numbers of rows, from 0.
        progress: Called with the bytes (of rows in memory: the rows) since the last call.

    Raises:
        InputError: The data cannot be read.
    """
    picked, numbers = Picked(), sorted(wanted)
    buffers = Buffers(corpus.piece_bytes + SLACK_BYTES)
    first = 0
    for file in range(max(len(corpus.files), 1)):
        name = corpus.files[file].file.name if corpus.files else None
        before, lines = first, 0
        leaves: list[bytes] = []
        streamed: list[bytes] = []
        for piece in corpus.pieces(file, streamed):
            block, memory = (piece, None) if isinstance(piece, RowBlock) else piece.read(buffers)
            starts = frame(block.buf, block.size)[0]
            here = numbers[
                bisect_left(numbers, first) : bisect_left(numbers, first + len(starts) - 1)
            ]
            for number in here:
                at = number - first
                picked.found[number] = _row(block, starts[at : at + 2].tolist(), at, name, lines)
            rows = len(starts) - 1 + (block.too_long is not None)
            first += rows
            lines += block.lines
            leaves += block.leaves
            if memory is not None:
                buffers.give(memory)
            if progress is not None:
                progress(block.advance or (rows if block.offset is None else 0))
        picked.rows.append(first - before)
        picked.leaves.append(leaves or streamed)
    return picked


def _row(block: RowBlock, edges: list[int], at: int, file: str | None, lines: int) -> PickedRow:
    begin, end = edges
    line = block.buf[begin:end].tobytes().rstrip(b" \t\r\n")
    value, alone = _read(line)
    given = value if block.rows is None else block.rows[at]
    digest = None if given is None else row_digest(given)
    twice = value is not None and repeated_key(line, value) is not None
    if block.offset is None:
        place = TrainPlace(file=file, digest=digest)
        return PickedRow(place=place, value=value, block=alone, ambiguous=twice)
    ends = int(np.count_nonzero(block.buf[:begin] == ord("\n")))
    place = TrainPlace(
        file=file,
        line=lines + block.lines_before + ends + 1,
        offset=block.offset + begin,
        length=len(line),
        digest=digest,
    )
    return PickedRow(place=place, value=value, block=alone, ambiguous=twice)


def _read(line: bytes) -> tuple[dict[str, Any] | None, RowBlock | None]:
    """A line as a row, and as a block of it alone."""
    parser = RowParser("line", Reading(), LINES_MEND)
    try:
        value = orjson.loads(line)
        (block,) = line_blocks([line], len(line) + 1)
        if has_long_digits(line):
            value = parser.line(line, 1)
    except orjson.JSONDecodeError:
        try:
            value = parser.line(line, 1)
            (block,) = value_blocks([value], 1)
        except InputError:
            return None, None
    except InputError:  # no object, though it is JSON
        return None, None
    return (value, block) if isinstance(value, dict) else (None, None)
