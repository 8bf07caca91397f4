"""Which kind of log a file is, and its rows.

Rows come in the order of the file. Of several files of a table or of TensorBoard, which hold one
metric each, the rows are merged by step: a step that is lower than the one before begins the next
part of a run that was started again, and parts are merged with parts.
"""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from provenir.core.errors import InputError, UsageError
from provenir.data.reading import Reading
from provenir.data.streams import content_chunks, digest_only
from provenir.observability.logs.csv_logs import (
    SCALARS,
    column_name,
    heading_names,
    run_names,
    scalar_rows,
    split_column,
    table_rows,
)
from provenir.observability.logs.events import event_rows
from provenir.observability.logs.json_logs import HISTORY, history_rows, object_rows, verl_rows
from provenir.observability.logs.text import json_object, text_lines
from provenir.observability.metric_names import STEP, lookup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from provenir.observability.logs.row import LogRow, RowFaults

__all__ = ["SOURCES", "LogFiles", "find_log", "read_log"]

SOURCES: Final = ("trl", "verl", "wandb", "tensorboard", "csv", "jsonl")
STATE: Final = "trainer_state.json"
MAX_FILES: Final = 400
_HEAD_BYTES: Final = 1 << 20
_OF_A_RUN: Final = frozenset({"step", "time", "metrics", "nonfinite"})
_TEXT_BYTES: Final = 1 << 12
_EVENTS: Final = "tfevents"
_CONSOLE: Final = re.compile(rb"\bstep:\d{1,15} - [^\s:]{1,200}:")
"""How verl prints a step; its files hold the same numbers unrounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFiles:
    """The files of one log.

    Attributes:
        source: One of `SOURCES`.
        paths: The files, in order.
        run: Which run of an export counts; None where it is of one alone.
    """

    source: str
    paths: tuple[Path, ...]
    run: str | None = None

    def name_of(self, path: Path) -> str:
        """What one of the files is called in records: its name, with folders where need be."""
        for depth in range(1, len(path.parts)):
            end = path.parts[-depth:]
            if sum(other.parts[-depth:] == end for other in self.paths) == 1:
                return "/".join(end)
        return str(path)


def find_log(
    paths: Sequence[Path], *, source: str | None = None, run: str | None = None
) -> LogFiles:
    """Find out what kind of log lies there.

    Args:
        paths: Files, or one folder: of a trainer's output, a checkpoint, or TensorBoard's events.
        source: What it is, where the caller knows.
        run: Which run of an export of several is meant.

    Raises:
        InputError: A file is missing or empty, or of no known kind.
        UsageError: An unknown source, several kinds at once, or an export of several runs.
    """
    if source is not None and source not in SOURCES:
        raise UsageError(f"no source is called {source!r}", mend=f"one of {', '.join(SOURCES)}")
    files = tuple(chain.from_iterable(_files(path) for path in paths))
    if not files:
        raise UsageError("no file to import", mend="give the files of a log")
    if len(files) > MAX_FILES:
        raise UsageError(f"more than {MAX_FILES} files", mend="give fewer at once")
    heads = [(path, _head(path)) for path in files]
    for path, head in heads:
        _refuse_what_is_no_log(path, head)
    kinds = {source or _guess(path, head): path for path, head in heads}
    if len(kinds) > 1:
        told = ", ".join(f"{path.name} ({kind})" for kind, path in kinds.items())
        raise UsageError(f"files of different kinds: {told}", mend="import them one by one")
    (kind,) = kinds
    if kind == "trl" and len(files) > 1:
        raise UsageError(
            "several trainer states; each holds all that was logged before it",
            mend="give the newest alone",
        )
    if len({path.resolve() for path in files}) < len(files):
        raise UsageError("a file is given twice", mend="give each file once")
    return LogFiles(source=kind, paths=files, run=_chosen(kind, heads, run))


def read_log(
    files: LogFiles, faults: RowFaults, reading: Reading | None = None
) -> Iterator[LogRow]:
    """Yield the rows of a log; `reading` takes the digests of its files and the progress.

    Raises:
        InputError: A file cannot be read, or is of another kind.
        MissingExtraError: Its compression or its kind needs an extra that is not installed.
    """
    reading = reading or Reading()
    streams = [_rows(path, files, faults, reading) for path in files.paths]
    if len(streams) == 1 or files.source in ("verl", "jsonl"):
        return chain.from_iterable(streams)
    return _merged(streams)


def _rows(path: Path, files: LogFiles, faults: RowFaults, reading: Reading) -> Iterator[LogRow]:
    where = files.name_of(path)
    if files.source == "tensorboard" and _EVENTS in path.name:
        yield from event_rows(path, faults)
        digest_only(path, where, reading)
        return
    chunks = content_chunks(path, where, _compression(path), reading)
    if files.source == "trl":
        yield from history_rows(chunks, where, faults)
    elif files.source == "verl":
        yield from verl_rows(chunks, where, faults)
    elif files.source == "tensorboard":
        yield from scalar_rows(chunks, where, faults, tag=column_name(path.name)[1])
    elif files.source == "jsonl" or (files.source == "wandb" and _is_json(_head(path))):
        yield from object_rows(chunks, where, faults)
    else:
        yield from table_rows(chunks, where, faults, run=files.run)


def _merged(streams: Iterable[Iterator[LogRow]]) -> Iterator[LogRow]:
    keyed = heapq.merge(*(_keyed(rows) for rows in streams), key=lambda pair: pair[0])
    return (row for _, row in keyed)


def _keyed(rows: Iterator[LogRow]) -> Iterator[tuple[tuple[int, int, int], LogRow]]:
    """Each row with its part of the run, its step, and its number among rows of that step."""
    part, last, again = 0, None, 0
    for row in rows:
        step = row.step if row.step is not None else (0 if last is None else last + 1)
        if last is not None and step < last:
            part += 1
        again = again + 1 if step == last else 0
        last = step
        yield (part, step, again), row


def _files(path: Path) -> list[Path]:
    """The file itself, or what of a folder is a log."""
    if path.is_dir():
        found = _states(path) or sorted(path.rglob(f"*{_EVENTS}*"))
        if not found:
            raise InputError(
                f"neither {STATE} nor TensorBoard's events in it",
                where=str(path),
                mend="give the files of the log",
            )
        return found
    if not path.exists():
        raise InputError("there is no such file", where=str(path), mend="give the file of a log")
    return [path]


def _states(folder: Path) -> list[Path]:
    """The trainer's state of a folder, or of the newest checkpoint in it."""
    if (folder / STATE).is_file():
        return [folder / STATE]
    found = [
        (int(number), path / STATE)
        for path in folder.glob("checkpoint-*")
        if (number := path.name.rpartition("-")[2]).isdecimal() and (path / STATE).is_file()
    ]
    return [max(found)[1]] if found else []


