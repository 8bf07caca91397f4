"""Rows from a `pandas.DataFrame`, told by its shape so that pandas is never imported.

pandas marks a missing value by NaN, NaT or NA. All three become None, which leaf rule 1 reads as
absent; a finding says so, because a NaN that was meant as a number is then gone too.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.data.reading import Reading, Row

BATCH_ROWS: Final = 1024
_MISSING: Final = frozenset({"NAType", "NaTType"})
_INEXACT: Final = frozenset({"float16", "float32", "Float32"})


def is_frame(source: object) -> bool:
    """Whether `source` has the shape of a `pandas.DataFrame`."""
    return all(hasattr(source, name) for name in ("columns", "dtypes", "iloc", "to_dict"))


def frame_rows(frame: Any, reading: Reading) -> Iterator[Row]:
    """Yield the rows of a frame without its index.

    Raises:
        InputError: column names that are no text, or that occur twice.
    """
    names = list(frame.columns)
    odd = next((name for name in names if not isinstance(name, str)), None)
    if odd is not None:
        raise InputError(
            f"the column name {odd!r} is not text", where="DataFrame", mend="rename the columns"
        )
    if len(set(names)) != len(names):
        raise InputError("two columns have one name", where="DataFrame", mend="rename one of them")
    if reading.fields is not None:
        names = [name for name in names if name in reading.fields]
        frame = frame[names]
    for name, kind in zip(names, frame.dtypes, strict=True):
        if str(kind) in _INEXACT:
            reading.note(
                "inexact_column",
                f"column {name} holds {kind}: its digest may differ from that of the same rows "
                "as JSONL",
                subject=name,
            )
    for start in range(0, len(frame), BATCH_ROWS):
        rows = frame.iloc[start : start + BATCH_ROWS].to_dict("records")
        for row in rows:
            yield {name: _native(value, name, reading) for name, value in row.items()}
        reading.step(len(rows))


def _native(value: Any, name: str, reading: Reading) -> Any:
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind.__name__ in _MISSING or (kind is float and math.isnan(value)):
        reading.note(
            "missing_values",
            f"column {name} has missing values (NaN, NaT or NA); they are read as absent",
            subject=name,
        )
        return None
    if isinstance(value, dt.datetime) and getattr(value, "nanosecond", None) == 0:
        return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
    if kind.__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    return value
