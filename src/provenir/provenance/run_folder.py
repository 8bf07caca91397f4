"""The folder a run writes into while it lives.

Rules of the folder, in the order in which `RunFolder.create` applies them:

1. One live run per folder: the run holds `run.lock` until it is closed; a second one is refused.
2. A run that died (status `running`, nobody holds the lock) is first recovered by the injected
   `recover`, outside the lock, so that `recover` may take it itself.
3. A finished run moves to `runs/<its run id>/` and stays loadable. Its manifest moves last, so a
   move that is cut short is taken up again by the next run, or undone by `put_back`. Files that no
   run wrote stay.
4. What is left of a run that never wrote a manifest moves to `runs/unfinished-…/`.

Everything appended is one `write()` to a descriptor opened with O_APPEND: once the call returns, a
`kill -9` of the process loses nothing (a power cut may; `close` syncs to disk).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.core.clock import Clock, SystemClock
from provenir.core.errors import InputError, LockedError, UsageError
from provenir.core.files import FileLock, atomic_write
from provenir.core.ids import check_file_id, new_run_id
from provenir.core.manifest import RunManifestStore
from provenir.provenance import run_layout as layout
from provenir.provenance.append_file import AppendFile
from provenir.provenance.run_layout import find_runs
from provenir.provenance.run_record import RunRecord, is_held, read_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

__all__ = ["RunFolder", "RunRecord", "find_runs", "read_run"]

Recover = Callable[[Path], object]

_MAX_WRITE_BYTES: Final = 1 << 20
_LOCK_PATIENCE_S: Final = 0.25
"""A reader that asks whether the run lives holds the lock for an instant; outlast it."""


class RunFolder:
    """A folder owned by one live run. Made by `create`; a context manager that closes itself.

    A forked child shares the files: what it appends is kept, but it neither closes the run nor
    writes documents, and the lock stays with its parent (see `core.lock`).

    Attributes:
        path: the folder, absolute: a loop may change the working directory.
        run_id: the id of this run.
        rank: the process rank in a distributed run; rank 0 owns the folder.
    """

    def __init__(self, path: Path, run_id: str, rank: int, lock: FileLock) -> None:
        self.path = path.absolute()
        self.run_id = run_id
        self.rank = rank
        self._lock = lock
        self._pid = os.getpid()
        self._closed = False
        self._files: dict[str, AppendFile] = {}

    @classmethod
    def create(
        cls,
        output_dir: str | Path | None,
        name: str,
        *,
        clock: Clock | None = None,
        root: str | Path = "artifacts/runs",
        rank: int = 0,
        recover: Recover | None = None,
    ) -> RunFolder:
        """Open a folder for a new run.

        Args:
            output_dir: the folder itself; None for `<root>/<run_id>`.
            name: any text; only its slug reaches the file system.
            clock: where the time in the run id comes from.
            root: parent of the default folder.
            rank: ranks above 0 join the folder of rank 0 and write their own `….rank<k>.jsonl`.
            recover: called with the folder when a dead run lies in it; must finish its manifest.

        Raises:
            LockedError: a live run holds the folder.
            InputError: the folder cannot be used as it stands.
            UsageError: a negative rank.
        """
        if rank < 0:
            raise UsageError(f"rank must be 0 or more, got {rank}")
        run_id = new_run_id(name, clock=clock or SystemClock())
        path = Path(root) / run_id if output_dir is None else Path(output_dir)
        _make(path)
        if rank > 0:
            lock = FileLock(path / layout.lock_file(rank))
            _take(lock, path)
            return cls(path, run_id, rank, lock)
        lock = FileLock(path / layout.LOCK)
        _take(lock, path)
        try:
            _settle(path, lock, recover)
            (path / layout.MANIFESTS).mkdir(exist_ok=True)
        except BaseException:
            lock.release()
            raise
        return cls(path, run_id, rank, lock)

    @classmethod
    def reopen(cls, path: str | Path, *, rank: int = 0) -> RunFolder:
        """Open the folder of a run that did not end well, to go on with it or to recover it.

        What is appended goes behind what is there; a line that the end of the process cut short
        stays a line of its own, which readers leave out.

        Raises:
            LockedError: the run is alive.
            InputError: there is no folder, or no manifest that names the run.
        """
        folder = Path(path)
        run_id = read_run(folder).run_id
        if run_id is None:
            raise InputError("no manifest names the run in this folder", where=str(folder))
        lock = FileLock(folder / layout.lock_file(rank))
        _take(lock, folder)
        return cls(folder, check_file_id(run_id), rank, lock)

    @property
    def manifests(self) -> RunManifestStore:
        """The store of this folder's own manifest."""
        return RunManifestStore(self.path / layout.MANIFESTS)

    @property
    def owned(self) -> bool:
        """True in the process that created the folder, as long as it is open."""
        return not self._closed and os.getpid() == self._pid

    def put_back(self) -> None:
        """Undo a move of this run to `runs/` that was cut short; does nothing without one.

        Raises:
            InputError: something lies in the way.
        """
        aside = self.path / layout.OLD_RUNS / self.run_id
        _move(layout.owned_entries(aside), self.path)
        if aside.is_dir() and not any(aside.iterdir()):
            aside.rmdir()

    def append_step(self, line: bytes) -> None:
        """Append one JSON line to this rank's steps; kept against `kill -9` once it returns.

        Raises:
            UsageError: not exactly one line, or the folder is closed.
            OSError: the disk refused it (full, gone, read-only).
        """
        self._append(layout.STEPS, line)

    def append_trajectories(self, lines: Sequence[bytes]) -> None:
        """Append JSON lines to this rank's rollouts, in few writes; see `append_step`."""
        self._append(layout.TRAJECTORIES, *lines)

    def append_journal(self, line: bytes) -> None:
        """Append one JSON line to what recovery needs beside the steps; see `append_step`."""
        self._append(layout.JOURNAL, line)

    def write_document(self, name: str, data: bytes) -> Path:
        """Write a file of the run atomically; `name` may be `manifests/<run_id>.json`.

        Raises:
            UsageError: the name leaves the folder, or the caller is not the run's process.
            OSError: the disk refused it.
        """
        parts = Path(name).parts
        if not parts or Path(name).is_absolute() or ".." in parts or "\0" in name:
            raise UsageError("a document lies inside its run folder", where=repr(name))
        if not self.owned:
            raise UsageError(
                "only the open run writes its documents",
                where=name,
                mend="write it before `close`, in the process that created the run",
            )
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(target, data)
        return target

    def lost_files(self) -> list[str]:
        """Names of the append-only files that somebody removed or replaced while the run lived."""
        return [file.path.name for file in self._files.values() if not file.is_in_place()]

    def sync(self) -> None:
        """Flush what was appended to the disk itself (fsync)."""
        for file in self._files.values():
            file.sync()

    def close(self) -> None:
        """Sync, close and give the lock back. Harmless twice; does nothing in a forked child.

        Raises:
            OSError: the disk refused to sync a file; all of them are closed all the same.
        """
        if not self.owned:
            return
        self._closed = True
        files, self._files = self._files, {}
        with ExitStack() as last:  # every one of them, also when the disk refuses one
            last.callback(self._lock.release)
            for file in files.values():
                last.callback(file.close)

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _append(self, kind: str, *lines: bytes) -> None:
        if self._closed:
            raise UsageError("the run is closed", where=str(self.path))
        for line in lines:
            if line.find(b"\n") != len(line) - 1 or not line:
                raise UsageError("a JSON line has its newline at its end alone", where=kind)
        file = self._files.get(kind)
        if file is None:
            # Opened at first use: a rank above 0 may start before rank 0 has moved an old run away.
            file = AppendFile(self.path / layout.append_file(kind, self.rank))
            self._files[kind] = file
        if len(lines) == 1:
            file.append(lines[0])
            return
        held: list[bytes] = []
        size = 0
        for line in lines:
            if held and size + len(line) > _MAX_WRITE_BYTES:
                file.append(b"".join(held))
                held, size = [], 0
            held.append(line)
            size += len(line)
        if held:
            file.append(b"".join(held))


