"""Points out of TensorBoard's event files, read by TensorBoard's own package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.core.errors import InputError
from provenir.core.extras import require
from provenir.observability.logs.row import LogRow, RowFaults
from provenir.observability.metrics import step_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["event_rows"]

_LOADER = "tensorboard.backend.event_processing.event_file_loader"
_ARRAYS = "tensorboard.util.tensor_util"


def event_rows(path: Path, faults: RowFaults) -> Iterator[LogRow]:
    """Yield the scalars of an event file, one row a point.

    Raises:
        MissingExtraError: TensorBoard is not installed.
        InputError: The file is no event file.
    """
    loader: Any = require("tensorboard", _LOADER)
    arrays: Any = require("tensorboard", _ARRAYS)
    number = 0
    try:
        for number, event in enumerate(loader.EventFileLoader(str(path)).Load(), 1):
            step = step_number(event.step)
            for value in event.summary.value:
                point = arrays.make_ndarray(value.tensor)
                if point.size == 1 and point.dtype.kind in "fiub":
                    yield LogRow(f"{path.name}:{number}", step, {value.tag: float(point.item())})
                else:
                    faults.note("points that are no scalars", f"{path.name}:{number}")
    except Exception as fault:
        what = f"no event file that can be read ({type(fault).__name__})"
        raise InputError(
            what, where=f"{path}, event {number + 1}", mend="export it anew"
        ) from fault
    if number == 0:  # the loader takes a file that it cannot read for one that has just begun
        raise InputError("no event in it", where=str(path), mend="give an event file")
