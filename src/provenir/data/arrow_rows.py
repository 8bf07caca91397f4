"""Rows from Arrow data: Parquet files, `pyarrow` tables, Hugging Face datasets.

Batches of `BATCH_ROWS` rows, fewer where rows are large, are turned column by column into Python
values. A null is kept as None (leaf rule 1 reads a null field as an absent one).

A file of a few hundred bytes may name one large text a million times: how many rows are read at
once follows from the largest entries of its dictionaries.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import BoundsError, CanonicalizationError, InputError, ProvenirError
from provenir.core.extras import require
from provenir.data.arrow_types import Column, plan
from provenir.data.streams import MAX_RATIO, RATIO_GRACE_BYTES, opened, stored_chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from provenir.data.reading import Reading, Row

BATCH_ROWS: Final = 1024
BATCH_BYTES: Final = 16 << 20
BUFFER_BYTES: Final = 1 << 20
WARY_ROWS: Final = 64


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
    parts = (part for batch in iter(lambda: _next(batches, where), None) for part in _parts(batch))
    for batch in parts:
        values = [_values(batch, name, column, where) for name, column in columns.items()]
        if values:
            yield [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
        else:
            yield [{} for _ in range(batch.num_rows)]


def _parts(batch: Any) -> Iterator[Any]:
    """Cut a batch so that each part takes about `BATCH_BYTES` once its dictionaries are read out.

    Counted as if every row named the largest entry.
    """
    pa: Any = require("files", "pyarrow")
    each = sum(_largest_entry(pa, batch.column(n)) for n in range(batch.num_columns))
    rows = max(1, BATCH_BYTES // each) if each else batch.num_rows
    for start in range(0, batch.num_rows, max(rows, 1)):
        yield batch.slice(start, rows)


def _largest_entry(pa: Any, column: Any) -> int:
    """Bytes of the largest text or bytes in a column's dictionaries; 0 where it has none."""
    if not pa.types.is_dictionary(column.type) or not _is_text(column.type):
        return 0
    compute: Any = require("files", "pyarrow.compute")
    chunks = getattr(column, "chunks", [column])
    lengths = (compute.max(compute.binary_length(part.dictionary)).as_py() for part in chunks)
    return max((length or 0 for length in lengths), default=0)


def _is_text(kind: Any) -> bool:
    """Whether values are text or bytes, perhaps by reference to a dictionary."""
    types: Any = require("files", "pyarrow").types
    if types.is_dictionary(kind):
        kind = kind.value_type
    tests = (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    return any(test(kind) for test in tests)


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
            options = {"buffer_size": BUFFER_BYTES, "pre_buffer": False}
            rows = _rows_each(stream, options, str(path))
            file = parquet.ParquetFile(stream, **options)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise InputError(
                f"not a Parquet file ({_first_line(error)})",
                where=str(path),
                mend="fetch or write it again",
            ) from error
        yield from _file_rows(file, rows, os.fstat(stream.fileno()).st_size, path, reading)


def _rows_each(stream: Any, options: dict[str, Any], where: str) -> int:
    """How many rows of a Parquet file make a batch of about `BATCH_BYTES` in memory.

    What a row takes in the file is no bound for what it takes in memory where a text stands once
    in a dictionary and is named by every row; so the largest entry of every dictionary counts for
    each row. Below lists and structs the entries are not looked at, and `WARY_ROWS` are read.
    """
    parquet: Any = require("files", "pyarrow.parquet")
    plain = parquet.ParquetFile(stream, **options)
    about, schema = plain.metadata, plain.schema_arrow
    texts = [name for name in schema.names if _is_text(schema.field(name).type)]
    file = parquet.ParquetFile(stream, metadata=about, read_dictionary=texts, **options)
    rows = BATCH_ROWS
    for number in range(about.num_row_groups):
        group = about.row_group(number)
        rows = min(rows, batch_size(group.total_byte_size, group.num_rows))
        named = []
        for place in range(about.num_columns):
            chunk = group.column(place)
            _refuse_bomb(chunk, where)
            if chunk.physical_type != "BYTE_ARRAY" or "DICTIONARY" not in "".join(chunk.encodings):
                continue
            if chunk.path_in_schema in texts:
                named.append(chunk.path_in_schema)
            else:
                rows = min(rows, WARY_ROWS)
        if named:
            rows = min(rows, batch_size(_largest_row(file, number, named, where), 1))
    return rows


def _refuse_bomb(chunk: Any, where: str) -> None:
    """Refuse a column that expands as no data does: a page of it is decompressed as a whole."""
    expanded, stored = chunk.total_uncompressed_size, chunk.total_compressed_size
    if expanded > RATIO_GRACE_BYTES and expanded > MAX_RATIO * stored:
        raise BoundsError(
            f"column {chunk.path_in_schema} expands to more than {MAX_RATIO} times its size"
            " (decompression bomb?)",
            where=where,
            mend="write the file again without compression and pass that one",
        )


def _largest_row(file: Any, group: int, columns: list[str], where: str) -> int:
    """Bytes of a row of a row group that names the largest entry of each column's dictionary."""
    pa: Any = require("files", "pyarrow")
    batches = file.iter_batches(1, row_groups=[group], columns=columns, use_threads=False)
    first = _next(batches, where)
    return 0 if first is None else sum(_largest_entry(pa, column) for column in first.columns)


def _file_rows(file: Any, rows_each: int, size: int, path: Path, reading: Reading) -> Iterator[Row]:
    total = max(file.metadata.num_rows, 1)
    seen = told = 0
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