def _make(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the run folder cannot be made ({error.strerror})",
            where=str(path),
            mend="choose another output_dir",
        ) from error


def _take(lock: FileLock, folder: Path) -> None:
    try:
        taken = lock.acquire(timeout_s=_LOCK_PATIENCE_S)
    except OSError as error:
        raise InputError(
            f"the run folder cannot be locked ({error.strerror})",
            where=str(folder),
            mend="choose another output_dir",
        ) from error
    if not taken:
        holder = lock.holder()
        own = holder == str(os.getpid())  # such as a cell of a notebook that is run twice
        raise LockedError(
            f"a run is alive in this folder (process {holder or 'unknown'})",
            where=str(folder),
            mend=f"{'finish() the run of this process' if own else 'wait for it to end'}"
            " or choose another output_dir",
        )


def _settle(path: Path, lock: FileLock, recover: Recover | None) -> None:
    """Recover a dead run, move a finished one away; the lock is held before and after."""
    views = layout.manifests_in(path)
    if any(view.status not in layout.FINAL_STATUSES for view in views if not view.problem):
        _recover(path, lock, recover)
        views = layout.manifests_in(path)
    for view in views:
        if view.problem or view.status not in layout.FINAL_STATUSES:
            raise InputError(
                f"a run in this folder cannot be settled ({view.problem or view.status})",
                where=str(view.path),
                mend="run `provenir run recover` on the folder or move that file away",
            )
    if views:
        _move_finished(path, views)
    elif left := _left_behind(path):
        _move(left, path / layout.OLD_RUNS / new_run_id("unfinished", clock=SystemClock()))


