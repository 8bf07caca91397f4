"""Canaries into records, without changing what was handed in."""

from __future__ import annotations

import gzip
import io
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from provenir.core.errors import UsageError
from provenir.core.extras import require
from provenir.core.new_files import write_new
from provenir.data.dataset import Dataset, as_dataset
from provenir.data.frames import is_frame

if TYPE_CHECKING:
    from provenir.eval.canary.token import Canary

__all__ = ["FIELD", "tag_records"]

FIELD: Final = "canary"
_SENTENCE: Final = "Evaluation data, not for training. Canary {canary}"


def tag_records(
    dataset: Any,
    canary: Canary,
    *,
    field: str = FIELD,
    records: int | None = None,
    out: str | PathLike[str] | None = None,
) -> Any:
    """Put a canary into records; see `CanaryGuard.tag`."""
    if out is not None:
        return _written(list(as_dataset(dataset).rows()), Path(out), canary, field, records)
    if not as_dataset(dataset).readable:
        raise UsageError(
            f"a {type(dataset).__name__} is a stream, which is never consumed",
            where="tag",
            mend="pass the rows as a list, a file, or a datasets.Dataset",
        )
    if _is_read_anew(dataset):
        rows = list(as_dataset(dataset).rows())
        return Dataset(_tagged_rows(rows, canary, field, records))
    if is_frame(dataset):
        return dataset.assign(**{field: _column(dataset, canary, field, records)})
    if hasattr(dataset, "append_column"):
        return _tagged_table(dataset, _column(dataset, canary, field, records), field)
    if hasattr(dataset, "add_column"):
        return _tagged_hub(dataset, _column(dataset, canary, field, records), field)
    rows = _tagged_rows(list(as_dataset(dataset).rows()), canary, field, records)
    return tuple(rows) if isinstance(dataset, tuple) else rows


def _is_read_anew(dataset: Any) -> bool:
    """Whether the rows lie elsewhere, in files or behind a `Dataset`."""
    if isinstance(dataset, (list, tuple)):
        return bool(dataset) and isinstance(dataset[0], (str, PathLike))
    return isinstance(dataset, (str, PathLike, Dataset))


def _chosen(total: int, records: int | None) -> set[int]:
    """Which of `total` records get it: `records` of them, spread evenly."""
    if records is None:
        return set(range(total))
    if type(records) is not int or records < 1:
        raise UsageError(f"records={records!r}", where="tag", mend="give a number from 1, or None")
    if records > total:
        raise UsageError(
            f"{records:,} records are to be tagged, and there are {total:,}", where="tag"
        )
    return {number * total // records for number in range(records)}


def _with_canary(value: object, canary: Canary, row: int, field: str) -> str:
    """The field's new text: what it was, and the canary after it."""
    sentence = _SENTENCE.format(canary=canary)
    if value is None or value == "":
        return sentence
    if not isinstance(value, str):
        raise UsageError(
            f"field {field} holds a {type(value).__name__}, and a canary is text",
            where=f"row {row}",
            mend="name a field of text, or one that is not there yet",
        )
    return value if canary in value else f"{value}\n{sentence}"


def _tagged_rows(
    rows: list[dict[str, Any]], canary: Canary, field: str, records: int | None
) -> list[dict[str, Any]]:
    chosen = _chosen(len(rows), records)
    return [
        {**row, field: _with_canary(row.get(field), canary, number, field)}
        if number in chosen
        else dict(row)
        for number, row in enumerate(rows)
    ]


def _column(dataset: Any, canary: Canary, field: str, records: int | None) -> list[str | None]:
    """The values of the field in an object that has columns."""
    if field in list(getattr(dataset, "column_names", None) or dataset.columns):
        values = [row.get(field) for row in Dataset(dataset, fields=(field,)).rows()]
    else:
        values = [None] * len(dataset)
    chosen = _chosen(len(values), records)
    return [
        _with_canary(value, canary, number, field) if number in chosen else value
        for number, value in enumerate(values)
    ]


def _tagged_table(table: Any, values: list[str | None], field: str) -> Any:
    pyarrow: Any = require("files", "pyarrow")
    column = pyarrow.array(values, pyarrow.string())
    if field not in table.column_names:
        return table.append_column(field, column)
    return table.set_column(table.column_names.index(field), field, column)


def _tagged_hub(dataset: Any, values: list[str | None], field: str) -> Any:
    names = dataset.column_names
    if field not in names:
        return dataset.add_column(field, values)
    return dataset.remove_columns(field).add_column(field, values).select_columns(names)


def _written(
    rows: list[dict[str, Any]], out: Path, canary: Canary, field: str, records: int | None
) -> Dataset:
    suffixes = [suffix.lower() for suffix in out.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    if (suffixes[:-1] if zipped else suffixes)[-1:] not in ([".jsonl"], [".ndjson"]):
        raise UsageError(
            "tagged records are written as JSON lines",
            where=str(out),
            mend="give the copy a name that ends in .jsonl or .jsonl.gz",
        )
    lines = io.BytesIO()
    for row in _tagged_rows(rows, canary, field, records):
        lines.write(orjson.dumps(row) + b"\n")
    data = lines.getvalue()
    write_new(out, gzip.compress(data, mtime=0) if zipped else data)
    return Dataset(out)
