"""The index of a ledger: where each line stands, which steps a row fed, the tree's hashes.

A cache in the user's own folder, never evidence: it is made of the files, thrown away without loss,
made anew whenever they have changed, and what is answered with a proof is checked against the root
before it is shown. It holds one SQLite file for each ledger: columns over all entries in the order
of training, packed, so that a range of steps is one slice.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import stat
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import orjson

from provenir.attest.tiles import HASH_BYTES
from provenir.core.errors import InputError
from provenir.provenance.ledger import layout

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ["INDEX_VERSION", "Built", "LedgerIndex", "fingerprint", "index_path", "is_own"]

INDEX_VERSION: Final = "ledger-index/1"
_SCHEMA: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE packed (name TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE entry_of (row INTEGER, number INTEGER, PRIMARY KEY (row, number)) WITHOUT ROWID;
CREATE TABLE example (row INTEGER PRIMARY KEY, example TEXT NOT NULL, content TEXT);
CREATE INDEX by_example ON example (example);
CREATE INDEX by_content ON example (content);
"""
_WATCHED: Final = (
    *(layout.LEDGER, layout.DETAILS, layout.ADMISSION, layout.ROUTES, layout.BLOCKS),
    *(layout.FACTS, layout.ROWS),
)


@dataclass(slots=True)
class Built:
    """What an index is made of.

    Attributes:
        packed: Columns by name: `seq at size d_at d_size first skipped` for each step (u64),
            `row route factor` for each entry (u64), `norm <block>` for each entry (double, NaN
            where there is none), `total <block>` for each row what it gave over the whole run
            (double), `level <k>` the hashes of a tile level.
        examples: (row, `ex_commit`, content or None).
        meta: Facts about the whole.
    """

    packed: dict[str, bytes]
    examples: list[tuple[int, str, str | None]]
    meta: dict[str, Any]


def index_path(folder: Path) -> Path:
    """Return where the index of a ledger is kept."""
    from platformdirs import user_cache_path

    name = hashlib.sha256(bytes(folder.resolve())).hexdigest()
    return user_cache_path("provenir") / "ledger" / f"{name}.sqlite"


def fingerprint(folder: Path) -> str:
    """Return what tells the files of now from those of another time.

    The time of the last change of state is in it, which nobody can set: a file that was written
    over and given its old time of modification again is another one.
    """
    states: list[Any] = [INDEX_VERSION]
    for name in _WATCHED:
        with contextlib.suppress(FileNotFoundError):
            found = (folder / name).stat()
            times = (found.st_mtime_ns, found.st_ctime_ns)
            states.append([name, found.st_dev, found.st_ino, found.st_size, *times])
    return orjson.dumps(states).decode()


def is_own(path: Path) -> bool:
    """Whether an index is a file of this user that nobody else could have written."""
    try:
        found = path.stat(follow_symlinks=False)
    except OSError:
        return False
    regular, others = stat.S_ISREG(found.st_mode), stat.S_IWGRP | stat.S_IWOTH
    return regular and found.st_uid == os.geteuid() and not found.st_mode & others


