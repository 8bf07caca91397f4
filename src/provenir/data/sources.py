"""Every kind of source, and the one place that tells which kind an object is.

Libraries are recognised by the module that defines a class, so none of them is imported here.
A source whose rows can be read only once, or are computed when asked for, is never read: reading
it would take rows from the trainer, or give others than the trainer sees. Its identity is
unknown, and `Streamed.refusal` says why.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError, UsageError
from provenir.data.arrow_rows import hub_rows, parquet_rows, table_rows
from provenir.data.digests import row_digests
from provenir.data.frames import frame_rows, is_frame
from provenir.data.jsonlines import line_digests, line_rows
from provenir.data.jsonrows import array_rows
from provenir.data.paths import DataFile, expand, may_hold_data
from provenir.data.streams import content_chunks, digest_only

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.data.reading import Reading, Row, Source

_REPORT_EVERY: Final = 1024


@dataclass(frozen=True, slots=True)
class Records:
    """Rows held in memory: a list, a tuple, or any other sequence of mappings."""

    rows: Sequence[Any]
    label: str = "records"
    unit: str = "rows"
    refusal: None = None

    @property
    def total(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def read(self, reading: Reading) -> Iterator[Row]:
        """Yield the rows; see `Source`."""
        for number, row in enumerate(self.rows):
            if number % _REPORT_EVERY == 0 and number:
                reading.step(_REPORT_EVERY)
            if isinstance(row, dict):
                yield row
            elif isinstance(row, Mapping):
                yield dict(row)
            else:
                raise InputError(
                    f"a row must be a dict, this one is of type {type(row).__name__}",
                    where=f"row {number}",
                    mend="pass a list of dicts",
                )
        reading.step(len(self.rows) % _REPORT_EVERY or min(len(self.rows), _REPORT_EVERY))

    def file_identities(self, reading: Reading) -> None:
        """Nothing: there are no files."""


@dataclass(frozen=True, slots=True)
class Files:
    """Rows in files, one file after the other."""

    files: tuple[DataFile, ...]
    ignored: tuple[str, ...] = ()
    label: str = "files"
    unit: str = "bytes"
    refusal: None = None

    @property
    def total(self) -> int:
        """Stored bytes to pass through (Parquet counts twice: digest, then rows)."""
        return sum(_size(file.path) * (2 if file.format == "parquet" else 1) for file in self.files)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Files of the folders that are of no kind that is read, and may hold data."""
        return tuple(filter(may_hold_data, self.ignored))

    def read(self, reading: Reading) -> Iterator[Row]:
        """Yield the rows; see `Source`."""
        self.note_ignored(reading)
        for file in self.files:
            yield from _READERS[file.format](file, reading)

    def digests(self, reading: Reading) -> Iterator[list[bytes]]:
        """Yield the example digests of the rows, batch by batch; see `row_digests`."""
        self.note_ignored(reading)
        for file in self.files:
            if file.format == "lines":
                yield from line_digests(_content(file, reading), str(file.path), reading)
            else:
                yield from row_digests(_READERS[file.format](file, reading), reading)

    def note_ignored(self, reading: Reading) -> None:
        """Make a finding of the files in the folders that are not read."""
        if self.ignored:
            shown = ", ".join(self.ignored[:8]) + (", …" if len(self.ignored) > 8 else "")
            reading.note(
                "ignored_files",
                f"{len(self.ignored)} files in the folder are no data files and were left out: "
                f"{shown}",
            )

    def file_identities(self, reading: Reading) -> None:
        """Record every digest anew, without reading rows."""
        reading.files.clear()
        for file in self.files:
            digest_only(file.path, file.name, reading)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise InputError(f"cannot look at the file ({error.strerror})", where=str(path)) from error


def _content(file: DataFile, reading: Reading) -> Iterator[bytes]:
    return content_chunks(file.path, file.name, file.compression, reading)


def _read_lines(file: DataFile, reading: Reading) -> Iterator[Row]:
    return line_rows(_content(file, reading), str(file.path), reading)


def _read_json(file: DataFile, reading: Reading) -> Iterator[Row]:
    return array_rows(_content(file, reading), str(file.path), reading)


def _read_parquet(file: DataFile, reading: Reading) -> Iterator[Row]:
    return parquet_rows(file.path, file.name, reading)


