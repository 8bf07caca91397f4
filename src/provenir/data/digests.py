"""The leaf inputs of a data set's tree, batch by batch, and the row that has none by name."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from provenir.core.canonical import example_digest
from provenir.core.errors import CanonicalizationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.data.reading import Reading, Row

BATCH_ROWS: Final = 512


def row_digests(rows: Iterator[Row], reading: Reading) -> Iterator[list[bytes]]:
    """Yield the example digests of rows in order, a batch at a time.

    Raises:
        CanonicalizationError: a row without a digest; `where` is its number and field.
    """
    while digests := [row_digest(row, reading, n) for n, row in _batch(rows)]:
        reading.rows += len(digests)
        yield digests


def _batch(rows: Iterator[Row]) -> Iterator[tuple[int, Row]]:
    return enumerate(islice(rows, BATCH_ROWS))


def row_digest(row: Row, reading: Reading, ahead: int) -> bytes:
    """The example digest of a row.

    Args:
        row: the row.
        reading: counts the rows of the batches before.
        ahead: how many rows of this batch are before this one.

    Raises:
        CanonicalizationError: the row has none; `where` is its number and field.
    """
    try:
        return example_digest(row)
    except CanonicalizationError as error:
        path = _first_refused(row)
        place = f"row {reading.rows + ahead}" + (f", field {path}" if path else "")
        raise CanonicalizationError(error.what, where=place, mend=error.mend) from error


def _first_refused(row: Row) -> str | None:
    """Name the first top-level field that the leaf rule refuses by itself."""
    for name, value in row.items():
        try:
            example_digest({name: value})
        except CanonicalizationError:
            return str(name)
    return None