class LedgerIndex:
    """An index that fits the files.

    Args:
        path: The SQLite file.

    Raises:
        InputError: It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._of_steps: dict[str, array[int]] = {}
        try:
            self._base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
            self.meta: dict[str, Any] = {
                name: orjson.loads(value)
                for name, value in self._base.execute("SELECT name, value FROM meta")
            }
            self._places: dict[str, int] = dict(
                self._base.execute("SELECT name, rowid FROM packed")
            )
        except (sqlite3.Error, orjson.JSONDecodeError) as error:
            raise InputError(
                f"no index: {error}", where=str(path), mend="remove it: it is made anew"
            ) from error

    @classmethod
    def saved(cls, path: Path, built: Built) -> Self:
        """Write an index, replacing one that is there.

        Raises:
            OSError: There is no place for it.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = path.with_name(f"{path.name}.{os.getpid()}.new")
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        with contextlib.closing(sqlite3.connect(new)) as base:
            base.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
            base.executemany(
                "INSERT INTO meta VALUES (?, ?)",
                [(name, orjson.dumps(value).decode()) for name, value in built.meta.items()],
            )
            base.executemany("INSERT INTO packed VALUES (?, ?)", built.packed.items())
            base.executemany("INSERT INTO example VALUES (?, ?, ?)", built.examples)
            rows = _unpacked("Q", built.packed["row"])
            base.executemany(
                "INSERT INTO entry_of VALUES (?, ?)",
                sorted(zip(rows, range(len(rows)), strict=True)),
            )
            base.commit()
        new.replace(path)
        return cls(path)

    def hashes(self, level: int, start: int, stop: int) -> bytes:
        """The hashes of a tile level; see `attest.tiles.TileHashes`."""
        return self._bytes(f"level {level}", start * HASH_BYTES, stop * HASH_BYTES)

    def column(self, name: str, start: int, stop: int) -> array[int]:
        """Whole numbers of a column from one place to another."""
        return _unpacked("Q", self._bytes(name, start * 8, stop * 8))

    def of_steps(self, name: str) -> array[int]:
        """A whole column of the steps; it is read once."""
        held = self._of_steps.get(name)
        if held is None:
            held = self._of_steps[name] = self.column(name, 0, self.meta["steps"])
        return held

    def norms(self, block: str, start: int, stop: int) -> array[float] | None:
        """The norms of a block by entry, NaN where one was not taken; None where none was."""
        name = f"norm {block}"
        if name not in self.meta["norms"]:
            return None
        values: array[float] = array("d")
        values.frombytes(self._bytes(name, start * 8, stop * 8))
        return values

    def totals(self, block: str) -> array[float]:
        """What each row gave a block over the whole run; see `contributions.Fed.totals`."""
        values: array[float] = array("d")
        values.frombytes(self._bytes(f"total {block}", 0, self.meta["rows"] * 8))
        return values

    def rows_of(self, digest: str) -> list[int]:
        """The rows that have this content, or this `ex_commit`."""
        found = self._base.execute(
            "SELECT row FROM example WHERE content = ?1 OR example = ?1 ORDER BY row", (digest,)
        )
        return [row for (row,) in found]

    def example(self, row: int) -> tuple[str, str | None]:
        """The `ex_commit` of a row, and its content where that is known here.

        Raises:
            InputError: There is no such row.
        """
        asked = "SELECT example, content FROM example WHERE row = ?"
        known = 0 <= row < self.meta["rows"]  # SQLite raises for what passes its integers
        found = self._base.execute(asked, (row,)).fetchone() if known else None
        if found is None:
            raise InputError(f"no row {row}", mend="count rows from 0, in the dataset's order")
        return found[0], found[1]

    def entries_of(self, row: int) -> list[int]:
        """The entries of a row, in the order of training."""
        found = self._base.execute(
            "SELECT number FROM entry_of WHERE row = ? ORDER BY number", (row,)
        )
        return [number for (number,) in found]

    def close(self) -> None:
        """Let the file go."""
        self._base.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _bytes(self, name: str, start: int, stop: int) -> bytes:
        try:
            rowid = self._places[name]
            with self._base.blobopen("packed", "data", rowid, readonly=True) as blob:
                blob.seek(start)
                data = blob.read(stop - start)
        except (sqlite3.Error, KeyError, ValueError) as error:
            raise InputError(
                f"the index has no {name}", where=str(self.path), mend="remove it"
            ) from error
        if len(data) != stop - start:
            raise InputError(
                f"the index ends before {name}", where=str(self.path), mend="remove it"
            )
        return data


def _unpacked(kind: str, data: bytes) -> array[int]:
    values: array[int] = array(kind)
    values.frombytes(data)
    return values
