"""Logs in JSON: TRL's `trainer_state.json`, verl's file logger, one object per line.

- `transformers` writes `trainer_state.json` with a list `log_history`, one object a log entry;
- verl's logger `file` (`verl/utils/tracking.py`) writes ``{"step": n, "data": {name: value}}``;
- tinker, prime-rl and many loops write one flat object per line; so do exports of the history of
  a run from Weights & Biases, there with `_step`, `_runtime` and `_timestamp`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError
from provenir.observability.logs.row import LogRow, RowFaults, log_row
from provenir.observability.logs.text import JsonWindow, json_object, text_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["history_rows", "object_rows", "verl_rows"]

HISTORY: Final = "log_history"
_NO_OBJECT: Final = "lines are no JSON objects"


def object_rows(chunks: Iterable[bytes], where: str, faults: RowFaults) -> Iterator[LogRow]:
    """Yield the rows of a file with one flat object per line."""
    for place, found in _objects(chunks, where, faults):
        yield log_row(found, place, faults)


def verl_rows(chunks: Iterable[bytes], where: str, faults: RowFaults) -> Iterator[LogRow]:
    """Yield the rows of verl's file logger."""
    for place, found in _objects(chunks, where, faults):
        data = found.get("data")
        if isinstance(data, dict):
            yield log_row({**data, "step": found.get("step")}, place, faults)
        else:
            faults.note("lines have no object under `data`", place)


def history_rows(chunks: Iterable[bytes], where: str, faults: RowFaults) -> Iterator[LogRow]:
    """Yield the entries of `log_history` in a trainer's state, or of a list of entries alone.

    A file that ends too early gives what stands before its end.

    Raises:
        InputError: It holds no such list.
    """
    chunks = iter(chunks)
    window = JsonWindow(chunks, where)
    if window.peek() == "{":
        _go_to_history(window)
    try:
        yield from _entries(window, faults)
    except InputError as fault:
        faults.note(fault.what, fault.where or where)
    for _ in chunks:  # to the end, for the digest
        continue


def _go_to_history(window: JsonWindow) -> None:
    window.take("{")
    while window.peek() == '"':
        key: Any = window.value()
        window.take(":")
        if key == HISTORY and window.peek() == "[":
            return
        window.value()
        if window.take(",}") == "}":
            break
    raise InputError(
        f"no list `{HISTORY}` in it", where=window.place, mend="give a trainer_state.json"
    )


def _entries(window: JsonWindow, faults: RowFaults) -> Iterator[LogRow]:
    window.take("[")
    if window.peek() == "]":
        return
    while True:
        window.peek()
        place = window.place
        entry = window.value()
        if isinstance(entry, dict):
            yield log_row(entry, place, faults)
        else:
            faults.note("entries are no JSON objects", place)
        if window.take(",]") == "]":
            return


def _objects(
    chunks: Iterable[bytes], where: str, faults: RowFaults
) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in text_lines(chunks, where):
        place = f"{where}:{number}"
        found = json_object(line)
        if found is None:
            faults.note(_NO_OBJECT, place)
        else:
            yield place, found