def _left_behind(path: Path) -> list[Path]:
    """What a run without a manifest left, but for the files of ranks that began before rank 0."""
    appended = {
        file: rank > 0 and is_held(path / layout.lock_file(rank))
        for kind in layout.APPENDED
        for rank, file in layout.rank_files(path, kind).items()
    }
    if all(appended.values()):
        return []  # no run was here: a folder called `reports` is the user's own
    return [entry for entry in layout.owned_entries(path) if not appended.get(entry)]


def _recover(path: Path, lock: FileLock, recover: Recover | None) -> None:
    if recover is None:
        raise InputError(
            "a run that died lies in this folder",
            where=str(path),
            mend=f"recover it with `provenir run recover {path}`",
        )
    lock.release()
    recover(path)
    _take(lock, path)


def _move_finished(path: Path, views: list[layout.ManifestView]) -> None:
    """Move the newest finished run with all its files; of any other run, its manifest."""
    for view in views:
        if view.run_id is None:
            raise InputError(
                "a manifest without a run id cannot be moved aside",
                where=str(view.path),
                mend="move that file away",
            )
        check_file_id(view.run_id)
    for place, view in enumerate(views):
        target = path / layout.OLD_RUNS / str(view.run_id)
        if place == 0:
            _move(layout.owned_entries(path), target)
        _move([view.path], target / layout.MANIFESTS)


def _move(entries: list[Path], target: Path) -> None:
    try:
        target.mkdir(parents=True, exist_ok=True)
        for entry in entries:
            destination = target / entry.name
            if destination.exists():
                raise InputError(
                    "an older run cannot be moved aside: its place is taken",
                    where=str(destination),
                    mend="move that file away",
                )
            entry.rename(destination)
    except OSError as error:
        raise InputError(
            f"an older run cannot be moved aside ({error.strerror})",
            where=str(target),
            mend="choose another output_dir",
        ) from error