def _head(path: Path) -> bytes:
    """The beginning of a file's content, at most 1 MiB; nothing of an event file."""
    if _EVENTS in path.name:
        return b""
    chunks = content_chunks(path, path.name, _compression(path), Reading(digest_files=False))
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    chunks.close()  # type: ignore[attr-defined]
    if not head.strip():
        raise InputError("an empty file", where=str(path), mend="give the file of a log")
    return head[:_HEAD_BYTES]


def _compression(path: Path) -> str | None:
    return path.suffix if path.suffix in (".gz", ".zst") else None


def _is_json(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def _refuse_what_is_no_log(path: Path, head: bytes) -> None:
    """Say of what is no log under any name what it is."""
    if b"\0" in head[:_TEXT_BYTES]:
        raise InputError(
            "binary data or UTF-16 text", where=str(path), mend="give a log in UTF-8 text"
        )
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")) and _CONSOLE.search(head):
        raise InputError(
            "what verl prints on the console, which is not read",
            where=str(path),
            mend="give the JSONL of its logger `file`: trainer.logger=['console','file']",
        )


def _guess(path: Path, head: bytes) -> str:
    if _EVENTS in path.name:
        return "tensorboard"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"{"):
        return _guess_objects(path, text)
    if text.startswith(b"["):
        return "tensorboard" if text[1:].lstrip().startswith(b"[") else "trl"
    names = heading_names(_first(head))
    if tuple(name.lower() for name in names) == SCALARS:
        return "tensorboard"
    if "_step" in names or any(_is_of_chart(name, names) for name in names):
        return "wandb"
    if any(lookup(name) is not None for name in names):
        return "csv"
    raise _unknown(path)


def _is_of_chart(name: str, names: Sequence[str]) -> bool:
    """Whether a column is one of Weights & Biases' charts, and no sentence with a dash in it."""
    run, metric = split_column(name)
    return run is not None and (STEP in names or lookup(metric) is not None)


def _guess_objects(path: Path, text: bytes) -> str:
    first = json_object(next(text_lines([text], path.name))[1])
    if first is None:
        if f'"{HISTORY}"'.encode() in text:
            return "trl"
        # One bad line at the beginning does not make a log another thing.
        lines = (json_object(line) for _, line in text_lines([text], path.name))
        first = next((found for found in lines if found is not None), None)
        if first is None:
            raise _unknown(path)
    if HISTORY in first:
        return "trl"
    if isinstance(first.get("data"), dict) and "step" in first:
        return "verl"
    if first.keys() >= _OF_A_RUN:
        raise InputError(
            "the steps of a run folder, which is a run already",
            where=str(path),
            mend=f"provenir report {path.parent}",
        )
    if not any(lookup(name) is not None for name in first):
        raise _unknown(path)
    return "wandb" if "_step" in first else "jsonl"


def _unknown(path: Path) -> InputError:
    return InputError(
        "no log of a known kind, or none of its names is a known metric",
        where=str(path),
        mend=f"say what it is with --from {'|'.join(SOURCES)}",
    )


def _chosen(kind: str, heads: Sequence[tuple[Path, bytes]], run: str | None) -> str | None:
    """The run whose values are meant."""
    if kind == "wandb":
        found = [
            name for _, head in heads if not _is_json(head) for name in run_names(_first(head))
        ]
    elif kind == "tensorboard":
        found = [column_name(path.name)[0] for path, _ in heads if _EVENTS not in path.name]
        found += [str(path.parent) for path, _ in heads if _EVENTS in path.name]
    else:
        found = []
    runs = list(dict.fromkeys(found))
    if run is not None and not runs:
        raise UsageError(
            f"{kind} names no runs, so {run!r} cannot be chosen", mend="leave --run out"
        )
    if run is not None and run not in runs:
        raise UsageError(f"no run is called {run!r}", mend=f"one of {', '.join(runs[:10])}")
    if len(runs) > 1 and run is None:
        raise UsageError(
            f"several runs: {', '.join(runs[:10])}", mend="choose one of them with --run"
        )
    return run or (runs[0] if runs else None)


def _first(head: bytes) -> bytes:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").splitlines()[0]