_READERS: Final[dict[str, Callable[[DataFile, Reading], Iterator[Row]]]] = {
    "lines": _read_lines,
    "json": _read_json,
    "parquet": _read_parquet,
}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of an object of another library, read through `rows`."""

    held: Any
    label: str
    rows: Callable[[Any, Reading], Iterator[Row]]
    unit: str = "rows"
    refusal: None = None

    @property
    def total(self) -> int:
        """Number of rows."""
        return len(self.held)

    def read(self, reading: Reading) -> Iterator[Row]:
        """Yield the rows; see `Source`."""
        return self.rows(self.held, reading)

    def file_identities(self, reading: Reading) -> None:
        """Nothing: the object's own cache files are not the user's."""


@dataclass(frozen=True, slots=True)
class Subset:
    """The rows of another source but some; read from it whenever they are asked for."""

    whole: Source
    dropped: frozenset[int]
    refusal: None = None

    @property
    def label(self) -> str:
        """The word for the whole."""
        return self.whole.label

    @property
    def total(self) -> int | None:
        """What a pass over the whole reports."""
        return self.whole.total

    @property
    def unit(self) -> str:
        """What `total` counts."""
        return self.whole.unit

    def read(self, reading: Reading) -> Iterator[Row]:
        """Yield the rows that are left; see `Source`."""
        reading.digest_files = False  # the files hold the other rows too
        for number, row in enumerate(self.whole.read(reading)):
            if number not in self.dropped:
                yield row

    def file_identities(self, reading: Reading) -> None:
        """Nothing: the files hold other rows too."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """Rows that must not be read."""

    refusal: str
    label: str = "stream"
    unit: str = "rows"
    total: None = None

    def read(self, reading: Reading) -> Iterator[Row]:
        """Refuse.

        Raises:
            UsageError: always.
        """
        raise UsageError(
            f"the rows cannot be read: {self.refusal}",
            mend="pass the rows as a list, a file, or a datasets.Dataset",
        )

    def file_identities(self, reading: Reading) -> None:
        """Nothing: there are no files."""


def resolve(source: Any) -> Source:
    """Tell which kind of source an object is.

    Raises:
        UsageError: an object that holds no rows, or several data sets at once.
        InputError: a path where nothing lies.
    """
    if isinstance(source, Subset):
        return source
    if isinstance(source, (str, PathLike)):
        return Files(*expand(source))
    if _defined_in(source, "datasets", "Dataset") and hasattr(source, "with_format"):
        return Table(source, "datasets.Dataset", lambda held, r: hub_rows(held, "Dataset", r))
    if _defined_in(source, "datasets", "IterableDataset"):
        return Streamed("a streaming datasets.IterableDataset is never consumed")
    if _defined_in(source, "torch"):
        return Streamed(
            f"a torch {type(source).__name__} computes its rows when asked, so it is never read"
        )
    if _defined_in(source, "pyarrow", "Table"):
        return Table(source, "pyarrow.Table", lambda held, r: table_rows(held, "Table", r))
    if is_frame(source):
        return Table(source, "DataFrame", frame_rows)
    if isinstance(source, Mapping):
        raise _mapping_error(source)
    if isinstance(source, (bytes, bytearray, memoryview, io.IOBase)):
        raise UsageError(
            f"a {type(source).__name__} is not a data set", mend="pass the path of the file"
        )
    if isinstance(source, Sequence):
        return _sequence(source)
    if isinstance(source, Iterable) or hasattr(source, "__getitem__"):
        kind = type(source).__name__
        return Streamed(
            f"a {kind} is not known to give the same rows twice, so it is never consumed"
        )
    raise UsageError(
        f"a {type(source).__name__} is not a data set",
        mend="pass a list of dicts, a path, or a datasets.Dataset",
    )


def _defined_in(source: object, package: str, name: str | None = None) -> bool:
    """Whether a class of `source` comes from `package` (and has that name)."""
    return any(
        cls.__module__.partition(".")[0] == package and name in (None, cls.__name__)
        for cls in type(source).__mro__
    )


def _mapping_error(source: Mapping[Any, Any]) -> UsageError:
    keys = [str(key) for key in source]
    shown = ", ".join(keys[:6])
    values = list(source.values())
    if values and all(_holds_rows(value) for value in values):
        return UsageError(
            f"several splits at once ({shown})", mend=f"pass one of them: source[{keys[0]!r}]"
        )
    if values and all(isinstance(value, list) for value in values):
        return UsageError(
            f"a dict of columns ({shown})",
            mend="pass a list of dicts, or datasets.Dataset.from_dict(columns)",
        )
    return UsageError(f"a single dict ({shown})", mend="a data set is a list of dicts: [row]")


def _holds_rows(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and isinstance(value[0], Mapping)
    return _defined_in(value, "datasets") or _defined_in(value, "torch") or is_frame(value)


def _sequence(source: Sequence[Any]) -> Source:
    if len(source) and isinstance(source[0], (str, PathLike)):
        odd = next((one for one in source if not isinstance(one, (str, PathLike))), None)
        if odd is not None:
            raise UsageError(
                f"paths and a {type(odd).__name__} in one list",
                mend="pass either paths or rows",
            )
        return Files(*expand(source))
    if len(source) and not isinstance(source[0], Mapping):
        raise UsageError(
            f"a row must be a dict, the first one is of type {type(source[0]).__name__}",
            mend="pass a list of dicts, such as [{'prompt': …, 'answer': …}]",
        )
    return Records(source)
