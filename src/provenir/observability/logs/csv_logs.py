"""Logs in tables: any CSV with a heading, exports of Weights & Biases and of TensorBoard.

- Weights & Biases names the columns of a chart's export ``run - metric``, and beside each of them
  one ``run - metric__MIN`` and ``…__MAX`` over the points that were drawn as one;
- TensorBoard exports one tag a file, as CSV ``Wall time,Step,Value`` or as JSON triples, and names
  the file ``run-<run>-tag-<tag>`` with `_` in the place of each `/`.
"""

from __future__ import annotations

import csv
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError
from provenir.observability.logs.row import LogRow, RowFaults, log_row, read_cell
from provenir.observability.logs.text import JsonWindow, text_lines
from provenir.observability.metric_names import EXACT, STEP
from provenir.observability.metrics import step_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = [
    "SCALARS",
    "column_name",
    "heading_names",
    "run_names",
    "scalar_rows",
    "split_column",
    "table_rows",
]

SCALARS: Final = ("wall time", "step", "value")
MAX_COLUMNS: Final = 10_000
_RUN_MARK: Final = " - "
_BOUNDS: Final = ("__MIN", "__MAX")
_STEPS: Final = frozenset({"step", "steps", "iteration", "iter"})
_TAGGED: Final = re.compile(r"run-(?P<run>.*?)-tag-(?P<tag>.+)", re.DOTALL)
_FLATTENED: Final = {name.replace("/", "_"): name for name in reversed(tuple(EXACT))}


def table_rows(
    chunks: Iterable[bytes], where: str, faults: RowFaults, *, run: str | None = None
) -> Iterator[LogRow]:
    """Yield the rows of a table.

    Args:
        chunks: Its bytes.
        where: The file's name in messages.
        faults: Counts what cannot be read.
        run: Of an export of Weights & Biases, the run whose columns count.

    Raises:
        InputError: It has no heading, or is JSON.
    """
    lines = text_lines(chunks, where)
    first = next(lines, None)
    if first is None:
        raise InputError("an empty file", where=where, mend="give a file with a heading")
    if first[1].lstrip().startswith(b"{"):
        raise InputError("JSON and no table", where=where, mend="leave --from out")
    separator = _separator(first[1])
    names = [_read_name(name, run) for name in _cells(first[1], separator)]
    if len(names) > MAX_COLUMNS:
        raise InputError(f"more than {MAX_COLUMNS} columns", where=where, mend="export fewer")
    for number, line in lines:
        place = f"{where}:{number}"
        cells = _cells(line, separator)
        if len(cells) != len(names):
            faults.note("lines have another number of cells than the heading", place)
            continue
        raw = {name: read_cell(cell) for name, cell in zip(names, cells, strict=True) if name}
        known = {name: value for name, value in raw.items() if value is not None}
        if known:
            yield log_row(known, place, faults)


def scalar_rows(
    chunks: Iterable[bytes], where: str, faults: RowFaults, *, tag: str
) -> Iterator[LogRow]:
    """Yield the points of one tag that TensorBoard exported, as CSV or JSON.

    Raises:
        InputError: It is neither.
    """
    for place, step, value in _points(iter(chunks), where, faults):
        number = step_number(step)
        if number is None or not isinstance(value, int | float):
            faults.note("points without a step and a value", place)
        else:
            yield LogRow(place, number, {tag: value})


def column_name(file: str) -> tuple[str, str]:
    """Run and tag that TensorBoard's export is of, by the name of its file."""
    stem = PurePath(file).name.removesuffix(".gz").removesuffix(".zst").rpartition(".")[0]
    match = _TAGGED.fullmatch(stem)
    run, tag = (match["run"], match["tag"]) if match else ("", stem)
    bare = tag.removeprefix("train_")  # of `train/loss`, not the `train_loss` of a summary
    return run, _FLATTENED.get(bare) or _FLATTENED.get(tag) or tag


def heading_names(heading: bytes) -> list[str]:
    """The names of a table's columns."""
    names = [_read_name(name, None) for name in _cells(heading, _separator(heading))]
    return [name for name in names if name]


def run_names(heading: bytes) -> list[str]:
    """The runs that the columns of an export of Weights & Biases are of, in order."""
    columns = (split_column(name)[0] for name in _cells(heading, _separator(heading)))
    return list(dict.fromkeys(run for run in columns if run is not None))


def split_column(name: str) -> tuple[str | None, str]:
    """Run and metric of a column; no run where the name has none."""
    run, mark, metric = name.rpartition(_RUN_MARK)
    return (run, metric) if mark else (None, name)


def _points(
    chunks: Iterator[bytes], where: str, faults: RowFaults
) -> Iterator[tuple[str, Any, Any]]:
    first, whole = _peeked(chunks)
    if first == b"[":
        yield from _json_points(JsonWindow(whole, where), faults)
        return
    lines = text_lines(whole, where)
    heading = next(lines, (0, b""))[1]
    if tuple(cell.strip().lower() for cell in _cells(heading, ",")) != SCALARS:
        raise InputError(
            "no export of TensorBoard", where=where, mend="its heading is Wall time,Step,Value"
        )
    for number, line in lines:
        cells = [read_cell(cell) for cell in _cells(line, ",")]
        place = f"{where}:{number}"
        yield (place, cells[1], cells[2]) if len(cells) == len(SCALARS) else (place, None, None)


def _json_points(window: JsonWindow, faults: RowFaults) -> Iterator[tuple[str, Any, Any]]:
    window.take("[")
    while window.peek() not in ("]", ""):
        place = window.place
        point = window.value()
        triple = isinstance(point, list) and len(point) == len(SCALARS)
        yield (place, point[1], _number(point[2])) if triple else (place, None, None)
        if window.peek() == ",":
            window.take(",")
    if window.peek() == "":
        faults.note("the file ends too early", window.place)


def _number(value: object) -> object:
    return read_cell(value) if isinstance(value, str) else value


def _peeked(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first byte that says what a file is, and all of it again."""
    held = b""
    for chunk in chunks:
        held += chunk
        if held.strip():
            break

    def again() -> Iterator[bytes]:
        yield held
        yield from chunks

    return held.lstrip(b"\xef\xbb\xbf \t\r\n")[:1], again()


def _read_name(name: str, run: str | None) -> str | None:
    """What a column is called here; None where it does not count."""
    name = name.strip()
    of_run, metric = split_column(name)
    if run is not None and of_run is not None:
        if of_run != run or metric.endswith(_BOUNDS):
            return None
        name = metric
    return STEP if name.lower() in _STEPS else name or None


def _cells(line: bytes, separator: str) -> list[str]:
    text = line.decode("utf-8", "replace").rstrip("\r")
    reader: Callable[..., Any] = csv.reader
    try:
        return list(next(reader([text], delimiter=separator), []))
    except csv.Error:
        return []


def _separator(heading: bytes) -> str:
    return max(",;\t", key=lambda mark: heading.count(mark.encode()))
