"""Rows from Arrow data: Parquet files, `pyarrow` tables, Hugging Face datasets.

Batches of `BATCH_ROWS` rows, fewer where rows are large, are turned column by column into Python
values. A null is kept as
None (leaf rule 1 reads a null field as an absent one).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import CanonicalizationError, InputError, ProvenirError
from provenir.core.extras import require
from provenir.data.arrow_types import Column, plan
from provenir.data.streams import opened, stored_chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from provenir.data.reading import Reading, Row

BATCH_ROWS: Final = 1024
BATCH_BYTES: Final = 16 << 20
BUFFER_BYTES: Final = 1 << 20


def batch_rows(
    batches: Iterable[Any], schema: Any, where: str, reading: Reading
) -> Iterator[list[Row]]:
    """Yield the rows of each batch.

    Args:
        batches: `pyarrow.RecordBatch`es or small `pyarrow.Table`s.
        schema: their `pyarrow.Schema`; judged even where there is no batch.
        where: the place in messages.
        reading: fields, findings.

    Raises:
        CanonicalizationError: a column without a form under leaf rule 1, by name.
        InputError: two columns of one name, or data that Arrow cannot read.
    """
    columns = plan_columns(schema, where, reading)
    batches = iter(batches)
    while (batch := _next(batches, where)) is not None:
        values = [_values(batch, name, column, where) for name, column in columns.items()]
        if values:
            yield [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
        else:
            yield [{} for _ in range(batch.num_rows)]


def plan_columns(schema: Any, where: str, reading: Reading) -> dict[str, Column]:
    """Decide for every wanted column how it is read (see `arrow_types`)."""
    names = schema.names
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"two columns are called {twice!r}", where=where, mend="rename one")
    wanted = [name for name in names if reading.fields is None or name in reading.fields]
    return {name: plan(schema.field(name).type, name, reading) for name in wanted}


def _next(batches: Iterator[Any], where: str) -> Any:
    pa: Any = require("files", "pyarrow")
    try:
        return next(batches, None)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, ProvenirError):
            raise
        raise InputError(
            f"Arrow cannot read the data ({_first_line(error)})",
            where=where,
            mend="fetch or write it again",
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _values(batch: Any, name: str, column: Column, where: str) -> list[Any]:
    pa: Any = require("files", "pyarrow")
    array = batch.column(name)
    try:
        if array.type != column.type:
            array = array.cast(column.type)
        values: list[Any] = array.to_pylist()
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise CanonicalizationError(
            f"column {name} holds a value that Python cannot hold exactly ({_first_line(error)})",
            where=where,
            mend="store times in microseconds and text as UTF-8, or leave it out with fields=",
        ) from error
    if column.convert is None:
        return values
    return [None if value is None else column.convert(value) for value in values]


def parquet_rows(path: Path, name: str, reading: Reading) -> Iterator[Row]:
    """Yield the rows of a Parquet file, holding a row batch and the pages it needs.

    Half of the file's progress is reported while its digest is taken, half while it is read.

    Raises:
        InputError: unreadable or corrupt.
        CanonicalizationError: see `batch_rows`.
        MissingExtraError: pyarrow is not installed.
    """
    pa: Any = require("files", "pyarrow")
    parquet: Any = require("files", "pyarrow.parquet")
    with opened(path) as stream:
        if reading.digest_files:
            for _ in stored_chunks(stream, path, name, reading):
                continue
            stream.seek(0)
        try:
            file = parquet.ParquetFile(stream, buffer_size=BUFFER_BYTES, pre_buffer=False)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise InputError(
                f"not a Parquet file ({_first_line(error)})",
                where=str(path),
                mend="fetch or write it again",
            ) from error
        yield from _file_rows(file, os.fstat(stream.fileno()).st_size, path, reading)


def _file_rows(file: Any, size: int, path: Path, reading: Reading) -> Iterator[Row]:
    about = file.metadata
    total = max(about.num_rows, 1)
    seen = told = 0
    groups = [about.row_group(number) for number in range(about.num_row_groups)]
    rows_each = min(
        (batch_size(group.total_byte_size, group.num_rows) for group in groups), default=BATCH_ROWS
    )
    batches = file.iter_batches(batch_size=rows_each, use_threads=False)
    for rows in batch_rows(batches, file.schema_arrow, str(path), reading):
        yield from rows
        seen += len(rows)
        reading.step(size * seen // total - told)
        told = size * seen // total
    reading.step(size - told)


def batch_size(total_bytes: int, rows: int) -> int:
    """How many rows make a batch of about `BATCH_BYTES`, at most `BATCH_ROWS`, at least 1."""
    return max(1, min(BATCH_ROWS, BATCH_BYTES * rows // max(total_bytes, 1)))


def table_rows(table: Any, where: str, reading: Reading) -> Iterator[Row]:
    """Yield the rows of a `pyarrow.Table`."""
    batches = table.to_batches(max_chunksize=batch_size(table.nbytes, len(table)))
    for rows in batch_rows(batches, table.schema, where, reading):
        yield from rows
        reading.step(len(rows))


def hub_rows(dataset: Any, where: str, reading: Reading) -> Iterator[Row]:
    """Yield the rows of a Hugging Face `datasets.Dataset` as stored, without its transform.

    `with_format("arrow")` gives Arrow tables with selection and order applied and no decoding
    (an image stays its bytes), whatever format the trainer set.
    """
    if (dataset.format or {}).get("type") == "custom":
        reading.note(
            "transform_not_applied",
            "the dataset has a transform (set_transform, with_transform); its identity is that of "
            "the stored rows, before it",
        )
    rows_each = batch_size(dataset.data.nbytes, len(dataset.data))
    tables = dataset.with_format("arrow").iter(batch_size=rows_each)
    for rows in batch_rows(tables, dataset.features.arrow_schema, where, reading):
        yield from rows
        reading.step(len(rows))
